"""Make the trained detector of this folder the default of `starlight detect`, if it passes the evidence."""

import argparse
import json
import tempfile
from pathlib import Path

from starlight.detector.detector import PROMOTED
from starlight.metrics.promise import promise
from starlight.params import run_stage, section
from starlight.release.card import PROMISED, WEIGHTS
from starlight.release.evidence import by_source, judge, make, own
from starlight.release.promote import objections, promote
from starlight.sample.build import SampleParams


def main(raw: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--covers", type=Path, nargs="*", default=[], help="folders of clean files, each a source")
    arguments.add_argument("--images", type=int, default=20_000, help="clean images to make")
    arguments.add_argument("--seed", type=int, default=990_010, help="of those")
    options = arguments.parse_args()
    weights = Path("models") / WEIGHTS
    measured = json.loads(Path("reports/metrics.json").read_text(encoding="utf-8"))["v4"]
    made_with = section(raw, "sample", SampleParams)
    with tempfile.TemporaryDirectory() as folder:
        files = [
            *own(options.covers),
            *make(Path(folder), options.images, [options.seed], made_with),
        ]
        table = by_source(judge(weights, files))
    print(table.to_markdown(index=False), end="\n\n")
    print(promise(table, PROMISED))
    promote(weights, PROMOTED, table, objections(table, measured, PROMISED))
    print(f"{PROMOTED / WEIGHTS}: the default from now on, in this folder; delete it to go back to the released one")


if __name__ == "__main__":
    run_stage(main)
