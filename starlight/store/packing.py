"""Packs a table's records into one file, in the order of their keys: the same bytes whatever the shards were."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from starlight.errors import StarlightError
from starlight.store.reader import shape_text
from starlight.store.shard import DTYPES
from starlight.store.table import Table

__all__ = ["Packed", "pack"]


@dataclass(frozen=True)
class Packed:
    """A packed file: per record its `offsets` (-1 where it is all zeros) and `shapes`; `dtype` and length in bytes."""

    offsets: np.ndarray
    shapes: list[str]
    dtype: str
    bytes: int


def pack(table: Table, keys: np.ndarray, path: Path) -> Packed | None:
    """Write the records of `keys` to `path`, reading shard by shard, one record in memory at a time.

    Parameters
    ----------
    table : Table
    keys : uint64 (n,)
        Sorted.
    path : Path

    Returns
    -------
    Packed or None
        None where a record is absent or damaged: `table.reload` shows which are left.

    Raises
    ------
    StarlightError
        The disk is full, or records of one stream differ in type.
    """
    if not table.has(keys).all():
        return None
    entries = table.entries[np.searchsorted(table.keys, keys)]
    if len(np.unique(entries["dtype"])) > 1:
        raise StarlightError(f"{table.folder}: records of more than one type")
    dtype = DTYPES[int(entries["dtype"][0])] if len(entries) else DTYPES[0]
    dims = np.where(np.arange(4) < entries["ndim"][:, None], entries["shape"], 1).astype(np.int64)
    sizes = np.where(entries["zero"] != 0, 0, dims.prod(axis=1) * dtype.itemsize)
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    try:
        held = sizes > 0  # zeros are in the index alone
        whole = _write(table, keys[held], path, (ends - sizes)[held], total)
    except OSError as error:
        raise StarlightError(f"{path.parent}: cannot be written: {error.strerror or error}") from error
    if not whole:
        return None
    shapes = [
        sys.intern(shape_text(tuple(s[:n]))) for s, n in zip(entries["shape"].tolist(), entries["ndim"], strict=True)
    ]
    return Packed(np.where(held, ends - sizes, -1), shapes, dtype.str, total)


def _write(table: Table, keys: np.ndarray, path: Path, offsets: np.ndarray, total: int) -> bool:
    whole = True
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644)
    with os.fdopen(handle, "wb", buffering=0) as stream:
        if total and hasattr(os, "posix_fallocate"):  # a full disk shows now, not after an hour
            os.posix_fallocate(stream.fileno(), 0, total)
        for position, array in table.read(keys):
            if array is None:
                whole = False
            elif whole:
                stream.seek(int(offsets[position]))
                _write_all(stream, memoryview(array).cast("B"))
    return whole


def _write_all(stream, view: memoryview) -> None:
    while view:
        view = view[stream.write(view) :]
