"""Predictions on a folder that is not part of the pipeline's test split, for monitoring."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

from starlight.errors import StarlightError
from starlight.evaluate import EvaluateParams, predictions
from starlight.extract import ExtractParams, extract
from starlight.scan import ScanParams, limits, scan
from starlight.store import StreamReader
from starlight.streams import SETS
from starlight.training.data import TrainingData
from starlight.weights import load

__all__ = ["WEIGHTS", "predict_folder"]

WEIGHTS = {"V3": ("v3", "v3.safetensors"), "V4": ("v4", "detector.safetensors")}


def predict_folder(
    path: Path, version: str, *, models: Path = Path("models"), store_root: Path, scan_params: ScanParams | None = None
) -> pd.DataFrame:
    """Predictions of a trained detector on all usable images of a folder, in the columns of `predictions.csv`.

    The map is not measured where experts can answer alone: it would take most of the time.

    Parameters
    ----------
    path : Path
        A folder of submissions, or one submission.
    version : {"V3", "V4"}
    models : Path
        Folder of the trained weights.
    store_root : Path
        Absolute; images extracted before cost nothing.

    Raises
    ------
    StarlightError
        There is no such folder or detector, or no usable image.
    """
    path = path.absolute()
    alone = any((path / kind).is_dir() for kind in ("clean", "stego", "negatives"))
    params = scan_params or ScanParams()
    root = path.parent if alone else path
    table, _ = scan(root, params, params.seed, store_root=store_root)
    table = table[(table["status"] == "ok") & table["kind"].isin(["clean", "stego", "negative"])]
    if alone:
        table = table[table["submission"] == path.name]
    if table.empty:
        raise StarlightError(f"{path}: holds no usable image of a submission")
    name, file = WEIGHTS[version]
    stored = load(models / file)
    with tempfile.TemporaryDirectory() as scratch:
        streams = Path(scratch) / "streams"
        extract(table, root, streams, ExtractParams(), store_root, limits=limits(params))
        data = TrainingData(table, StreamReader(streams), SETS["nine"], Path(scratch) / "cells")
        return predictions({name: stored}, data, EvaluateParams(maps=False))
