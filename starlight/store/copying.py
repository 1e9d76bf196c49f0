"""Reads records, checks every one, and writes them where they belong.

Records that follow each other in a file go together: shards hold consecutive keys, so that much is read at once,
checked record by record, and written at once.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from starlight.errors import StarlightError

__all__ = ["PIECE", "Records", "check", "each", "write"]

PIECE = 1 << 20  # bytes; what is read is still in the processor's cache when it is checked and written
_MINE = threading.local()  # a buffer for each thread: to ask the system for fresh memory costs more than to copy


@dataclass(frozen=True)
class Records:
    """Records that are not empty, n of them, in the order in which they are wanted.

    Attributes
    ----------
    file : unsigned (n,)
        Which file each is in.
    starts, lengths : int64 (n,)
        Bytes.
    crcs : uint32 (n,)
    """

    file: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    crcs: np.ndarray

    def __getitem__(self, which: slice | np.ndarray) -> Records:
        return Records(self.file[which], self.starts[which], self.lengths[which], self.crcs[which])

    def __len__(self) -> int:
        return len(self.file)

    def runs(self) -> Iterator[tuple[int, int]]:
        """First and past-the-last record of what is contiguous in one file and, but for one long record, a piece."""
        ends = self.starts + self.lengths
        pieces = ends // PIECE
        apart = (self.file[:-1] != self.file[1:]) | (ends[:-1] != self.starts[1:]) | (pieces[:-1] != pieces[1:])
        bounds = (np.flatnonzero(apart) + 1).tolist()
        return zip([0, *bounds], [*bounds, len(self)], strict=True)

    def packed(self) -> Records:
        """The same records in one file that has them one after another."""
        return Records(np.zeros_like(self.file), np.cumsum(self.lengths) - self.lengths, self.lengths, self.crcs)

    def in_order(self) -> Records:
        """The same records file by file, each from its beginning."""
        return self[np.lexsort((self.starts, self.file))]


def check(records: Records, files: Sequence[Path]) -> set[int]:
    """Files that are gone, too short, or have a record whose checksum is wrong.

    Raises
    ------
    StarlightError
        A file cannot be read.
    """
    return _pass(records, files, lambda view: None)


def write(records: Records, files: Sequence[Path], path: Path) -> set[int]:
    """Write records into a new file, one after another.

    Parameters
    ----------
    records : Records
    files : sequence of Path
        That the records lie in.
    path : Path
        The new file.

    Returns
    -------
    set of int
        Files as from `check`; where there are any, what has been written is of no use.

    Raises
    ------
    OSError
        The new file cannot be written.
    StarlightError
        A file cannot be read.
    """
    with path.open("xb", buffering=0) as target:
        total = int(records.lengths.sum())
        if total and hasattr(os, "posix_fallocate"):  # a full disk shows before the work is done
            os.posix_fallocate(target.fileno(), 0, total)

        def append(view: memoryview) -> None:
            while view:
                view = view[target.write(view) :]

        return _pass(records, files, append)


def each(task: Callable[[int], set[int]], numbers: Sequence[int], threads: int) -> set[int]:
    """Do a task for each number, in threads, and join what it gives.

    Threads do, since most of the work needs no interpreter's lock.

    Parameters
    ----------
    task : callable
        int -> set of int.
    numbers : sequence of int
    threads : int

    Returns
    -------
    set of int
    """
    pool = ThreadPoolExecutor(max(1, threads))
    try:
        return set().union(*pool.map(task, numbers))
    finally:
        pool.shutdown(cancel_futures=True)


def _pass(records: Records, files: Sequence[Path], use: Callable[[memoryview], None]) -> set[int]:
    """Read all records, use what was read, and return the numbers of files with a fault."""
    bad: set[int] = set()
    if not len(records):
        return bad
    numbers, starts, lengths, crcs = (
        values.tolist() for values in (records.file, records.starts, records.lengths, records.crcs)
    )
    with contextlib.ExitStack() as stack:
        opened: dict[int, object] = {}
        for first, last in records.runs():
            number = numbers[first]
            if number not in opened:
                opened[number] = _open(files[number], stack)
            view = _buffer(starts[last - 1] + lengths[last - 1] - starts[first])
            _read(opened[number], starts[first], view)
            if not _right(view, lengths[first:last], crcs[first:last]):
                bad.add(number)
            use(view)
    return bad


def _open(path: Path, stack: contextlib.ExitStack):
    try:
        return stack.enter_context(path.open("rb", buffering=0))
    except FileNotFoundError:  # merged away by another process, or deleted
        return None
    except OSError as error:
        raise StarlightError(f"{path}: cannot be read: {error.strerror or error}") from error


def _buffer(size: int) -> memoryview:
    if not hasattr(_MINE, "buffer") or len(_MINE.buffer) < size:
        _MINE.buffer = memoryview(bytearray(max(size, PIECE)))
    return _MINE.buffer[:size]


def _read(source, start: int, view: memoryview) -> None:
    """Fill `view`; what lies past the end of the file is zeros, which no checksum of a record takes for it."""
    if source is None:
        view[:] = bytes(len(view))
        return
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
