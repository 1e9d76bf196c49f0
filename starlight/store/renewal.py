"""Brings a folder of parts up to date: what is right stays as it is, what is not is written from the shards."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from starlight.store.copying import check, each, write
from starlight.store.layout import Layout
from starlight.store.ledger import Identity, Ledger

__all__ = ["Renewal"]


class Renewal:
    """Parts of a layout, in the folder where they are to be and in a new one for those that are to be written.

    Parameters
    ----------
    folder : Path
        Looked at and not changed before `move`.
    partial : Path
        On the same file system. Parts that are there already were written in an earlier attempt.
    layout : Layout
    ledger : Ledger
    threads : int
        Files at a time.
    """

    def __init__(self, folder: Path, partial: Path, layout: Layout, ledger: Ledger, threads: int) -> None:
        self.folder, self.partial, self.layout, self.ledger, self.threads = folder, partial, layout, ledger, threads
        self.right: dict[Path, Identity] = {}

    def write(self) -> list[Path]:
        """Write what is lacking or wrong to the new folder.

        Returns
        -------
        list of Path
            Shards with a record that is absent or damaged, also where a right part has it already.

        Raises
        ------
        OSError
            A part cannot be written.
        StarlightError
            A file cannot be read.
        """
        self.stale = self._stale()
        bad = self._check_shards() | each(self._write_part, np.flatnonzero(self.stale).tolist(), self.threads)
        return [self.layout.shards[number] for number in sorted(bad)]

    def move(self) -> None:
        """Put the new parts in place, and remember what is right."""
        for number in np.flatnonzero(self.stale).tolist():
            path = self.folder / self.layout.names[number]
            os.replace(self.partial / path.name, path)
            self.right[path] = self.ledger.identity(path)
        self.ledger.save(self.right)

    def _stale(self) -> np.ndarray:
        """Which parts are to be written, bool (parts,); those of unknown content are read."""
        sizes = self.layout.sizes()
        paths = [self.folder / name for name in self.layout.names]
        identities = [self.ledger.identity(path) for path in paths]
        there = np.array(
            [found is not None and found[1] == size for found, size in zip(identities, sizes, strict=True)]
        )
        unknown = [k for k in np.flatnonzero(there).tolist() if not self.ledger.knows(paths[k], identities[k])]

        def wrong(number: int) -> set[int]:
            return {number} if check(self.layout.part(number).packed(), [paths[number]]) else set()

        there[list(each(wrong, unknown, self.threads))] = False
        self.right |= {paths[k]: identities[k] for k in np.flatnonzero(there).tolist()}
        return ~there

    def _check_shards(self) -> set[int]:
        """Numbers of bad shards, among those that nobody has read since they changed, and that no part is made from.

        A part that is right needs its shards no more; but they are to be right too when they are needed again.
        """
        records = self.layout.records
        shards = {k: self.layout.shards[k] for k in np.unique(records.file).tolist()}
        identities = {k: self.ledger.identity(path) for k, path in shards.items()}
        self.right |= {shards[k]: found for k, found in identities.items() if found is not None}
        unknown = np.zeros(len(self.layout.shards), bool)
        unknown[[k for k, path in shards.items() if not self.ledger.knows(path, identities[k])]] = True
        kept = np.repeat(~self.stale, np.diff(self.layout.bounds))
        records = records[kept & unknown[records.file]].in_order()  # shard by shard
        bounds = [*np.flatnonzero(np.diff(records.file, prepend=-1)).tolist(), len(records)]

        def bad(k: int) -> set[int]:
            return check(records[bounds[k] : bounds[k + 1]], self.layout.shards)

        return each(bad, range(len(bounds) - 1), self.threads)

    def _write_part(self, number: int) -> set[int]:
        path = self.partial / self.layout.names[number]
        if path.exists():
            return set()
        bad = write(self.layout.part(number), self.layout.shards, path)
        if bad:
            path.unlink()
        return bad
