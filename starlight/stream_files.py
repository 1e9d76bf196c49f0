"""Writes `artifacts/streams/`: the same bytes for the same images, and never half of them."""

from __future__ import annotations

import csv
import json
import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from starlight.errors import StarlightError
from starlight.extract_chunk import MASK
from starlight.store import Store, key
from starlight.store.atomic import locked_folder, sweep
from starlight.store.packing import Packed, pack
from starlight.streams import REGISTRY

__all__ = ["Writer"]


class Writer:
    """Packs streams into a partial folder, and puts it in the place of `out_dir` at the end. A context manager.

    Parameters
    ----------
    out_dir : Path

    Raises
    ------
    StarlightError
        The folder cannot be written.
    """

    def __init__(self, out_dir: Path) -> None:
        self.out_dir = out_dir.absolute()
        self.packed: dict[str, Packed] = {}
        self.ids: list[str] = []
        self.crowded: list[str] = []

    def __enter__(self) -> Writer:
        try:
            self.out_dir.parent.mkdir(parents=True, exist_ok=True)
            sweep(self.out_dir.parent)
            self.lock, self.partial = locked_folder(self.out_dir.parent, self.out_dir.name)
        except OSError as error:
            raise StarlightError(f"{self.out_dir}: cannot be made: {error.strerror or error}") from error
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.partial, ignore_errors=True)  # gone already where all went well
        if self.lock >= 0:
            os.close(self.lock)

    def write(self, ids: list[str], names: dict[str, str], store: Store, threads: int) -> bool:
        """Pack all streams of `ids` (sorted); False where the store turned out to lack some.

        Called again, with the same `ids`, it packs those streams alone that were lacking. One table is open at a
        time; those that are worth compacting are in `crowded` afterwards.
        """
        if ids != self.ids:
            self.ids, self.packed = ids, {}
        keys = np.array([key(i) for i in ids], np.uint64)
        for stream, name in names.items():
            if stream not in self.packed:
                table = store.table(name)
                packed = pack(table, keys, self.partial / f"{stream}.bin", threads)
                if packed is not None:
                    self.packed[stream] = packed
                    self.crowded += [name] if table.crowded() else []
        if len(self.packed) < len(names):
            return False
        self.packed = {stream: self.packed[stream] for stream in names}  # columns in order, whatever came late
        return True

    def publish(self, failed: Sequence[tuple[str, str, str]], max_tiles: int) -> None:
        """Write index, masks and the list of failures, and put everything in place."""
        try:
            self._masks()
            self._index()
            self._table("failed.csv", ("sample_id", "path", "reason"), failed)
            streams = {
                name: {"bytes": packed.bytes, "dtype": packed.dtype, "version": REGISTRY[name].VERSION}
                for name, packed in self.packed.items()
            }
            about = {"images": len(self.ids), "max_tiles": max_tiles, "streams": streams}
            (self.partial / "streams.json").write_text(json.dumps(about, indent=1, sort_keys=True) + "\n")
            self._replace()
        except OSError as error:
            raise StarlightError(f"{self.out_dir}: cannot be written: {error.strerror or error}") from error

    def _masks(self) -> None:
        """The packed masks as an array, rows of all zeros put back."""
        packed = self.packed.pop(MASK)
        path = self.partial / f"{MASK}.bin"
        width = int(packed.shapes[0]) if packed.shapes else 0
        masks = np.zeros((len(self.ids), width), bool)
        masks[packed.offsets >= 0] = np.fromfile(path, bool).reshape(-1, width)
        np.save(self.partial / "masks.npy", masks, allow_pickle=False)
        path.unlink()

    def _index(self) -> None:
        columns = [column for name in self.packed for column in (f"{name}_offset", f"{name}_shape")]
        values = [v for packed in self.packed.values() for v in (packed.offsets.tolist(), packed.shapes)]
        self._table("index.csv", ("sample_id", *columns), zip(self.ids, *values, strict=True))

    def _table(self, name: str, header: Sequence[str], rows) -> None:
        with (self.partial / name).open("w", newline="", encoding="utf-8", errors="backslashreplace") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)

    def _replace(self) -> None:
        """Swap the folders. A kill in between leaves no folder at all, which is plain to see."""
        while True:
            if self.out_dir.exists():
                old = self.out_dir.with_name(f".{self.out_dir.name}.{secrets.token_hex(4)}.partial")
                try:
                    os.rename(self.out_dir, old)
                except FileNotFoundError:  # another run was faster
                    continue
                shutil.rmtree(old, ignore_errors=True)
            try:
                os.rename(self.partial, self.out_dir)
                return
            except OSError:
                if not self.out_dir.exists():
                    raise
