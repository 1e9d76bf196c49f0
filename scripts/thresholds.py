"""Set the released detector's thresholds by thousands of further clean images, which show the tail that they lie in."""

import argparse
import tempfile
from pathlib import Path

from starlight.evidence import log_odds, make
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
        logits, classes = log_odds(FOLDER / WEIGHTS, make(Path(folder), options.images, options.seed))
    calibration = stored.calibration.refitted(logits, classes, READABLE)
    write(FOLDER / WEIGHTS, stored.members, calibration, stored.meta | {"further_clean": len(logits)})
    (FOLDER / EVIDENCE).unlink(missing_ok=True)  # it was of other thresholds
    write_card(FOLDER)
    before, after = ((c.score(logits, classes) >= 0).sum() for c in (stored.calibration, calibration))
    print(f"{len(logits)} further clean images: {before} flagged before, {after} after")


if __name__ == "__main__":
    run_stage(main)
