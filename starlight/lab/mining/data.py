"""The images of the benchmark of mining: those of the last run of the pipeline, and real photographs by make."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from starlight import manifest
from starlight.extract.extract import ExtractParams, extract
from starlight.lab.mining.photographs import makes, submission
from starlight.scan.params import limits
from starlight.scan.scan import ScanParams, scan
from starlight.store import Store, StreamReader
from starlight.streams import SETS
from starlight.training.cells.crops import Crops
from starlight.training.data import TrainingData

__all__ = ["Fold", "Images", "gathered"]

_NAME = "photographs_submission_0000"


class _Readers:
    """Several folders of stored streams as one."""

    def __init__(self, *readers: StreamReader) -> None:
        self.streams = readers[0].streams
        self._of = {sample: reader for reader in readers for sample in reader.ids}
        self.ids = list(self._of)

    def get(self, sample_id: str, stream: str) -> np.ndarray:
        return self._of[sample_id].get(sample_id, stream)

    def mask(self, sample_id: str) -> np.ndarray:
        return self._of[sample_id].mask(sample_id)

    def facts(self, sample_id: str) -> np.ndarray:
        return self._of[sample_id].facts(sample_id)

    def found(self, sample_id: str) -> np.ndarray:
        return self._of[sample_id].found(sample_id)


class _Crops(Crops):
    """Crops of files of the pipeline, and of some that lie elsewhere."""

    def __init__(self, elsewhere: Mapping[str, Path], root: Path, max_tiles: int) -> None:
        super().__init__(root, max_tiles)
        self._elsewhere = {path: Crops(folder, max_tiles) for path, folder in elsewhere.items()}

    def of(self, sample_id: str, path: str) -> dict[str, np.ndarray]:
        if path in self._elsewhere:
            return self._elsewhere[path].of(sample_id, path)
        return super().of(sample_id, path)


class _Kept(TrainingData):
    """Training images whose vectors are read once: every training and every pass asks for them."""

    @functools.cache  # noqa: B019 (lives as long as a fold)
    def vectors(self, name: str) -> np.ndarray:
        return super().vectors(name)

    def cell_moments(self, name: str, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Of no crops: experts decide, and the map is in no question here."""
        return np.zeros(1, np.float32), np.ones(1, np.float32)


class Fold(NamedTuple):
    """Images of which one make is left out: of the others authentic ones train and set thresholds, as a person's do.

    train, val : of the pipeline, and authentic images of the other makes.
    out : authentic and stego images of the make.
    """

    make: str
    train: TrainingData
    val: TrainingData
    out: TrainingData


class Images:
    """Images of the pipeline and of photographs, and the folds that leave a make out.

    Parameters
    ----------
    generated, real : DataFrame
        Manifests; `source` of the latter is the make.
    reader : StreamReader
        Of both.
    crops : Crops
        Of both.
    scratch : Path
        For what does not fit into memory.
    """

    def __init__(
        self, generated: pd.DataFrame, real: pd.DataFrame, reader: _Readers, crops: Crops, scratch: Path
    ) -> None:
        usable = generated[(generated["status"] == "ok") & generated["kind"].isin(manifest.STEGO_KINDS)]
        self._generated = usable.assign(alone=False)
        self._real = real[(real["status"] == "ok") & ~real["sample_id"].isin(usable["sample_id"])].assign(alone=True)
        self._reader, self._crops, self._scratch = reader, crops, scratch
        self.makes = sorted(set(self._real["source"]))

    def count(self, make: str) -> int:
        """Photographs of a make."""
        return int(self._real["cover_id"][self._real["source"] == make].nunique())

    def fold(self, make: str) -> Fold:
        """Leave a make out. Photographs of the others that are near-duplicates of one of it are left out too."""
        out = self._real["source"] == make
        others = self._real[~out & ~self._real["cover_id"].isin(self._real["cover_id"][out])]
        others = others[others["kind"] == "clean"]
        own_val = others["split"] == "val"
        parts = {
            "train": pd.concat([self._split("train"), others[~own_val]]),
            "val": pd.concat([self._split("val"), others[own_val]]),
            "out": self._real[out],
        }
        return Fold(make, **{n: self._kept(rows) for n, rows in parts.items()})

    def generated(self) -> TrainingData:
        """The test split of the pipeline."""
        return self._kept(self._split("test"))

    def _kept(self, rows: pd.DataFrame) -> TrainingData:
        return _Kept(rows, self._reader, SETS["nine"], self._crops, self._scratch)

    def _split(self, name: str) -> pd.DataFrame:
        return self._generated[self._generated["split"] == name]


def gathered(
    folders: Sequence[Path], artifacts: Path, root: Path, scanning: ScanParams, extracting: ExtractParams, store: Store
) -> Images:
    """Make files of photographs, extract them, and put the pipeline's beside them.

    Parameters
    ----------
    folders : sequence of Path
        Of photographs of two makes at least.
    artifacts : Path
        Of the last run of the pipeline.
    root : Path
        An empty folder for the files.
    scanning, extracting : parameters of these stages
    store : Store
        Keeps what was extracted.
    """
    submission(makes(folders), root / _NAME, workers=extracting.workers)
    real, _ = scan(root, scanning, scanning.seed, store_root=store.root)
    extract(real, root, root / "streams", extracting, store.root, limits=limits(scanning))
    reader = _Readers(StreamReader(artifacts / "streams"), StreamReader(root / "streams"))
    generated, tiles = manifest.read(artifacts / "manifest.csv"), extracting.max_tiles
    crops = _Crops(dict.fromkeys(real["path"], root), Path("datasets"), tiles)
    return Images(generated, real, reader, crops, store.root / "scratch")
