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
from starlight.monitor.any_folder import as_submissions, set_aside, wanted
from starlight.params import section
from starlight.scan.scan import ScanParams, limits, scan
from starlight.store import StreamReader
from starlight.streams import SETS
from starlight.training.cells.crops import Crops
from starlight.training.data import TrainingData

__all__ = ["WEIGHTS", "FolderParams", "predict_folder"]

WEIGHTS = {"V3": ("v3", "v3.safetensors"), "V4": ("v4", "detector.safetensors")}
_RELEASED = "judged by the released detector, none is trained here (`dvc repro`)"


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
        A folder of submissions, one submission, a part of one, or any folder of clean images: see `as_submissions`.
    version : {"V3", "V4"}
    only : collection of str, optional
        Paths, from the folder of submissions, of the images wanted; none of them need be usable.
    models : Path
        Folder of the trained weights.
    store_root : Path
        Absolute; images extracted before with the same `params` cost nothing.
    params : FolderParams

    Returns
    -------
    DataFrame
        What people should know of images that were set aside stands in `attrs["notes"]`.

    Raises
    ------
    StarlightError
        There is no such folder or detector, or, where all are wanted, no usable image: it says how many, and why.
    """
    path = path.resolve()
    with as_submissions(path) as root:
        table, _ = scan(root, params.scan, params.scan.seed, store_root=store_root)
        table = table[table["kind"].isin([wanted(path)] if wanted(path) else ["clean", "stego", "negative"])]
        usable, aside = table[table["status"] == "ok"], set_aside(table)
        if only is not None:
            usable, aside = usable[usable["path"].isin(only)], ""
            if usable.empty:
                return pd.DataFrame()
        if usable.empty:
            raise StarlightError(f"{path}: holds no usable image{': ' if aside else ''}{aside}")
        judged = _judged(usable, root, version, models, store_root, params)
        released = _weights(models, version).parent != models
        judged.attrs["notes"] = [f"note: {aside}"] * bool(aside) + [f"note: {_RELEASED}"] * released
        return judged


def _weights(models: Path, version: str) -> Path:
    """The trained detector; before there is one, the released one serves as V4."""
    trained = models / WEIGHTS[version][1]
    released = models / "release" / trained.name
    return released if not trained.is_file() and released.is_file() else trained


def _judged(
    table: pd.DataFrame, root: Path, version: str, models: Path, store_root: Path, params: FolderParams
) -> pd.DataFrame:
    """Predictions on the images of a manifest; its paths count from `root`."""
    name, _ = WEIGHTS[version]
    stored = load(_weights(models, version))
    with tempfile.TemporaryDirectory() as scratch:
        streams = Path(scratch) / "streams"
        extract(table, root, streams, params.extract, store_root, limits=limits(params.scan))
        reader = StreamReader(streams)
        data = TrainingData(table, reader, _read(stored), Crops(root, reader.max_tiles), Path(scratch) / "cells")
        return predictions({name: stored}, data, dataclasses.replace(params.evaluate, maps=False))


def _read(stored: Stored) -> tuple[str, ...]:
    """Streams that a detector reads, in their order: no crop is prepared for nothing."""
    read = {stream for member in stored.members for stream in member.model.config.streams}
    return tuple(stream for stream in SETS["nine"] if stream in read)
