"""False alarms of the released detector, or another, on clean files that set nothing of it, real ones by source.

What is counted for the released one goes into its model card and into reports/evidence.csv.
"""

import argparse
import tempfile
from pathlib import Path

from starlight.detector.weights import load
from starlight.metrics.promise import promise
from starlight.params import run_stage, section
from starlight.release.card import COVERAGE, EVIDENCE, FOLDER, PROMISED, WEIGHTS, write_card
from starlight.release.evidence import by_class, by_source, judge, make, own
from starlight.sample.build import SampleParams


def main(raw: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--covers", type=Path, nargs="*", default=[], help="folders of clean files, each a source")
    arguments.add_argument("--images", type=int, default=20_000, help="clean images to make with each seed")
    seeds = [990_006, 990_007, 990_008, 990_009]
    arguments.add_argument("--seeds", type=int, nargs="*", default=seeds, help="of no image that was looked at before")
    arguments.add_argument("--weights", type=Path, default=FOLDER / WEIGHTS, help="another detector: only printed")
    options = arguments.parse_args()
    made_with = section(raw, "sample", SampleParams)
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder), options.images, options.seeds, made_with)
        counted = judge(options.weights, [*own(options.covers), *made])
    rates = [one.target_fpr for one in load(options.weights).calibration.others]
    table, coverage = by_source(counted, rates), by_class(counted, PROMISED)
    if options.weights.resolve() == (FOLDER / WEIGHTS).resolve():
        for path in (FOLDER / EVIDENCE, Path("reports/evidence.csv")):
            path.parent.mkdir(parents=True, exist_ok=True)
            table.to_csv(path, index=False, lineterminator="\n")
        coverage.to_csv(FOLDER / COVERAGE, index=False, lineterminator="\n")
        write_card(FOLDER)
    for one in (table, coverage):
        print(one.to_markdown(index=False), end="\n\n")
    print(promise(table, PROMISED))


if __name__ == "__main__":
    run_stage(main)
