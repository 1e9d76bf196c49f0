"""All shards of one stream at one version: look up, read in bulk, mend, compact."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from starlight.store.atomic import sweep
from starlight.store.shard import ENTRY, SUFFIX, DamagedShard, Shard, ShardWriter, read_index

__all__ = ["Table"]

SMALL = 64  # records; a shard under this is worth merging
MANY = 64  # small shards before they are merged


class Table:
    """Records of one stream, by 64-bit key, in the shards of one folder.

    Opening it reads every index, deletes shards whose index is damaged, and what killed writers left.

    Attributes
    ----------
    keys : uint64 (n,)
        Sorted, each once.
    damaged : int
        Shards that were found damaged and dropped or mended since opening.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.damaged = folder, 0
        self.reload()

    def reload(self) -> None:
        """Look again at what is in the folder."""
        sweep(self.folder)
        self.shards: list[Path] = []
        entries, where = [np.zeros(0, ENTRY)], [np.zeros((0, 2), np.uint32)]
        for name in sorted(entry.name for entry in os.scandir(self.folder) if entry.name.endswith(SUFFIX)):
            path = self.folder / name
            try:
                index = read_index(path)
            except DamagedShard:
                path.unlink(missing_ok=True)
                self.damaged += 1
                continue
            except FileNotFoundError:  # merged away by another process
                continue
            rows = np.arange(len(index), dtype=np.uint32)
            where.append(np.column_stack([np.full_like(rows, len(self.shards)), rows]))
            entries.append(index)
            self.shards.append(path)
        every = np.concatenate([index.view(np.uint8) for index in entries]).view(ENTRY)  # as records: ten times slower
        places = np.concatenate(where)
        self.keys, first = np.unique(every["key"], return_index=True)
        self.entries, self.places = every[first], places[first]

    def has(self, keys: np.ndarray) -> np.ndarray:
        """Which of the keys, uint64 (n,), are there, bool (n,)."""
        if not len(self.keys):
            return np.zeros(len(keys), bool)
        return self.keys[np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)] == keys

    def find(self, keys: np.ndarray) -> np.ndarray | None:
        """Places of the keys in `self.keys`; None where one is absent."""
        return np.searchsorted(self.keys, keys) if self.has(keys).all() else None

    def read(self, keys: np.ndarray) -> Iterator[tuple[int, np.ndarray | None]]:
        """Records of `keys`, shard by shard.

        Yields
        ------
        position : int
            Into `keys`.
        array : np.ndarray or None
            None where the record is absent or damaged; after the last, the shards of damaged ones have been mended,
            and `reload` shows which keys are left.
        """
        spots, there = np.searchsorted(self.keys, keys), self.has(keys)
        for position in np.flatnonzero(~there):
            yield int(position), None
        held = np.flatnonzero(there)
        for path, group in self.by_shard(spots[held]):
            yield from self._read_shard(path, held[group], self.places[spots[held[group]], 1])

    def by_shard(self, spots: np.ndarray) -> Iterator[tuple[Path, np.ndarray]]:
        """Each shard with the positions in `spots`, which are places in `keys`, that it holds, in its own order."""
        places = self.places[spots]
        order = np.lexsort((places[:, 1], places[:, 0]))
        bounds = np.flatnonzero(np.diff(places[order, 0])) + 1
        for group in np.split(order, bounds) if len(order) else []:
            yield self.shards[places[group[0], 0]], group

    def _read_shard(
        self, path: Path, positions: np.ndarray, rows: np.ndarray
    ) -> Iterator[tuple[int, np.ndarray | None]]:
        damaged = False
        try:
            with Shard(path) as shard:
                for position, row in zip(positions, rows, strict=True):
                    array = None
                    try:
                        array = shard.record(int(row))
                    except DamagedShard:
                        damaged = True
                    yield int(position), array
        except (DamagedShard, FileNotFoundError):
            for position in positions:
                yield int(position), None
        if damaged:
            self.mend(path)

    def mend(self, path: Path) -> None:
        """Put a shard with the good records alone in the place of one with bad ones."""
        self.damaged += 1
        self._merge([path])

    def _merge(self, paths: list[Path]) -> None:
        writer = ShardWriter(self.folder)
        try:
            seen: set[int] = set()
            for path in paths:
                with contextlib.suppress(DamagedShard, FileNotFoundError), Shard(path) as shard:
                    for row, key in enumerate(shard.index["key"].tolist()):
                        with contextlib.suppress(DamagedShard):
                            if key not in seen:
                                writer.add(key, shard.record(row))
                                seen.add(key)
            writer.publish()
        except BaseException:
            writer.abandon()
            raise
        for path in paths:
            path.unlink(missing_ok=True)

    def crowded(self) -> list[Path]:
        """Small shards, once there are many."""
        counts = np.bincount(self.places[:, 0], minlength=len(self.shards)).tolist() if len(self.places) else []
        small = [path for path, count in zip(self.shards, counts, strict=True) if count < SMALL]
        return small if len(small) >= MANY else []

    def compact(self) -> int:
        """Merge small shards into one, once there are many; readers notice and look again. Returns how many."""
        small = self.crowded()
        if not small:
            return 0
        self._merge(small)
        self.reload()
        return len(small)

    def fill(self, keys: np.ndarray, compute: Callable[[np.ndarray], None]) -> np.ndarray:
        """Compute what is missing of `keys` and return those that still are."""
        missing = keys[~self.has(keys)]
        if len(missing):
            compute(missing)
            self.reload()
        return keys[~self.has(keys)]
