"""A shard: one immutable file with records, an index and a footer, each under a checksum.

Layout: magic (8 bytes), the records one after another, the index (an array of `ENTRY`), and `FOOTER`. A record is
the bytes of an array in C order, little-endian; one that is all zero bytes takes no room.
"""

from __future__ import annotations

import contextlib
import io
import math
import mmap
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from starlight.errors import StarlightError
from starlight.store.atomic import locked_file
from starlight.system.atomic import sync_folder
from starlight.system.room import NoRoom, is_full

__all__ = ["DTYPES", "ENTRY", "SUFFIX", "DamagedShard", "Shard", "ShardWriter", "read_index"]

SUFFIX = ".shard"
MAGIC = b"SLSHARD1"
DTYPES = tuple(np.dtype(code) for code in ("u1", "i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f4", "<f8", "?"))
ENTRY = np.dtype([
    ("key", "<u8"), ("offset", "<u8"), ("crc", "<u4"), ("dtype", "u1"), ("ndim", "u1"), ("zero", "u1"), ("spare", "u1"),
    ("shape", "<u4", (4,)),
])  # fmt: skip
FOOTER = np.dtype([("entries", "<u8"), ("offset", "<u8"), ("crc", "<u4"), ("footer_crc", "<u4"), ("magic", "S8")])
_FOOTER = struct.Struct("<QQII8s")  # the same for one, which there are thousands of to read


class DamagedShard(Exception):
    """A shard, or a record of one, is not what was written."""


class ShardWriter:
    """Writes one shard; nothing of it is seen before `publish`.

    Parameters
    ----------
    folder : Path
        Must exist.

    Raises
    ------
    StarlightError
        From any method, when the disk cannot be written; the message names the folder. `NoRoom` where it is full.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.entries, self.offset = folder, [], len(MAGIC)
        with self._clear():
            handle, self.partial = locked_file(folder)
            self.stream = os.fdopen(handle, "wb", buffering=1 << 20)
            self.stream.write(MAGIC)

    def add(self, key: int, array: np.ndarray) -> None:
        """Append a record of up to four dimensions under a 64-bit key."""
        array = np.ascontiguousarray(array)
        if array.ndim > 4 or array.dtype.newbyteorder("<") not in DTYPES:
            raise TypeError(f"a record cannot be an array of {array.dtype} with {array.ndim} dimensions")
        dtype = array.dtype.newbyteorder("<")
        array = array.astype(dtype, copy=False)
        raw = array.reshape(-1).view(np.uint8)
        zero = not raw.any()
        entry = np.zeros((), ENTRY)
        entry["key"], entry["offset"], entry["zero"] = key, self.offset, zero
        entry["dtype"], entry["ndim"], entry["shape"][: array.ndim] = DTYPES.index(dtype), array.ndim, array.shape
        entry["crc"] = 0 if zero else zlib.crc32(raw)
        if not zero:
            with self._clear():
                self.stream.write(raw.data)
            self.offset += raw.size
        self.entries.append(entry)

    def publish(self) -> Path | None:
        """Write index and footer, sync, and rename; returns the shard's path, None if it would be empty."""
        if not self.entries:
            self.abandon()
            return None
        index = np.array(self.entries, ENTRY).tobytes()
        footer = np.zeros((), FOOTER)
        footer["entries"], footer["offset"], footer["crc"] = len(self.entries), self.offset, zlib.crc32(index)
        footer["magic"] = MAGIC
        footer["footer_crc"] = zlib.crc32(footer.tobytes())
        path = self.partial.with_name(self.partial.name.split(".")[1] + SUFFIX)
        with self._clear():
            self.stream.write(index + footer.tobytes())
            self.stream.flush()
            os.fsync(self.stream.fileno())
            os.replace(self.partial, path)
            self.stream.close()
            sync_folder(self.folder)
        return path

    @property
    def record(self) -> float:
        """Bytes of a record, on average; 0 before the first."""
        return self.offset / len(self.entries) if self.entries else 0.0

    def abandon(self) -> None:
        """Drop what was written."""
        with contextlib.suppress(OSError):  # the disk may be full: closing flushes
            self.stream.close()
        self.partial.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _clear(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            if is_full(error):
                raise NoRoom(str(self.folder), reason, self.record) from error
            raise StarlightError(f"{self.folder}: cannot write to the store: {reason}") from error


class Shard:
    """A shard opened for reading, memory-mapped. Use as a context manager.

    Raises
    ------
    DamagedShard
        The file is shorter, longer or other than what was written.
    FileNotFoundError
        It is gone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb", buffering=0) as stream:
            self.index = _index(path, stream)
            self.map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)

    def record(self, row: int) -> np.ndarray:
        """Array of one index row, checked; a read-only copy.

        Raises
        ------
        DamagedShard
            The checksum is wrong.
        """
        entry = self.index[row]
        key, start, crc, code, ndim, zero, _, dims = entry.tolist()
        shape, dtype = tuple(dims[:ndim]), DTYPES[code]
        if zero:
            return np.zeros(shape, dtype)
        length = nbytes(shape, dtype)
        raw = self.map[start : start + length]
        if len(raw) != length or zlib.crc32(raw) != crc:
            raise DamagedShard(f"{self.path}: record {key:016x}")
        return np.frombuffer(raw, dtype).reshape(shape)

    def __enter__(self) -> Shard:
        return self

    def __exit__(self, *_: object) -> None:
        self.map.close()


def read_index(path: Path) -> np.ndarray:
    """Index of a shard, an array of `ENTRY`, without mapping its records.

    Raises
    ------
    DamagedShard, FileNotFoundError
        As from `Shard`.
    """
    with path.open("rb", buffering=0) as stream:
        return _index(path, stream)


def _index(path: Path, stream: io.RawIOBase) -> np.ndarray:
    size = os.fstat(stream.fileno()).st_size
    if size < len(MAGIC) + FOOTER.itemsize:
        raise DamagedShard(f"{path}: too short")
    magic = stream.read(len(MAGIC))
    stream.seek(size - FOOTER.itemsize)
    count, start, crc, claimed, last = _FOOTER.unpack(stream.read(FOOTER.itemsize))
    if zlib.crc32(_FOOTER.pack(count, start, crc, 0, last)) != claimed or last != MAGIC or magic != MAGIC:
        raise DamagedShard(f"{path}: footer")
    if start + count * ENTRY.itemsize + FOOTER.itemsize != size:
        raise DamagedShard(f"{path}: length")
    stream.seek(start)
    raw = stream.read(count * ENTRY.itemsize)
    if zlib.crc32(raw) != crc:
        raise DamagedShard(f"{path}: index")
    return np.frombuffer(raw, ENTRY)


def nbytes(shape: Sequence[int], dtype: np.dtype) -> int:
    """Length in bytes of an array."""
    return math.prod(shape) * dtype.itemsize
