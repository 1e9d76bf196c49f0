"""Copies records out of their shards into one file, every one checked on the way.

Records that follow each other in a shard and in the file too go together: shards hold consecutive keys, so that most
of a shard is read at once, checked record by record, and written at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from starlight.errors import StarlightError

__all__ = ["PIECE", "Copy", "copy_records"]

PIECE = 1 << 20  # bytes; what is read is still in the processor's cache when it is checked and written


@dataclass(frozen=True)
class Copy:
    """What to take from one shard, in the order of the shard: `n` records that are not empty.

    Attributes
    ----------
    shard : Path
    starts, lengths : int64 (n,)
        Bytes in the shard.
    crcs : uint32 (n,)
        Of each record.
    targets : int64 (n,)
        Where each goes in the file.
    """

    shard: Path
    starts: np.ndarray
    lengths: np.ndarray
    crcs: np.ndarray
    targets: np.ndarray

    def runs(self) -> Iterator[tuple[int, int]]:
        """First and past-the-last record of what is contiguous on both sides and, but for one long record, a piece."""
        ends = self.starts + self.lengths
        apart = (ends[:-1] != self.starts[1:]) | (self.targets[:-1] + self.lengths[:-1] != self.targets[1:])
        pieces = ends // PIECE
        bounds = np.flatnonzero(apart | (pieces[:-1] != pieces[1:])) + 1
        return zip([0, *bounds.tolist()], [*bounds.tolist(), len(self.starts)], strict=True)


def copy_records(copies: list[Copy], path: Path, threads: int) -> list[Path]:
    """Copy records into a file that exists and is long enough.

    Parameters
    ----------
    copies : list of Copy
        One for each shard.
    path : Path
    threads : int
        Shards at a time. Reading, checking and writing are done without the interpreter's lock.

    Returns
    -------
    list of Path
        Shards that are gone, too short, or have a record whose checksum is wrong. The rest has been copied.

    Raises
    ------
    OSError
        The file cannot be written.
    StarlightError
        A shard cannot be read.
    """
    pool, buffers = ThreadPoolExecutor(max(1, threads)), threading.local()
    try:
        good = list(pool.map(lambda copy: _copy_shard(copy, path, buffers), copies))
    finally:
        pool.shutdown(cancel_futures=True)
    return [copy.shard for copy, fine in zip(copies, good, strict=True) if not fine]


def _copy_shard(copy: Copy, path: Path, buffers: threading.local) -> bool:
    """Whether every record was there and right; what follows a bad one is copied all the same."""
    runs = list(copy.runs())
    starts, lengths, crcs = copy.starts.tolist(), copy.lengths.tolist(), copy.crcs.tolist()
    targets = copy.targets.tolist()
    sizes = [starts[last - 1] + lengths[last - 1] - starts[first] for first, last in runs]
    buffer = _buffer(buffers, max(sizes))
    good = True
    try:
        source = copy.shard.open("rb", buffering=0)
    except FileNotFoundError:  # merged away by another process, or deleted
        return False
    with source, path.open("r+b", buffering=0) as target:
        for (first, last), size in zip(runs, sizes, strict=True):
            view = buffer[:size]
            _read(source, starts[first], view)
            good &= _right(view, lengths[first:last], crcs[first:last])
            target.seek(targets[first])
            while view:
                view = view[target.write(view) :]
    return good


def _buffer(buffers: threading.local, size: int) -> memoryview:
    """This thread's buffer, the same for all shards: to ask the system for fresh memory costs more than to copy."""
    if not hasattr(buffers, "mine") or len(buffers.mine) < size:
        buffers.mine = memoryview(bytearray(max(size, PIECE)))
    return buffers.mine


def _read(source, start: int, view: memoryview) -> None:
    """Fill `view`; what lies past the end of the file is zeros, which no checksum of a record takes for it."""
    try:
        source.seek(start)
        while view:
            count = source.readinto(view)
            if not count:
                view[:] = bytes(len(view))
                return
            view = view[count:]
    except OSError as error:
        raise StarlightError(f"{source.name}: cannot be read: {error.strerror or error}") from error


def _right(view: memoryview, lengths: list[int], crcs: list[int]) -> bool:
    start = 0
    for length, crc in zip(lengths, crcs, strict=True):
        if crc32(view[start : start + length]) != crc:
            return False
        start += length
    return True
