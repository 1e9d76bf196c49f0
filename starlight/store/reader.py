"""Reads `artifacts/streams/`: an index, and the parts that hold the records of all streams."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from starlight.errors import StarlightError

__all__ = ["BESIDE", "FACTS", "FOUND", "MASK", "StreamReader", "shape_text"]

MASK, FACTS, FOUND = "mask", "facts", "found"
# Kept beside the streams: the constraint mask, the facts of the picture, the techniques that were read.
BESIDE = {MASK: np.dtype("?"), FACTS: np.dtype("<f4"), FOUND: np.dtype("?")}


def shape_text(shape: tuple[int, ...]) -> str:
    """Shape as it stands in the index: `2x3x256x256`, `scalar` for no dimensions."""
    return "x".join(map(str, shape)) or "scalar"


class StreamReader:
    """Stored streams by sample_id. May be pickled, and keeps no file open.

    Parameters
    ----------
    folder : Path
        What the stage `extract` wrote.

    Attributes
    ----------
    ids : list of str
        Sorted.
    streams : dict
        What is known of each stream. Crops are not among them: see `starlight.training.cells.crops`.
    max_tiles : int
        Most crops of an image.

    Raises
    ------
    StarlightError
        The folder is incomplete.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        try:
            about = json.loads((self.folder / "streams.json").read_bytes())
            self.streams: dict[str, dict] = about["streams"]
            self._dtypes = {name: np.dtype(said["dtype"]) for name, said in self.streams.items()} | BESIDE
            texts = ["sample_id", *(f"{name}_shape" for name in self._dtypes)]
            index = pd.read_csv(self.folder / "index.csv", dtype=dict.fromkeys(texts, str))
            self.max_tiles = int(about["max_tiles"])
            self._shift = 64 - int(about["part_bits"])
            self._parts = {int(name.split("-")[0], 16): str(self.folder / name) for name in about["parts"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StarlightError(f"{self.folder}: holds no streams, run the stage `extract`: {error}") from error
        self.ids: list[str] = index["sample_id"].tolist()
        self._keys = np.array([int(i, 16) for i in self.ids], np.uint64)
        self._offsets = {name: index[f"{name}_offset"].to_numpy(np.int64) for name in self._dtypes}
        self._shapes = {name: _shapes(index[f"{name}_shape"]) for name in self._dtypes}

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, sample_id: str) -> bool:
        return self._find(sample_id) is not None

    def get(self, sample_id: str, stream: str) -> np.ndarray:
        """Stored form of one stream, read-only.

        Raises
        ------
        StarlightError
            There is no such image or stream, or the folder is no more what it was when it was opened.
        """
        row = self._row(sample_id)
        if stream not in self.streams:
            raise StarlightError(f"{self.folder}: holds no stream {stream!r}, only {', '.join(self.streams)}")
        return self._record(row, stream)

    def mask(self, sample_id: str) -> np.ndarray:
        """Constraint mask, bool (17,), in the order of `TECHNIQUES`, then `other`."""
        return np.array(self._record(self._row(sample_id), MASK))

    def facts(self, sample_id: str) -> np.ndarray:
        """Facts of the picture, float32, in the order of `starlight.images.picture.FACTS`."""
        return np.array(self._record(self._row(sample_id), FACTS))

    def found(self, sample_id: str) -> np.ndarray:
        """Techniques whose payload was read, bool (17,), in the order of the mask."""
        return np.array(self._record(self._row(sample_id), FOUND))

    def _record(self, row: int, stream: str) -> np.ndarray:
        codes, shapes = self._shapes[stream]
        shape, dtype = shapes[codes[row]], self._dtypes[stream]
        offset = int(self._offsets[stream][row])
        if offset < 0:  # all zeros, which take no room
            return np.broadcast_to(np.zeros((), dtype), shape)
        path = self._parts[int(self._keys[row]) >> self._shift]
        length = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        try:
            with open(path, "rb", buffering=0) as part:
                part.seek(offset)
                content = part.read(length)
        except OSError as error:
            raise StarlightError(
                f"{path}: cannot be read, run the stage `extract`: {error.strerror or error}"
            ) from error
        if len(content) != length:
            raise StarlightError(f"{path}: is shorter than the index says, run the stage `extract`")
        return np.frombuffer(content, dtype).reshape(shape)

    def _find(self, sample_id: str) -> int | None:
        key = np.uint64(int(sample_id, 16))
        row = int(np.searchsorted(self._keys, key))
        return row if row < len(self._keys) and self._keys[row] == key else None

    def _row(self, sample_id: str) -> int:
        row = self._find(sample_id)
        if row is None:
            raise StarlightError(f"{self.folder}: holds no image {sample_id}")
        return row


def _shapes(column: pd.Series) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    codes, texts = pd.factorize(column)
    return codes, [() if text == "scalar" else tuple(map(int, text.split("x"))) for text in texts]
