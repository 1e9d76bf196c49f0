"""Packs a table's records into one file, in the order of their keys: the same bytes whatever the shards were."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from starlight.errors import StarlightError
from starlight.store.copying import Copy, copy_records
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


def pack(table: Table, keys: np.ndarray, path: Path, threads: int = 1) -> Packed | None:
    """Write the records of `keys` to `path`, reading shard by shard, about one record in memory at a time.

    Parameters
    ----------
    table : Table
    keys : uint64 (n,)
        Sorted.
    path : Path
    threads : int
        Shards that are read at a time.

    Returns
    -------
    Packed or None
        None where a record is absent or damaged; damaged shards have been mended, and `table.reload` shows what
        is left.

    Raises
    ------
    StarlightError
        The disk is full, or records of one stream differ in type.
    """
    if not table.has(keys).all():
        return None
    spots = np.searchsorted(table.keys, keys)
    entries = table.entries[spots]
    if len(np.unique(entries["dtype"])) > 1:
        raise StarlightError(f"{table.folder}: records of more than one type")
    dtype = DTYPES[int(entries["dtype"][0])] if len(entries) else DTYPES[0]
    dims = np.where(np.arange(4) < entries["ndim"][:, None], entries["shape"], 1).astype(np.int64)
    sizes = np.where(entries["zero"] != 0, 0, dims.prod(axis=1) * dtype.itemsize)
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    try:
        held = sizes > 0  # zeros are in the index alone
        _allocate(path, total)
        copies = _copies(table, spots[held], sizes[held], (ends - sizes)[held])
        bad = copy_records(copies, path, threads)
    except OSError as error:
        raise StarlightError(f"{path.parent}: cannot be written: {error.strerror or error}") from error
    for shard in bad:
        table.mend(shard)
    if bad:
        return None
    return Packed(np.where(held, ends - sizes, -1), _shape_texts(entries), dtype.str, total)


def _allocate(path: Path, total: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644)
    try:
        if total and hasattr(os, "posix_fallocate"):  # a full disk shows now, not after an hour
            os.posix_fallocate(handle, 0, total)
    finally:
        os.close(handle)


def _copies(table: Table, spots: np.ndarray, sizes: np.ndarray, targets: np.ndarray) -> list[Copy]:
    starts, crcs = table.entries["offset"][spots].astype(np.int64), table.entries["crc"][spots]
    return [
        Copy(shard, starts[group], sizes[group], crcs[group], targets[group]) for shard, group in table.by_shard(spots)
    ]


def _shape_texts(entries: np.ndarray) -> list[str]:
    """Shapes as text; there are few distinct ones, and each is made once."""
    shapes = zip(map(tuple, entries["shape"].tolist()), entries["ndim"].tolist(), strict=True)
    made: dict[tuple, str] = {}
    return [made.get(shape) or made.setdefault(shape, shape_text(shape[0][: shape[1]])) for shape in shapes]
