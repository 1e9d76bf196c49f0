"""Levels that are filled evenly in groups of 2, 4, 8 or 16, where groups that lie between them are not.

A cipher in the k lowest bits of every sample, in a part of the scan or in all of it, makes the 2^k values that share
their upper bits equally frequent, to the sampling error; nothing else does so in just the groups that begin at a
multiple of 2^k (A. Westfeld, A. Pfitzmann, "Attacks on Steganographic Systems", Information Hiding 1999). How uneven
this very picture's histogram is elsewhere is told by the same groups moved by half their width: a smooth histogram is
even in both and says nothing, and neither does one that is uneven in both.

The evidence of one group is the logarithm of how much likelier its chi-square is under even filling than under the
spread that the moved groups have at the median. It is summed over the groups, and so is not carried by a few levels.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np

from starlight.findings.blocks import different
from starlight.findings.finding import Finding
from starlight.images.image import Image
from starlight.streams.spatial.counts import byte_histogram

__all__ = ["even_levels"]

_BANDS = 16  # of rows, and of columns
_COARSE = 8  # of either, at the first look
_SMALLEST = 4096  # samples under which no evidence suffices
_DEPTHS = (1, 2, 3, 4)  # bits
_MEDIANS = {1: 0.4549, 3: 2.366, 7: 6.346, 15: 14.339}  # of chi-square, by degrees of freedom
_FEWEST = 8  # samples for each value of a group, on average
_MOST = 6.0  # natural logarithms that one group counts at most
_ENOUGH = {1: 45.0, 2: 30.0, 3: 30.0, 4: 30.0}  # bits, by depth
_HINT = 3.0  # bits in pairs of values at the first look, without which deeper planes are not looked at
_WORTH_A_LOOK = {
    1: 20.0,
    2: 10.0,
    3: 10.0,
    4: 10.0,
}  # bits at the first look, by depth, without which there is no second
_CLEARLY = 1.2  # times as much must columns say as rows, which are what most programs write along
_NAMES = {1: ("grey",), 3: ("red", "green", "blue")}


class _Seen(NamedTuple):
    """The best evidence: bits beyond what is enough, how many planes, which channels, and the part of the scan."""

    surplus: float
    depth: int
    channels: tuple[int, ...]
    along: str
    first: int
    last: int


def even_levels(image: Image) -> list[Finding]:
    """Find low bits of a lossless picture that a cipher replaced one after the other.

    Parameters
    ----------
    image : Image

    Returns
    -------
    list of Finding
        At most one for the colours and one for the indices. The payload is empty: a cipher says nothing, and where it
        ends is known to a sixteenth of the picture.
    """
    if not image.container.lossless:
        return []
    if image.indices is not None:
        return _found(image.indices[None], ("the index",), "palette")
    planes = np.moveaxis(image.pixels, 2, 0)
    return _found(planes, _NAMES[len(planes)], "lsbr")


def _found(planes: np.ndarray, names: tuple[str, ...], technique: str) -> list[Finding]:
    distinct = different(planes)
    if planes[0].size * len(distinct) < _SMALLEST or min(planes.shape[1:]) < _BANDS:
        return []
    best = None
    for along, axis in (("rows", 0), ("columns", 1)):
        if not _promising(np.stack([_histograms(planes[i], axis, _COARSE) for i in distinct])):
            continue
        counts = np.stack([_histograms(planes[i], axis, _BANDS) for i in distinct])
        seen = _best(counts, along, planes.shape[1 + axis])
        if best is None or seen.surplus > _CLEARLY * abs(best.surplus):
            best = seen
    if best is None or best.surplus < 0:
        return []
    k = best.depth
    chosen = ", ".join(names[distinct[i]] for i in best.channels)
    where = f"in the lowest {'bit' if k == 1 else f'{k} bits'} of {chosen}, {best.along} {best.first} to {best.last}"
    return [Finding(technique if k == 1 else "other", where, "random bits", b"")]


def _histograms(plane: np.ndarray, axis: int, parts: int) -> np.ndarray:
    """(parts + 1, 256) int64 counts of values before each border between equal parts of the rows, or the columns."""
    lines = np.ascontiguousarray(plane if axis == 0 else plane.T)
    borders = np.linspace(0, len(lines), parts + 1).astype(int)
    counts = np.zeros((parts + 1, 256), np.int64)
    for i, (first, last) in enumerate(itertools.pairwise(borders.tolist())):
        counts[i + 1] = counts[i] + byte_histogram(lines[first:last])
    return counts


def _best(counts: np.ndarray, along: str, length: int) -> _Seen:
    """The best evidence in cumulative counts (channels, bands + 1, 256), over depths, channels, parts of the scan."""
    found = [(bits - _ENOUGH[k], k, channels, part) for k in _DEPTHS for bits, channels, part in _strongest(counts, k)]
    surplus, k, channels, part = max(found)
    first, last = (border * length // _BANDS for border in part)
    return _Seen(surplus, k, channels, along, first, last)


def _promising(counts: np.ndarray) -> bool:
    """Whether coarse parts that begin with the scan or end with it are worth a closer look."""
    pairs = max(_strongest(counts, 1, ends=True))[0]
    if pairs < _HINT:
        return False
    return pairs >= _WORTH_A_LOOK[1] or any(
        max(_strongest(counts, k, ends=True))[0] >= _WORTH_A_LOOK[k] for k in _DEPTHS[1:]
    )


def _strongest(
    counts: np.ndarray, k: int, *, ends: bool = False
) -> list[tuple[float, tuple[int, ...], tuple[int, int]]]:
    """Bits of evidence in each channel and in all of them, which those are, and from which border to which."""
    first, last = np.triu_indices(counts.shape[1], 1)
    if ends:
        first, last = (border[(first == 0) | (last == counts.shape[1] - 1)] for border in (first, last))
    each = _evidence(counts[:, last] - counts[:, first], k)
    some = [((i,), bits) for i, bits in enumerate(each)] + [(tuple(range(len(each))), each.sum(axis=0))]
    places = [(channels, bits, int(bits.argmax())) for channels, bits in some]
    return [(float(bits[at]), channels, (int(first[at]), int(last[at]))) for channels, bits, at in places]


def _evidence(counts: np.ndarray, k: int) -> np.ndarray:
    """Bits of evidence (...) in histograms (..., 256) that their k lowest bits were replaced."""
    free = 2**k - 1
    even, enough = _chi_square(counts, k, 0)
    moved, usable = _chi_square(counts, k, 2 ** (k - 1))
    ranked = np.sort(np.where(usable, moved, np.inf), axis=-1)
    middle = np.maximum(usable.sum(axis=-1) - 1, 0) // 2
    spread = np.take_along_axis(ranked, middle[..., None], axis=-1)[..., 0] / _MEDIANS[free]
    spread = np.where(np.isfinite(spread), np.maximum(spread, 1.0), 1.0)[..., None]
    likelier = -even / 2 * (1 - 1 / spread) + free / 2 * np.log(spread)
    return np.where(enough, np.minimum(likelier, _MOST), 0.0).sum(axis=-1) / math.log(2)


def _chi_square(counts: np.ndarray, k: int, shift: int) -> tuple[np.ndarray, np.ndarray]:
    """Chi-square of each group of 2^k values from `shift` on, and whether it has samples enough."""
    width = 2**k
    groups = counts[..., shift : 256 - (width - shift if shift else 0)]
    groups = groups.reshape(*groups.shape[:-1], -1, width).astype(np.float32)
    total = _summed(groups)
    square = _summed(groups * groups) * width / np.maximum(total, 1) - total
    return np.maximum(square, 0), total >= _FEWEST * width


def _summed(groups: np.ndarray) -> np.ndarray:
    """Sums along a last axis of 2^k entries, by halves: `sum` along so short an axis takes five times as long."""
    while groups.shape[-1] > 1:
        groups = groups[..., ::2] + groups[..., 1::2]
    return groups[..., 0]
