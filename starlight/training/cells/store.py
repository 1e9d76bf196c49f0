"""Cells of the fixed front end and map targets of a set of images: computed once for each content, read tile by tile.

They lie in the store, as other results do, so several stages and experiments share them; without loss they take a
quarter of the room of their crops. Whatever is removed or damaged meanwhile is computed again.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from starlight.errors import StarlightError
from starlight.fanout import Engine
from starlight.store import Store, key, table_name
from starlight.store.code import code_digest, decoder_versions
from starlight.store.once import fill
from starlight.streams.collate import CROPS
from starlight.training.cells.crops import Crops
from starlight.training.cells.record import CHANNELS, MAP, Tile, pack, unpack

__all__ = ["CellStore", "Gathered", "Source"]

_ATTEMPTS = 3  # a record that is lost or damaged shows when it is read, and is computed again
_KEPT = 2  # versions of the cells that stay: branches that differ in them take turns


class Source(NamedTuple):
    """An image, and the payload-free twin that its map is compared with; empty where there is none."""

    sample_id: str
    path: str
    twin_id: str = ""
    twin_path: str = ""


class Gathered(NamedTuple):
    """Tiles of b images, at most `most` of each.

    cells : crop stream to float16 (b, most, c, 32, 32), zeros past the end of an image with fewer tiles.
    target, valid : float32 (b, most, 32, 32), where payload is, and where that is known.
    """

    cells: dict[str, np.ndarray]
    target: np.ndarray
    valid: np.ndarray


class CellStore:
    """Cells of the fixed front end and map targets of every tile.

    Parameters
    ----------
    sources : sequence of Source
        n images.
    authentic : (n,) bool
        Images that hold no payload, which is known without a twin.
    streams : sequence of str
        Crop streams that are read.
    crops : Crops
        Where their crops come from.
    scratch : Path
        Absolute; folder of the tables.

    Attributes
    ----------
    count : (n,) int
        Tiles of each image.

    Raises
    ------
    StarlightError
        An image is gone or has changed, or the folder cannot be written.
    """

    def __init__(
        self, sources: Sequence[Source], authentic: np.ndarray, streams: Sequence[str], crops: Crops, scratch: Path
    ) -> None:
        self.sources, self.authentic, self.streams = sources, authentic, streams
        self.store, self.crops, self.name = Store(scratch), crops, _table_name(crops)
        self.pool = ThreadPoolExecutor(torch.get_num_threads())  # zlib lets go of the interpreter's lock
        self._look()
        self.store.forget(self.name, _KEPT)

    def gather(self, indices: np.ndarray, tiles: Sequence[Sequence[int]], most: int) -> Gathered:
        """Some tiles of some images.

        Parameters
        ----------
        indices : (b,) int
            Images.
        tiles : b sequences of int
            Of each image.
        most : int
            Length of the longest.
        """
        cells = {n: np.zeros((len(indices), most, CHANNELS[n], MAP, MAP), np.float16) for n in self.streams}
        target, valid = (np.zeros((len(indices), most, MAP, MAP), np.float32) for _ in range(2))

        def read(row: int) -> None:
            for place, k in enumerate(tiles[row]):
                tile = self._tile(int(indices[row]), k)
                for name in cells.keys() & tile.cells.keys():
                    _put(tile.cells[name], cells[name][row, place])
                target[row, place] = self._changed(tile)
                if self.authentic[indices[row]] or tile.compared:
                    valid[row, place, : tile.rows, : tile.columns] = 1

        list(self.pool.map(read, range(len(indices))))
        return Gathered(cells, target, valid)

    def moments(self, name: str, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each channel, over at most `most` tiles that have any."""
        ends = np.cumsum(self.count)
        chosen = np.unique(np.linspace(0, max(1, ends[-1]) - 1, most).astype(int))
        images = np.searchsorted(ends, chosen, side="right")
        tiles = [[int(k)] for k in chosen - (ends - self.count)[images]]
        sample = np.zeros((len(chosen), CHANNELS[name], MAP, MAP), np.float32)
        for row, (i, (k,)) in enumerate(zip(images, tiles, strict=True)):
            held = self._tile(int(i), k).cells.get(name)
            if held is not None:
                _put(held, sample[row])
        sample = sample[sample.reshape(len(sample), -1).any(axis=1)]
        if not len(sample):
            return np.zeros(sample.shape[1], np.float32), np.ones(sample.shape[1], np.float32)
        return sample.mean((0, 2, 3)), np.maximum(sample.std((0, 2, 3)), 1e-3)

    def first_rows(self, index: int) -> dict[str, np.ndarray]:
        """First row of an image, up to 256 pixels of it, in the stored form of `pixel` and `alpha`."""
        return self._tile(index, 0, cells=False).first

    def share(self) -> np.ndarray:
        """(n,) share of each image's cells that differ from its twin; NaN where there is no twin."""
        share = np.full(len(self.sources), np.nan)
        for i in np.flatnonzero(~self.authentic).tolist():
            tiles = [self._tile(i, k, cells=False) for k in range(self.count[i])]
            if tiles[0].compared:
                share[i] = np.concatenate([self._changed(t)[: t.rows, : t.columns].ravel() for t in tiles]).mean()
        return share

    def _changed(self, tile: Tile) -> np.ndarray:
        return functools.reduce(np.logical_or, (tile.changed[name] for name in self.streams))

    def _tile(self, i: int, k: int, *, cells: bool = True) -> Tile:
        for attempt in range(_ATTEMPTS):
            path = self.shards[self.shard[i]]
            try:
                with open(path, "rb", buffering=0) as shard:
                    shard.seek(int(self.start[i] + k * self.length[i]))
                    return unpack(shard.read(int(self.length[i])), cells=cells)
            except FileNotFoundError:  # merged or removed by another process
                pass
            except ValueError:
                self.store.mend([path])
            if attempt + 1 < _ATTEMPTS:
                self._look()
        raise StarlightError(f"{self.store.root}: records are lost or damaged again and again")

    def _look(self) -> None:
        """Compute what is missing, and see where everything lies."""
        table = self.store.table(self.name)
        named = {_identity(source): source for source in self.sources}
        engine = Engine(torch.get_num_threads(), "threading")  # NumPy and decoders let go of the interpreter's lock
        failed = fill(table, named, functools.partial(_record, self.crops), engine, label="cells")
        for identity, reason in sorted(failed.items()):
            raise StarlightError(f"{named[identity].path}: {reason}; run the stages `scan` and `extract`")
        table.compact()
        spots = table.find(np.array([key(_identity(source)) for source in self.sources], np.uint64))
        if spots is None:
            raise StarlightError(f"{table.folder}: records disappear as they are written")
        entries = table.entries[spots]
        self.count, self.length = entries["shape"][:, :2].astype(np.int64).T
        self.start, self.shard, self.shards = entries["offset"].astype(np.int64), table.places[spots, 0], table.shards


def _put(held: np.ndarray, out: np.ndarray) -> None:
    """Fill (channels, 32, 32) with cells as `Tile` has them."""
    (out.reshape(len(held), -1, MAP, MAP) if held.ndim == 4 else out)[...] = held


def _record(crops: Crops, _: str, source: Source) -> np.ndarray:
    twin = crops.of(source.twin_id, source.twin_path) if source.twin_id else None
    return pack(crops.of(source.sample_id, source.path), twin)


def _identity(source: Source) -> str:
    """What a record follows from: the image, and the twin that it is compared with."""
    if not source.twin_id:
        return source.sample_id
    return hashlib.sha256(f"{source.sample_id} {source.twin_id}".encode()).hexdigest()[:16]


def _table_name(crops: Crops) -> str:
    modules = [f"starlight.streams.{name}" for name in CROPS]
    modules += ["starlight.images.image", "starlight.detector.plain.cells"]
    alone = ["starlight.streams.compute", "starlight.streams.collate", "starlight.training.cells.record"]
    code = code_digest(modules, alone=alone)
    return table_name("cells", 1, {"code": code, "max_tiles": crops.max_tiles, **decoder_versions()})
