"""Hold the released detector against thousands of further clean images; set its thresholds anew if it flags many."""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from starlight.calibration import Calibration
from starlight.evidence import log_odds, make
from starlight.judgement import READABLE
from starlight.params import run_stage
from starlight.release import EVIDENCE, FOLDER, WEIGHTS, write_card
from starlight.weights import load, write


def main(_: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--images", type=int, default=20_000, help="clean images to make")
    arguments.add_argument("--seed", type=int, default=990_003, help="of the images, other than the evidence's")
    options = arguments.parse_args()
    stored = load(FOLDER / WEIGHTS)
    with tempfile.TemporaryDirectory() as folder:
        logits, classes = log_odds(FOLDER / WEIGHTS, make(Path(folder), options.images, options.seed))
    calibration, flagged = stored.calibration, _flagged(stored.calibration, logits, classes)
    print(f"{flagged} of {len(logits)} further clean images flagged")
    if flagged > calibration.target_fpr * len(logits):
        calibration = calibration.refitted(logits, classes, READABLE)
        print(f"thresholds set anew by them: {_flagged(calibration, logits, classes)} flagged")
    write(FOLDER / WEIGHTS, stored.members, calibration, stored.meta | {"further_clean": len(logits)})
    (FOLDER / EVIDENCE).unlink(missing_ok=True)  # it was of other thresholds
    write_card(FOLDER)


def _flagged(calibration: Calibration, logits: np.ndarray, classes: Sequence[str]) -> int:
    return int((calibration.score(logits, classes) >= 0).sum())


if __name__ == "__main__":
    run_stage(main)
