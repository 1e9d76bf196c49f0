"""Raise the released detector's thresholds to what thousands of further clean images ask for."""

import argparse
import tempfile
from pathlib import Path

from starlight.evidence import make, scores
from starlight.judgement import READABLE
from starlight.params import run_stage
from starlight.release import EVIDENCE, FOLDER, WEIGHTS, write_card
from starlight.weights import load, write


def main(_: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--images", type=int, default=6000, help="clean images to make")
    arguments.add_argument("--seed", type=int, default=880_001, help="of the images, other than the evidence's")
    options = arguments.parse_args()
    stored = load(FOLDER / WEIGHTS)
    with tempfile.TemporaryDirectory() as folder:
        found = scores(FOLDER / WEIGHTS, make(Path(folder), options.images, options.seed))
    calibration = stored.calibration.raised(found, READABLE)
    write(FOLDER / WEIGHTS, stored.members, calibration, stored.meta | {"further_clean": len(found)})
    (FOLDER / EVIDENCE).unlink(missing_ok=True)  # it was of other thresholds
    write_card(FOLDER)
    print(f"threshold {stored.calibration.threshold:.2f} -> {calibration.threshold:.2f} from {len(found)} clean images")


if __name__ == "__main__":
    run_stage(main)
