"""Writes `artifacts/streams/`: the same bytes for the same images, and what is right already stays as it is."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from starlight.errors import StarlightError
from starlight.store import Store, key
from starlight.store.atomic import alone_in, locked_folder, sweep
from starlight.store.layout import lay_out
from starlight.store.ledger import Ledger
from starlight.store.picking import Picked
from starlight.store.reader import BESIDE
from starlight.store.renewal import Renewal
from starlight.streams import REGISTRY
from starlight.system.room import is_full, needs

__all__ = ["Writer"]

_AT_ONCE = 4096  # rows of the index
_TABLES = ("index.csv", "failed.csv")
_ABOUT = "streams.json"  # without it the folder holds no streams for anybody


class Writer:
    """Writes what `out_dir` lacks beside it, and puts it in place at the end. A context manager.

    Parameters
    ----------
    out_dir : Path
    store : Store
        Has the records, and the ledger of what was found right.
    threads : int
        Files at a time.

    Raises
    ------
    StarlightError
        The folder cannot be written.
    """

    def __init__(self, out_dir: Path, store: Store, threads: int) -> None:
        self.out_dir, self.store, self.threads = out_dir.absolute(), store, threads
        self.alone = False

    def __enter__(self) -> Writer:
        self.stack = contextlib.ExitStack()
        try:
            self.out_dir.parent.mkdir(parents=True, exist_ok=True)
            sweep(self.out_dir.parent)
            lock, self.partial = locked_folder(self.out_dir.parent, self.out_dir.name)
        except OSError as error:
            raise StarlightError(f"{self.out_dir}: cannot be made: {error.strerror or error}") from error
        if lock >= 0:
            self.stack.callback(os.close, lock)
        self.stack.callback(shutil.rmtree, self.partial, ignore_errors=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def write(self, ids: Sequence[str], picked: Mapping[str, Picked]) -> list[Path]:
        """Write the parts that are not there yet, or not right; from now on no other run changes the folder.

        Parameters
        ----------
        ids : sequence of str
            Sorted.
        picked : mapping
            Stream to its records, in the order of `ids`; those of `BESIDE` are among them.

        Returns
        -------
        list of Path
            Shards with records that are absent or damaged: they are to be mended, and all is to be picked again.
        """
        self.ids, self.picked = ids, picked
        self.layout = lay_out(picked, np.array([key(i) for i in ids], np.uint64))
        try:
            if not self.alone:
                self.stack.enter_context(alone_in(self.out_dir.parent))
                self.alone = True
            ledger = Ledger(self.store.root / "right.json")
            self.renewal = Renewal(self.out_dir, self.partial, self.layout, ledger, self.threads)
            return self.renewal.write()
        except OSError as error:
            reason = error.strerror or str(error)
            if is_full(error):
                reason += f"; all parts {needs(float(self.layout.sizes().sum()), self.out_dir.parent)}"
            raise StarlightError(f"{self.out_dir}: cannot be written: {reason}") from error

    def publish(self, failed: Sequence[tuple[str, str, str]], max_tiles: int) -> None:
        """Write index and list of failures, and put everything in place."""
        try:
            self._index()
            self._table("failed.csv", ("sample_id", "path", "reason"), failed)
            self._about(max_tiles)
            self._replace()
        except OSError as error:
            raise StarlightError(f"{self.out_dir}: cannot be written: {error.strerror or error}") from error

    def _index(self) -> None:
        columns = [f"{name}_{what}" for name in self.picked for what in ("offset", "shape")]
        starts = range(0, len(self.ids), _AT_ONCE)
        rows = (row for start in starts for row in self._rows(slice(start, start + _AT_ONCE)))
        self._table("index.csv", ["sample_id", *columns], rows)

    def _rows(self, some: slice) -> Iterator[tuple]:
        values = [self.ids[some]]
        for name, picked in self.picked.items():
            offsets, codes = self.layout.offsets[name][some].tolist(), picked.codes[some].tolist()
            values += [offsets, map(picked.texts.__getitem__, codes)]
        return zip(*values, strict=True)

    def _about(self, max_tiles: int) -> None:
        streams = {
            name: {"dtype": picked.dtype.str, "version": REGISTRY[name].VERSION}
            for name, picked in self.picked.items()
            if name not in BESIDE
        }
        parts = {"part_bits": self.layout.bits, "parts": self.layout.names}
        about = {"images": len(self.ids), "max_tiles": max_tiles, "streams": streams, **parts}
        (self.partial / _ABOUT).write_text(json.dumps(about, indent=1, sort_keys=True) + "\n")

    def _table(self, name: str, header: Sequence[str], rows) -> None:
        with (self.partial / name).open("w", newline="", encoding="utf-8", errors="backslashreplace") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)

    def _replace(self) -> None:
        """Change the folder. A kill in between leaves it without `_ABOUT`, which is plain to see."""
        self.out_dir.mkdir(exist_ok=True)
        (self.out_dir / _ABOUT).unlink(missing_ok=True)
        for name in sorted({*os.listdir(self.out_dir)} - {*self.layout.names, *_TABLES}):
            path = self.out_dir / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        self.renewal.move()
        for name in (*_TABLES, _ABOUT):
            os.replace(self.partial / name, self.out_dir / name)
