"""Cells of the fixed front end and map targets of a set of images, computed once and memory-mapped."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import json
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F
from tqdm import tqdm

from starlight.detector.model import frontend
from starlight.detector.model.frontend import FRONTENDS
from starlight.detector.plain import cells
from starlight.detector.plain.cells import record_cells
from starlight.streams.collate import CROPS, collate, tile_count
from starlight.streams.tiles import CELL
from starlight.training.image_rows import ImageRows

__all__ = ["CellStore"]

MAP = 32  # cells on a side of the map
_KEPT = 10  # sets of cells that stay: training and validation of both versions and the test split, twice


class CellStore:
    """Cells of the fixed front end and map targets of every tile, in memory-mapped files.

    Parameters
    ----------
    data : ImageRows
        n images with their stored streams.
    scratch : Path
        Folder for the files; grows with the number of tiles.

    Attributes
    ----------
    count : (n,) int
        Tiles of each image.
    share : (n,) float
        Share of each image's cells that differ from its twin; NaN where there is no twin.

    The files stay for the stages that come after, named after all that they follow from; those that were not used for
    longest are removed. Several experiments may share the folder: a set appears and disappears whole, and one that is
    removed while it is in use stays readable to whoever has it open.
    """

    def __init__(self, data: ImageRows, scratch: Path) -> None:
        self.count = np.array([tile_count(data.record(i)) for i in range(len(data))], dtype=np.int64)
        self.start = np.concatenate([[0], np.cumsum(self.count)])
        self.folder = scratch / f"cells-{_fingerprint(data)}"
        try:
            self._open(self.folder, data, "r")
            self.share = np.load(self.folder / "share.npy")
            os.utime(self.folder)
        except FileNotFoundError:
            self._build(data, scratch)

    def _build(self, data: ImageRows, scratch: Path) -> None:
        scratch.mkdir(parents=True, exist_ok=True)
        _remove_oldest(scratch, _KEPT - 1)
        with tempfile.TemporaryDirectory(dir=scratch, prefix="new-cells-") as made:
            folder = Path(made) / "cells"
            folder.mkdir()
            self._open(folder, data, "w+")
            self.share = np.full(len(data), np.nan)
            with ThreadPoolExecutor(torch.get_num_threads()) as pool:  # NumPy lets go of the lock, spans do not overlap
                filled = pool.map(lambda i: self._fill(data, i), range(len(data)))
                for _ in tqdm(filled, total=len(data), desc="cells", unit="image", mininterval=2.0):
                    pass
            np.save(folder / "share.npy", self.share)
            with contextlib.suppress(OSError):  # another process was first, with the same; what is open stays open
                folder.rename(self.folder)

    def _open(self, folder: Path, data: ImageRows, mode: str) -> None:
        total = max(1, int(self.start[-1]))
        channels = {n: FRONTENDS[n]().channels for n in data.streams if n in CROPS}
        shapes = {n: ((total, c, MAP, MAP), np.float16) for n, c in channels.items()}
        shapes |= dict.fromkeys(("target", "valid"), ((total, MAP, MAP), np.bool_))
        maps = {n: np.memmap(folder / n, dtype, mode, shape=shape) for n, (shape, dtype) in shapes.items()}
        self.target, self.valid = maps.pop("target"), maps.pop("valid")
        self.cells = maps

    def _fill(self, data: ImageRows, i: int) -> None:
        record = data.record(i)
        span = slice(self.start[i], self.start[i + 1])
        for name in self.cells:
            if record["pixel" if name == "lsb" else name].shape[1]:
                self.cells[name][span] = record_cells(name, record)
        height, width = record["pixel"].shape[-2:]
        self.valid[span, : -(-height // CELL), : -(-width // CELL)] = True
        if data.labels[i] == 1:
            self._compare(data, i, int(data.twins[i]), span)

    def _compare(self, data: ImageRows, i: int, twin: int, span: slice) -> None:
        if twin < 0 or data.record(twin)["pixel"].shape != data.record(i)["pixel"].shape:
            self.valid[span] = False  # without a twin nobody knows where the payload is
            return
        crops, other = (collate([data.record(k)], list(self.cells)) for k in (i, twin))
        changed = np.zeros((span.stop - span.start, MAP, MAP), bool)
        for name in CROPS.keys() & crops.keys():
            differs = torch.from_numpy((crops[name][0] != other[name][0]).any(axis=1).astype(np.float32))
            changed |= F.max_pool2d(differs[:, None], CELL)[:, 0].numpy() > 0
        self.target[span] = changed
        self.share[i] = changed[self.valid[span]].mean()

    def gather(self, name: str, indices: np.ndarray, tiles: list[list[int]], most: int) -> np.ndarray:
        """Cells of some tiles of some images.

        Parameters
        ----------
        name : str
            Stream.
        indices : (b,) int
            Images.
        tiles : list of list of int, b
            Of each image.
        most : int
            Length of the longest list.

        Returns
        -------
        ndarray, shape (b, most, c, 32, 32), float16
            Zeros past the end of a shorter list.
        """
        source = self.cells[name]
        out = np.zeros((len(indices), most, *source.shape[1:]), source.dtype)
        for row, (i, ks) in enumerate(zip(indices, tiles, strict=True)):
            out[row, : len(ks)] = source[self.start[i] + np.asarray(ks)]
        return out

    def moments(self, name: str, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each channel, over at most `most` tiles that have any."""
        tiles = np.unique(np.linspace(0, len(self.cells[name]) - 1, most).astype(int))
        sample = self.cells[name][tiles].astype(np.float32)
        sample = sample[sample.reshape(len(sample), -1).any(axis=1)]
        if not len(sample):
            return np.zeros(sample.shape[1], np.float32), np.ones(sample.shape[1], np.float32)
        return sample.mean((0, 2, 3)), np.maximum(sample.std((0, 2, 3)), 1e-3)

    def targets(self, indices: np.ndarray, tiles: list[list[int]], most: int) -> tuple[np.ndarray, np.ndarray]:
        """Maps of some tiles of some images, and where they hold.

        Parameters
        ----------
        indices, tiles, most
            As for `gather`.

        Returns
        -------
        target, valid : ndarray, shape (b, most, 32, 32), float32
        """
        target, valid = (np.zeros((len(indices), most, MAP, MAP), np.float32) for _ in range(2))
        for row, (i, ks) in enumerate(zip(indices, tiles, strict=True)):
            span = self.start[i] + np.asarray(ks)
            target[row, : len(ks)], valid[row, : len(ks)] = self.target[span], self.valid[span]
        return target, valid


def _remove_oldest(scratch: Path, kept: int) -> None:
    """Remove sets of cells but for those used last, each at one stroke: nobody is to open one that is half there."""

    def used(folder: Path) -> float:
        try:
            return folder.stat().st_mtime
        except OSError:  # another process has removed it
            return 0.0

    for old in sorted(scratch.glob("cells-*"), key=used, reverse=True)[kept:]:
        gone = Path(tempfile.mkdtemp(dir=scratch, prefix="old-cells-"))
        with contextlib.suppress(OSError):  # another process removes it
            old.rename(gone / "cells")
        shutil.rmtree(gone, ignore_errors=True)


def _fingerprint(data: ImageRows) -> str:
    """Hash of what the cells follow from: images, twins, stored streams, and the code that reads them."""
    described = json.dumps(data.reader.streams, sort_keys=True)
    code = "".join(map(inspect.getsource, (cells, frontend, collate)))
    parts = [*data.rows["sample_id"], *map(str, data.twins), *map(str, data.labels), *data.streams, code]
    return hashlib.sha256("\n".join([described, *parts]).encode()).hexdigest()[:16]
