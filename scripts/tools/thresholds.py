"""Set a detector's thresholds anew by thousands of further clean images, which show its tails far out.

The probabilities that go with them are fitted to the validation split of the pipeline's run in this folder.
"""

import argparse
import tempfile
from pathlib import Path

from starlight.detector.weights import load, write
from starlight.manifest import read
from starlight.params import run_stage, section
from starlight.release.evidence import log_odds, make
from starlight.sample.build import SampleParams
from starlight.store import StreamReader, default_root
from starlight.streams import SETS
from starlight.techniques import protocol
from starlight.training.pools import load_splits
from starlight.training.selection import Passes


def main(raw: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--weights", type=Path, default=Path("models/detector.safetensors"), help="changed in place")
    arguments.add_argument("--images", type=int, default=20_000, help="clean images to make with each seed")
    seeds = [990_003, 990_004, 990_005]
    arguments.add_argument("--seeds", type=int, nargs="+", default=seeds, help="of the images, not the evidence's")
    arguments.add_argument("--target-fpr", type=float, default=0.00015, help="false-positive rate to set them for")
    options = arguments.parse_args()
    stored = load(options.weights)
    rows, reader = read(Path("artifacts/manifest.csv")), StreamReader(Path("artifacts/streams"))
    val = load_splits(rows, reader, SETS["nine"], default_root() / "scratch").val
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder), options.images, options.seeds, section(raw, "sample", SampleParams))
        logits, classes = log_odds(options.weights, made)
    calibration = stored.calibration.refitted(logits, classes, protocol(), options.target_fpr)
    before, after = (int((one.score(logits, classes) >= 0).sum()) for one in (stored.calibration, calibration))
    print(f"{before} of {len(logits)} further clean images flagged; with thresholds set anew by them, {after}")
    calibration = calibration.mapped(Passes(val, maps=False).log_odds(stored.members), val.classes, val.labels == 1)
    told = stored.meta | {"further_clean": len(logits), "further_fpr": options.target_fpr}
    write(options.weights, stored.members, calibration, told)


if __name__ == "__main__":
    run_stage(main)
