"""Predictions on a folder that is not part of the pipeline's test split, for monitoring."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Collection
from pathlib import Path

import pandas as pd

from starlight.detector.weights import Stored, load
from starlight.errors import StarlightError
from starlight.evaluate import EvaluateParams, predictions
from starlight.extract.extract import ExtractParams, extract
from starlight.params import section
from starlight.scan.scan import ScanParams, limits, scan
from starlight.store import StreamReader
from starlight.streams import SETS
from starlight.training.data import TrainingData

__all__ = ["WEIGHTS", "FolderParams", "predict_folder"]

WEIGHTS = {"V3": ("v3", "v3.safetensors"), "V4": ("v4", "detector.safetensors")}


@dataclasses.dataclass(frozen=True)
class FolderParams:
    """The blocks of `params.yaml` that images are read by: those of the pipeline, so that its stored streams serve."""

    scan: ScanParams
    extract: ExtractParams
    evaluate: EvaluateParams

    @classmethod
    def of(cls, raw: dict) -> FolderParams:
        """The blocks of what `starlight.params.read` returned."""
        return cls(
            section(raw, "scan", ScanParams), section(raw, "extract", ExtractParams),
            section(raw, "evaluate", EvaluateParams),
        )  # fmt: skip


def predict_folder(
    path: Path,
    version: str,
    only: Collection[str] | None = None,
    *,
    models: Path = Path("models"),
    store_root: Path,
    params: FolderParams,
) -> pd.DataFrame:
    """Predictions of a trained detector on the usable images of a folder, in the columns of `predictions.csv`.

    The map is not measured where experts can answer alone: it would take most of the time.

    Parameters
    ----------
    path : Path
        A folder of submissions, or one submission.
    version : {"V3", "V4"}
    only : collection of str, optional
        Paths, from the folder of submissions, of the images wanted; none of them need be usable.
    models : Path
        Folder of the trained weights.
    store_root : Path
        Absolute; images extracted before with the same `params` cost nothing.
    params : FolderParams

    Raises
    ------
    StarlightError
        There is no such folder or detector, or, where all are wanted, no usable image.
    """
    path = path.absolute()
    alone = any((path / kind).is_dir() for kind in ("clean", "stego", "negatives"))
    root = path.parent if alone else path
    table, _ = scan(root, params.scan, params.scan.seed, store_root=store_root)
    table = table[(table["status"] == "ok") & table["kind"].isin(["clean", "stego", "negative"])]
    if alone:
        table = table[table["submission"] == path.name]
    if only is not None:
        table = table[table["path"].isin(only)]
        if table.empty:
            return pd.DataFrame()
    if table.empty:
        raise StarlightError(f"{path}: holds no usable image of a submission")
    name, file = WEIGHTS[version]
    stored = load(models / file)
    with tempfile.TemporaryDirectory() as scratch:
        streams = Path(scratch) / "streams"
        extract(table, root, streams, params.extract, store_root, limits=limits(params.scan))
        data = TrainingData(table, StreamReader(streams), _read(stored), Path(scratch) / "cells")
        return predictions({name: stored}, data, dataclasses.replace(params.evaluate, maps=False))


def _read(stored: Stored) -> tuple[str, ...]:
    """Streams that a detector reads, in their order: no crop is prepared for nothing."""
    read = {stream for member in stored.members for stream in member.model.config.streams}
    return tuple(stream for stream in SETS["nine"] if stream in read)
