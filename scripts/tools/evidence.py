"""False alarms of the released detector, or another, on thousands of clean images that it never saw, by source.

What is counted for the released one goes into its model card and into reports/evidence.csv.
"""

import argparse
import tempfile
from pathlib import Path

from starlight.params import run_stage, section
from starlight.release.card import EVIDENCE, FOLDER, WEIGHTS, write_card
from starlight.release.evidence import count, make, own, to_markdown
from starlight.sample.build import SampleParams


def main(raw: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--covers", type=Path, help="folder of clean photographs to count as well")
    arguments.add_argument("--images", type=int, default=20_000, help="clean images to make with each seed")
    seeds = [990_006, 990_007, 990_008, 990_009]
    arguments.add_argument("--seeds", type=int, nargs="+", default=seeds, help="of no image that was looked at before")
    arguments.add_argument("--weights", type=Path, default=FOLDER / WEIGHTS, help="another detector: only printed")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder), options.images, options.seeds, section(raw, "sample", SampleParams))
        table = count(options.weights, [*made, *own(options.covers)])
    if options.weights.resolve() == (FOLDER / WEIGHTS).resolve():
        for path in (FOLDER / EVIDENCE, Path("reports/evidence.csv")):
            path.parent.mkdir(parents=True, exist_ok=True)
            table.to_csv(path, index=False, lineterminator="\n")
        write_card(FOLDER)
    print(to_markdown(table))


if __name__ == "__main__":
    run_stage(main)
