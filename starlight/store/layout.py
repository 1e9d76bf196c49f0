"""Which record goes where in the output: into parts, by the first bits of its key.

A new image changes one part and leaves all others as they are, byte for byte; so neither this program nor DVC, nor a
remote storage, handles them again. A part's name tells its content, which is therefore known before it is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from starlight.store.copying import Records
from starlight.store.picking import Picked

__all__ = ["Layout", "lay_out", "part_bits", "part_number"]

_IMAGES = 8  # to a part, at least, on average; fewer would be less to write again and more files for DVC to look at
_MOST = 12  # bits: no more than 4096 parts, whatever the number of images
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
    numbers = part_number(keys, bits)
    order = np.argsort(np.tile(numbers, len(streams)), kind="stable")
    bases = np.cumsum([0, *(len(p.shards) for p in streams)])
    shard = np.concatenate([p.shard + np.uint32(base) for p, base in zip(streams, bases[:-1], strict=True)])[order]
    starts, lengths, crcs = (np.concatenate([getattr(p, name) for p in streams])[order] for name in _COLUMNS)
    present, firsts = np.unique(numbers, return_index=True)
    bounds = np.append(firsts, len(keys)) * len(streams)
    told = np.empty(len(order), _TOLD)
    told["key"], told["length"], told["crc"] = keys[order % len(keys)], lengths, crcs
    held = lengths > 0
    ends = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    offsets = np.empty(len(order), np.int64)
    offsets[order] = np.where(held, ends[:-1] - np.repeat(ends[bounds[:-1]], np.diff(bounds)), -1)
    return Layout(
        bits,
        [_name(number, told[a:b]) for number, a, b in zip(present, bounds[:-1], bounds[1:], strict=True)],
        np.concatenate([[0], np.cumsum(held)])[bounds],
        Records(shard[held], starts[held], lengths[held].astype(np.int64), crcs[held]),
        [path for p in streams for path in p.shards],
        dict(zip(picked, offsets.reshape(len(streams), -1), strict=True)),
    )


_COLUMNS = ("starts", "lengths", "crcs")


def _name(number: int, told: np.ndarray) -> str:
    return f"{number:03x}-{hashlib.sha256(told.tobytes()).hexdigest()[:16]}.bin"
