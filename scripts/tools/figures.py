"""Measure the released detector on the test split of the run in this folder, for its card and the README.

For thresholds that were set anew: the figures of the run that trained it are those of its former ones. The test split
must hold no image that the release was trained on.
"""

import argparse
import dataclasses
import json
from pathlib import Path

from starlight import metrics
from starlight.detector.weights import load
from starlight.evaluate import EvaluateParams, load_test, predictions
from starlight.manifest import read
from starlight.params import run_stage, section
from starlight.release.card import FOLDER, WEIGHTS, refigure
from starlight.store import StreamReader, default_root
from starlight.training.cells.crops import Crops


def main(raw: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--words", required=True, help="which test images these are, for the card")
    options = arguments.parse_args()
    manifest, reader = read(Path("artifacts/manifest.csv")), StreamReader(Path("artifacts/streams"))
    params = dataclasses.replace(section(raw, "evaluate", EvaluateParams), maps=False)
    test = load_test(manifest, reader, Crops(Path("datasets"), reader.max_tiles), default_root() / "scratch")
    table = predictions({"v4": load(FOLDER / WEIGHTS)}, test, params)
    measured = json.loads(metrics.dumps(metrics.evaluate(table, "v4")))
    refigure(FOLDER, measured, options.words)
    found = measured["protocol"]["detection"]
    print(f"{measured['fpr_k']} of {measured['fpr_n']} authentic images flagged; protocol found in {found:.1%}")


if __name__ == "__main__":
    run_stage(main)
