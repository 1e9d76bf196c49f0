"""Which records of a table a run needs, and where they lie: all that is kept of a table once it has been looked at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from starlight.errors import StarlightError
from starlight.store.reader import shape_text
from starlight.store.shard import DTYPES
from starlight.store.table import Table

__all__ = ["Picked", "pick"]


@dataclass(frozen=True)
class Picked:
    """Records of one stream for n keys.

    Attributes
    ----------
    dtype : np.dtype
    texts : list of str
        Distinct shapes, as in the index.
    codes : intp (n,)
        Which of them.
    shards : list of Path
    shard : uint32 (n,)
        Which of them.
    starts : int64 (n,)
        First byte in the shard.
    lengths : uint32 (n,)
        Bytes; 0 where a record is all zeros, which takes no room.
    crcs : uint32 (n,)
        Of each record, 0 where it is all zeros.
    """

    dtype: np.dtype
    texts: list[str]
    codes: np.ndarray
    shards: list[Path]
    shard: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    crcs: np.ndarray


def pick(table: Table, keys: np.ndarray) -> Picked | None:
    """Look up the records of `keys`, uint64 (n,), sorted; None where one is absent.

    Raises
    ------
    StarlightError
        Records of one stream differ in type.
    """
    spots = table.find(keys)
    if spots is None:
        return None
    entries = table.entries[spots]
    if len(entries) and (entries["dtype"] != entries["dtype"][0]).any():
        raise StarlightError(f"{table.folder}: records of more than one type")
    dtype = DTYPES[int(entries["dtype"][0])] if len(entries) else DTYPES[0]
    dims = np.where(np.arange(4) < entries["ndim"][:, None], entries["shape"], 1).astype(np.int64)
    lengths = np.where(entries["zero"] != 0, 0, dims.prod(axis=1) * dtype.itemsize).astype(np.uint32)
    texts, codes = _shapes(entries)
    return Picked(
        dtype, texts, codes, table.shards, table.places[spots, 0], entries["offset"].astype(np.int64), lengths,
        np.where(lengths, entries["crc"], 0).astype(np.uint32),
    )  # fmt: skip


def _shapes(entries: np.ndarray) -> tuple[list[str], np.ndarray]:
    rows = np.column_stack([entries["ndim"], entries["shape"]]).astype(np.uint32)
    if (rows == rows[:1]).all():  # most streams have one shape, and to sort takes longer than to see that
        texts, codes = rows[:1], np.zeros(len(rows), np.intp)
    else:
        whole = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.itemsize * rows.shape[1])))[:, 0]
        _, firsts, codes = np.unique(whole, return_index=True, return_inverse=True)
        texts = rows[firsts]
    return [shape_text(tuple(row[1 : 1 + row[0]])) for row in texts.tolist()], codes
