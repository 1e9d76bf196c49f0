"""Stage `finetune`: the base detector trained further on the mined set, beside a random control."""

from pathlib import Path

import pandas as pd

from starlight.detector.weights import load
from starlight.finetune import EnsembleParams, FinetuneParams, finetune
from starlight.manifest import read
from starlight.params import General, run_stage, section
from starlight.store import StreamReader, default_root
from starlight.streams import SETS
from starlight.training.cells.crops import Crops
from starlight.training.params import TrainParams
from starlight.training.pools import load_splits


def main(raw: dict) -> None:
    general = section(raw, None, General)
    manifest, reader = read(Path("artifacts/manifest.csv")), StreamReader(Path("artifacts/streams"))
    scratch = default_root() / "scratch"
    finetune(
        load(Path("models/base.safetensors")),
        load_splits(manifest, reader, SETS[general.streams], Crops(Path("datasets"), reader.max_tiles), scratch),
        pd.read_csv("reports/mining/hard_negatives.csv"),
        pd.read_csv("reports/mining/missed.csv"),
        general,
        section(raw, "finetune", FinetuneParams),
        section(raw, "train", TrainParams),
        section(raw, "ensemble", EnsembleParams),
        models=Path("models"),
        reports=Path("reports/finetune"),
        scratch=scratch,
    )


if __name__ == "__main__":
    run_stage(main)
