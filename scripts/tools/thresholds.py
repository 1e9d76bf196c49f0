"""Set a detector's thresholds anew by thousands of further clean files: generated ones, and folders of real ones.

The probabilities that go with them are fitted to the validation split of the pipeline's run in this folder. How the
thresholds do on makes and sources left out in turn is written beside the weights.
"""

import argparse
import tempfile
from pathlib import Path

from starlight.detector.calibration.thresholds import fit
from starlight.detector.weights import load, write
from starlight.manifest import read
from starlight.params import run_stage, section
from starlight.release.card import LEFT_OUT
from starlight.release.collected import collect
from starlight.release.collected import load as collected
from starlight.release.collected import write as keep
from starlight.release.evidence import loaded, make, own
from starlight.release.refit import left_out, log_odds
from starlight.sample.build import SampleParams
from starlight.store import StreamReader, default_root
from starlight.training.image_rows import LABELS
from starlight.training.pools import load_splits
from starlight.training.selection import Passes


def main(raw: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--weights", type=Path, default=Path("models/detector.safetensors"), help="changed in place")
    arguments.add_argument("--covers", type=Path, nargs="*", default=[], help="folders of clean real photographs")
    arguments.add_argument("--images", type=int, default=20_000, help="clean images to make with each seed")
    seeds = [990_003, 990_004, 990_005]
    arguments.add_argument("--seeds", type=int, nargs="*", default=seeds, help="of the images, not the evidence's")
    arguments.add_argument("--collected", type=Path, help="file of what was read of the clean files: used, or written")
    arguments.add_argument("--target-fpr", type=float, default=0.0005, help="false-positive rate to set them for")
    options = arguments.parse_args()
    stored = load(options.weights)
    rows, reader = read(Path("artifacts/manifest.csv")), StreamReader(Path("artifacts/streams"))
    val = load_splits(rows, reader, stored.members[0].model.config.streams, default_root() / "scratch").val
    known = Passes(val, maps=False).log_odds(stored.members), val.technique, val.classes
    made_with = section(raw, "sample", SampleParams)
    streams, kept = loaded(options.weights).predictor.quick_streams, options.collected
    if kept and kept.exists():
        clean = collected(kept, streams)
    else:
        with tempfile.TemporaryDirectory() as folder:
            files = [*make(Path(folder), options.images, options.seeds, made_with), *own(options.covers)]
            clean = collect(files, streams)
        if kept:
            keep(kept, clean)
    scores = log_odds(options.weights, clean)

    def set_by(further):
        pair = further.logits, further.classes
        return fit(*known, techniques=LABELS, target_fpr=options.target_fpr, further=pair)

    calibration = set_by(scores)
    before, after = (
        int((c.score(scores.logits, scores.classes) >= 0).sum()) for c in (stored.calibration, calibration)
    )
    print(f"{before} of {len(scores.logits)} further clean images flagged; with thresholds set anew by them, {after}")
    real = int((scores.groups != "").sum())
    told = {"further_clean": len(scores.logits), "further_real": real, "further_fpr": options.target_fpr}
    write(options.weights, stored.members, calibration, stored.meta | told)
    if real:
        table = left_out(set_by, scores, stored.meta["ood_limit"])
        table.to_csv(options.weights.with_name(LEFT_OUT), index=False, lineterminator="\n")
        print(table.to_markdown(index=False))


if __name__ == "__main__":
    run_stage(main)
