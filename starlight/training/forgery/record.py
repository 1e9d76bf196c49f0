"""What was found in one image as an array of bytes, for the store; masks are compressed, nothing is pickled."""

from __future__ import annotations

import io
import zlib
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from starlight.forgery.candidates import COPY, ERASING, SPLICE, Suspicions

__all__ = ["KINDS", "Found", "packed", "plane", "planes", "unpacked"]

KINDS = (COPY, SPLICE, ERASING)


class Found(NamedTuple):
    """Suspicions of an image.

    table : (n, columns) float32, facts of each and of the image.
    kinds : (n,) uint8, places in `KINDS`.
    first, second : lists of bytes, masks: of a copy-move its two regions, of others the mask and nothing.
    shape : (height, width)
    """

    table: np.ndarray
    kinds: np.ndarray
    first: list[bytes]
    second: list[bytes]
    shape: tuple[int, int]


def planes(mask: np.ndarray) -> bytes:
    """A mask, bool (h, w), as bytes."""
    return zlib.compress(np.packbits(mask).tobytes(), 6)


def plane(data: bytes, shape: tuple[int, int]) -> np.ndarray:
    """What `planes` made bytes of."""
    height, width = shape
    bits = np.unpackbits(np.frombuffer(zlib.decompress(data), np.uint8), count=height * width)
    return bits.reshape(height, width).astype(bool)


def packed(suspicions: Suspicions, shape: tuple[int, int]) -> np.ndarray:
    """Suspicions of an image of this shape as a record, uint8 (n,)."""
    empty = np.zeros(shape, bool)
    first = [planes(c.mask if c.source is None else c.source) for c in suspicions.candidates]
    second = [planes(empty if c.target is None else c.target) for c in suspicions.candidates]
    buffer = io.BytesIO()
    np.savez(
        buffer, table=suspicions.table, shape=np.array(shape, np.int64),
        kinds=np.array([KINDS.index(c.kind) for c in suspicions.candidates], np.uint8),
        sizes=np.array([[len(a), len(b)] for a, b in zip(first, second, strict=True)], np.int64).reshape(-1, 2),
        masks=np.frombuffer(b"".join(a + b for a, b in zip(first, second, strict=True)), np.uint8),
    )  # fmt: skip
    return np.frombuffer(buffer.getvalue(), np.uint8)


def unpacked(record: np.ndarray) -> Found:
    """What `packed` made a record of."""
    with np.load(io.BytesIO(record.tobytes()), allow_pickle=False) as said:
        ends = np.cumsum([0, *said["sizes"].ravel()])
        data = said["masks"].tobytes()
        parts = [data[a:b] for a, b in pairwise(ends)]
        return Found(said["table"], said["kinds"], parts[::2], parts[1::2], tuple(int(s) for s in said["shape"]))
