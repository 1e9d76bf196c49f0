"""Set a detector's thresholds anew by thousands of further clean images, which show its tails far out."""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from starlight.calibration import Calibration
from starlight.evidence import log_odds, make
from starlight.judgement import READABLE
from starlight.params import run_stage
from starlight.weights import load, write


def main(_: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--weights", type=Path, default=Path("models/detector.safetensors"), help="changed in place")
    arguments.add_argument("--images", type=int, default=20_000, help="clean images to make")
    arguments.add_argument("--seed", type=int, default=990_003, help="of the images, other than the evidence's")
    arguments.add_argument("--target-fpr", type=float, default=0.00015, help="false-positive rate to set them for")
    options = arguments.parse_args()
    stored = load(options.weights)
    with tempfile.TemporaryDirectory() as folder:
        logits, classes = log_odds(options.weights, make(Path(folder), options.images, options.seed))
    calibration = stored.calibration.refitted(logits, classes, READABLE, options.target_fpr)
    before, after = (_flagged(one, logits, classes) for one in (stored.calibration, calibration))
    print(f"{before} of {len(logits)} further clean images flagged; with thresholds set anew by them, {after}")
    told = stored.meta | {"further_clean": len(logits), "further_fpr": options.target_fpr}
    write(options.weights, stored.members, calibration, told)


def _flagged(calibration: Calibration, logits: np.ndarray, classes: Sequence[str]) -> int:
    return int((calibration.score(logits, classes) >= 0).sum())


if __name__ == "__main__":
    run_stage(main)
