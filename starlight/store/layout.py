"""Which record goes where in the output: into parts, by the first bits of its key.

A new image changes one part and leaves all others as they are, byte for byte; so neither this program nor DVC, nor a
remote storage, handles them again. A part's name tells its content, which is therefore known before it is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from starlight.store.copying import Records
from starlight.store.picking import Picked

__all__ = ["Layout", "lay_out", "part_bits", "part_number"]

_IMAGES = 8  # to a part, at least, on average; fewer would be less to write again and more files for DVC to look at
_MOST = 12  # bits: no more than 4096 parts, whatever the number of images
_AT_ONCE = 1 << 13  # images
_TOLD = np.dtype([("key", "<u8"), ("length", "<u4"), ("crc", "<u4")])


@dataclass(frozen=True)
class Layout:
    """Parts, and what is in each.

    Attributes
    ----------
    bits : int
        As from `part_bits`.
    names : list of str
        Of the parts that have an image, in order.
    bounds : intp (parts + 1,)
        Part k has the records from `bounds[k]` to before `bounds[k + 1]`, one after another.
    records : Records
        In the shards.
    shards : list of Path
    offsets : dict
        Stream to the first byte of each record in its part, int64 (n,), -1 where it is all zeros.
    """

    bits: int
    names: list[str]
    bounds: np.ndarray
    records: Records
    shards: list[Path]
    offsets: dict[str, np.ndarray]

    def part(self, number: int) -> Records:
        """Records of one part, in the shards."""
        return self.records[self.bounds[number] : self.bounds[number + 1]]

    def sizes(self) -> np.ndarray:
        """Length of each part in bytes, int64 (parts,)."""
        ends = np.concatenate([[0], np.cumsum(self.records.lengths, dtype=np.int64)])
        return np.diff(ends[self.bounds])


def part_bits(images: int) -> int:
    """Leading bits of the key that choose the part; they depend on the number of images alone."""
    return min(_MOST, max(0, (images // _IMAGES).bit_length() - 1))


def part_number(keys: np.ndarray, bits: int) -> np.ndarray:
    """Number of the part of each key, uint16 (n,)."""
    shifted = keys >> np.uint64(64 - bits) if bits else np.zeros_like(keys)
    return shifted.astype(np.uint16)


def lay_out(picked: Mapping[str, Picked], keys: np.ndarray) -> Layout:
    """Arrange records: part by part, within a part stream by stream, within a stream by key.

    Parameters
    ----------
    picked : mapping
        Stream to its records, in the order of `keys`.
    keys : uint64 (n,)
        Sorted.
    """
    bits, streams = part_bits(len(keys)), list(picked.values())
    numbers, firsts = np.unique(part_number(keys, bits), return_index=True)
    bases = np.cumsum([0, *(len(p.shards) for p in streams)])[:-1]
    bounds = np.append(firsts, len(keys))
    blocks = [_block(streams, bases, keys, numbers[some], bounds[some.start : some.stop + 1]) for some in _some(bounds)]
    counts = np.concatenate([np.zeros(1, np.int64), *(block.counts for block in blocks)])
    columns = zip(*(block.records for block in blocks), strict=True)
    return Layout(
        bits,
        [name for block in blocks for name in block.names],
        np.cumsum(counts),
        Records(*(np.concatenate(column) for column in columns)),
        [path for p in streams for path in p.shards],
        dict(zip(picked, np.concatenate([block.offsets for block in blocks], axis=1), strict=True)),
    )


class _Block(NamedTuple):
    """Some parts: their names, how many records each has, columns of `Records`, and offsets (streams, images)."""

    names: list[str]
    counts: np.ndarray
    records: tuple[np.ndarray, ...]
    offsets: np.ndarray


def _some(bounds: np.ndarray) -> Iterator[slice]:
    """Parts that are laid out together, so that what that takes in memory stays the same for any number of images."""
    start = 0
    while start < len(bounds) - 1:
        stop = max(start + 1, int(np.searchsorted(bounds, bounds[start] + _AT_ONCE, side="right")) - 1)
        yield slice(start, stop)
        start = stop


def _block(
    streams: Sequence[Picked], bases: np.ndarray, keys: np.ndarray, numbers: np.ndarray, bounds: np.ndarray
) -> _Block:
    """Lay out the parts of these numbers, whose images lie between `bounds`."""
    rows = slice(bounds[0], bounds[-1])
    count, sizes = bounds[-1] - bounds[0], np.diff(bounds)
    order = np.argsort(np.tile(np.repeat(numbers, sizes), len(streams)), kind="stable")
    shard = np.concatenate([p.shard[rows] + np.uint32(base) for p, base in zip(streams, bases, strict=True)])[order]
    starts, lengths, crcs = (np.concatenate([getattr(p, name)[rows] for p in streams])[order] for name in _COLUMNS)
    edges = (bounds - bounds[0]) * len(streams)
    told = np.empty(len(order), _TOLD)
    told["key"], told["length"], told["crc"] = keys[rows][order % count], lengths, crcs
    held = lengths > 0
    ends = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    offsets = np.empty(len(order), np.int64)
    offsets[order] = np.where(held, ends[:-1] - np.repeat(ends[edges[:-1]], np.diff(edges)), -1)
    return _Block(
        [_name(number, told[a:b]) for number, a, b in zip(numbers, edges[:-1], edges[1:], strict=True)],
        np.diff(np.concatenate([[0], np.cumsum(held)])[edges]),
        (shard[held], starts[held], lengths[held].astype(np.int64), crcs[held]),
        offsets.reshape(len(streams), -1),
    )


_COLUMNS = ("starts", "lengths", "crcs")


def _name(number: int, told: np.ndarray) -> str:
    return f"{number:03x}-{hashlib.sha256(told.tobytes()).hexdigest()[:16]}.bin"
