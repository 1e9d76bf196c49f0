"""Reads `artifacts/streams/`: one index, one packed memory-mapped file a stream, the constraint masks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from starlight.errors import StarlightError

__all__ = ["StreamReader", "shape_text"]


def shape_text(shape: tuple[int, ...]) -> str:
    """Shape as it stands in the index: `2x3x256x256`, `scalar` for no dimensions."""
    return "x".join(map(str, shape)) or "scalar"


class StreamReader:
    """Stored streams by sample_id. May be pickled; every process maps the files for itself.

    Parameters
    ----------
    folder : Path
        What the stage `extract` wrote.

    Raises
    ------
    StarlightError
        The folder is incomplete.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        try:
            self.streams: dict[str, dict] = json.loads((self.folder / "streams.json").read_bytes())["streams"]
            texts = ["sample_id", *(f"{name}_shape" for name in self.streams)]
            index = pd.read_csv(self.folder / "index.csv", dtype=dict.fromkeys(texts, str))
            self._masks = np.load(self.folder / "masks.npy", mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, KeyError) as error:
            raise StarlightError(f"{self.folder}: holds no streams, run the stage `extract`: {error}") from error
        self.ids: list[str] = index["sample_id"].tolist()
        self._keys = np.array([int(i, 16) for i in self.ids], np.uint64)
        self._offsets = {name: index[f"{name}_offset"].to_numpy(np.int64) for name in self.streams}
        self._shapes = {name: _shapes(index[f"{name}_shape"]) for name in self.streams}
        self._maps: dict[str, np.ndarray] = {}

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_maps": {}}

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, sample_id: str) -> bool:
        return self._find(sample_id) is not None

    def get(self, sample_id: str, stream: str) -> np.ndarray:
        """Stored form of one stream, a read-only view of the mapped file.

        Raises
        ------
        StarlightError
            There is no such image or stream.
        """
        row = self._row(sample_id)
        if stream not in self.streams:
            raise StarlightError(f"{self.folder}: holds no stream {stream!r}, only {', '.join(self.streams)}")
        codes, shapes = self._shapes[stream]
        shape, dtype = shapes[codes[row]], np.dtype(self.streams[stream]["dtype"])
        offset = int(self._offsets[stream][row])
        if offset < 0:  # all zeros, which take no room
            return np.broadcast_to(np.zeros((), dtype), shape)
        length = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        return self._map(stream)[offset : offset + length].view(dtype).reshape(shape)

    def mask(self, sample_id: str) -> np.ndarray:
        """Constraint mask, bool (17,), in the order of `TECHNIQUES`, then `other`."""
        return np.array(self._masks[self._row(sample_id)])

    def _map(self, stream: str) -> np.ndarray:
        if stream not in self._maps:
            path = self.folder / f"{stream}.bin"
            size = path.stat().st_size
            if size != self.streams[stream]["bytes"]:
                raise StarlightError(f"{path}: has {size} bytes in place of {self.streams[stream]['bytes']}")
            self._maps[stream] = np.memmap(path, np.uint8, "r") if size else np.zeros(0, np.uint8)
        return self._maps[stream]

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
