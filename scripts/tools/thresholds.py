"""Set a detector's thresholds anew by thousands of further clean files: generated ones, and folders of real ones.

The probabilities that go with them are fitted to the validation split of the pipeline's run in this folder. How the
thresholds do on makes and sources left out in turn is written beside the weights.
"""

import argparse
import tempfile
from pathlib import Path

from starlight.detector.weights import load
from starlight.manifest import read
from starlight.params import run_stage, section
from starlight.release.evidence import make, own
from starlight.release.refit import fitting, log_odds
from starlight.release.reset import reset
from starlight.sample.build import SampleParams
from starlight.store import StreamReader, default_root
from starlight.training.cells.crops import Crops
from starlight.training.params import TrainParams
from starlight.training.pools import load_splits


def main(raw: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--weights", type=Path, default=Path("models/detector.safetensors"), help="changed in place")
    arguments.add_argument("--covers", type=Path, nargs="*", default=[], help="folders of clean real photographs")
    arguments.add_argument("--images", type=int, default=20_000, help="clean images to make with each seed")
    seeds = [990_003, 990_004, 990_005]
    arguments.add_argument("--seeds", type=int, nargs="*", default=seeds, help="of the images, not the evidence's")
    arguments.add_argument("--collected", type=Path, help="file of what was read of the clean files: used, or written")
    arguments.add_argument("--target-fpr", type=float, default=0.0005, help="false-positive rate to set them for")
    arguments.add_argument("--others", type=float, nargs="*", help="further rates (default: train.other_fprs)")
    arguments.add_argument("--techniques", nargs="+", help="set those of these alone; the others' stay")
    options = arguments.parse_args()
    others = section(raw, "train", TrainParams).other_fprs if options.others is None else options.others
    stored = load(options.weights)
    rows, reader = read(Path("artifacts/manifest.csv")), StreamReader(Path("artifacts/streams"))
    crops, streams = Crops(Path("datasets"), reader.max_tiles), stored.members[0].model.config.streams
    val = load_splits(rows, reader, streams, crops, default_root() / "scratch").val
    set_by = fitting(stored.members, val, options.target_fpr, others)
    made_with = section(raw, "sample", SampleParams)
    with tempfile.TemporaryDirectory() as folder:

        def files():
            return [*make(Path(folder), options.images, options.seeds, made_with), *own(options.covers)]

        scores = log_odds(options.weights, files, options.collected)
    table = reset(options.weights, set_by, scores, options.techniques)
    if table is not None:
        print(table.to_markdown(index=False))


if __name__ == "__main__":
    run_stage(main)
