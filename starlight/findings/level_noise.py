"""Changes by one in a drawn picture: LSB matching where every area has one level and nothing else makes noise.

Noise that a program adds has a shape: where normal noise of the strength that moves so many samples by one would move
some by two, and none is moved by two, it was none. Changes by a payload are as often up as down, at the same rate at
each level and in each channel, and know nothing of their neighbours; dithering, codecs and antialiasing do.
"""

from __future__ import annotations

import math

import numpy as np

from starlight.findings.blocks import SIDE, different, of_pixels
from starlight.findings.finding import Finding
from starlight.images.image import Image

__all__ = ["level_noise"]

_SHARE = 0.25  # of a block's samples that have its level, at the least
_FULL = 0.52  # of all samples, that a payload of a bit in each changes at the most
_REACH = 3  # from the level, within which all of a block's samples lie
_FEWEST = 64  # blocks of one channel
_LEVELS = 2  # of each channel, at the least
_STRAYS = 1  # samples of a flat block that noise may move by two and more
_MISSED = 25.0  # samples of all channels that normal noise would move by two, of which hardly any are
_MOST_BY_TWO = 0.15  # of them
_DEVIATIONS = 4.5  # from what independent changes give, in standard errors
_OUTSIDE = 99  # a sample of no flat block
_NAMES = {1: ("grey",), 3: ("red", "green", "blue")}


def level_noise(image: Image) -> list[Finding]:
    """Find LSB matching in a lossless picture of flat areas.

    Parameters
    ----------
    image : Image

    Returns
    -------
    list of Finding
        One at most, its payload empty: a cipher says nothing.
    """
    if not image.container.lossless or image.indices is not None:
        return []
    planes = np.moveaxis(image.pixels, 2, 0)
    distinct = different(planes)
    if len(distinct) < len(planes) and len(distinct) > 1:
        return []  # noise that is the same in some channels and not in others was added by a program
    span = np.subtract(*of_pixels(image)[::-1])
    changes = [_changes(planes[i], span[i], _MISSED / len(distinct)) for i in distinct]
    seen = [change for change in changes if change is not None]
    if len(seen) < len(distinct) or _related(seen):
        return []
    samples = sum(int((change != _OUTSIDE).sum()) for change in seen)
    rate = 2 * sum(int((np.abs(change) == 1).sum()) for change in seen) / samples
    names = ", ".join(_NAMES[len(planes)][i] for i in distinct)
    return [Finding("lsbm", f"in flat areas of {names}", f"changes by one at {rate:.2f} bits a sample", b"")]


def _changes(plane: np.ndarray, span: np.ndarray, missed: float) -> np.ndarray | None:
    """Distances (h, w) int8 of samples from the levels of their blocks; None where nothing speaks of LSB matching.

    `span` is how far apart the samples of each block lie at the most, (rows, columns) uint8.
    """
    near = (span <= 2 * _REACH) & (span > 0)
    if np.count_nonzero(near) < _FEWEST:
        return None  # nearly all photographs end here
    rows, columns = near.shape
    lines = plane[: rows * SIDE, : columns * SIDE].reshape(rows, SIDE, columns, SIDE)
    blocks = lines.swapaxes(1, 2)[near].reshape(-1, SIDE * SIDE).astype(np.int16)
    middle = np.sort(blocks, axis=1)[:, SIDE * SIDE // 2 - 1 : SIDE * SIDE // 2 + 1]
    levels = (middle[:, 0] + middle[:, 1]) // 2  # the median; `numpy.median` takes four times as long
    moved = blocks - levels[:, None]
    flat = ((moved == 0).mean(axis=1) >= _SHARE) & (levels >= _REACH) & (levels <= 255 - _REACH)
    flat &= (np.abs(moved).max(axis=1) <= _REACH) & ~_edged(moved)
    if (
        flat.sum() < _FEWEST
        or len(np.unique(levels[flat])) < _LEVELS
        or not _matching(moved[flat], levels[flat], missed)
    ):
        return None
    out = np.full((rows, columns, SIDE * SIDE), _OUTSIDE, np.int8)
    out[tuple(places[flat] for places in np.nonzero(near))] = moved[flat]
    return out.reshape(rows, columns, SIDE, SIDE).swapaxes(1, 2).reshape(rows * SIDE, columns * SIDE)


def _edged(moved: np.ndarray) -> np.ndarray:
    """Blocks (n,) of distances (n, 64) that a border between two close levels runs through."""
    up, down = (moved == 1).sum(axis=1), (moved == -1).sum(axis=1)
    return ((np.abs(moved) > 1).sum(axis=1) > _STRAYS) | (np.abs(up - down) > _DEVIATIONS * np.sqrt(up + down))


def _matching(moved: np.ndarray, levels: np.ndarray, missed: float) -> bool:
    """Whether distances (blocks, 64) from levels (blocks,) are those of LSB matching."""
    up, down, far = (int((moved == 1).sum()), int((moved == -1).sum()), int((np.abs(moved) > 1).sum()))
    share = (up + down) / moved.size
    if not 0 < share < _FULL or abs(up - down) > _DEVIATIONS * math.sqrt(up + down):
        return False
    expected = moved.size * _by_two(share)
    if expected < missed or far > _MOST_BY_TWO * expected:
        return False
    each = np.abs(moved).sum(axis=1)
    spread = share * (1 - share) * moved.shape[1]
    if abs(each.var() / spread - 1) > _DEVIATIONS * math.sqrt(2 / len(each)):
        return False  # more in some blocks than in others
    blocks = moved.reshape(-1, SIDE, SIDE)
    pairs = [
        (blocks[:, 1:], blocks[:, :-1]),
        (blocks[:, :, 1:], blocks[:, :, :-1]),
        (blocks[:, 1:, 1:], blocks[:, :-1, :-1]),
    ]
    return not any(_correlated(a, b, share) for a, b in pairs) and _even(np.abs(moved).sum(axis=1), levels, share)


def _by_two(share: float) -> float:
    """Share of samples that normal noise moves by two or more, which moves so many at all: P(|x| > 1.5)."""
    low, high = 0.05, 2.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if math.erfc(0.5 / middle / math.sqrt(2)) < share else (low, middle)
    return math.erfc(1.5 / low / math.sqrt(2))


def _correlated(one: np.ndarray, other: np.ndarray, share: float) -> bool:
    """Whether changes, or that there is one, go together at two places."""
    n = one.size
    if abs(float((one * other).sum())) > _DEVIATIONS * share * math.sqrt(n):
        return True
    both = float(((one != 0) & (other != 0)).sum())
    return abs(both - n * share**2) > _DEVIATIONS * share * math.sqrt(n)


def _even(changed: np.ndarray, levels: np.ndarray, share: float) -> bool:
    """Whether each level has its share of changes."""
    place = np.unique(levels, return_inverse=True)[1]
    samples = np.bincount(place) * SIDE * SIDE
    error = np.sqrt(samples * share * (1 - share))
    wrong = np.abs(np.bincount(place, changed) - samples * share) > _DEVIATIONS * error
    return not wrong.any()


def _related(changes: list[np.ndarray]) -> bool:
    """Whether channels change together."""
    for i, one in enumerate(changes):
        for other in changes[:i]:
            here = (one != _OUTSIDE) & (other != _OUTSIDE)
            if here.any() and _correlated(
                one[here].astype(int), other[here].astype(int), float((one[here] != 0).mean())
            ):
                return True
    return False
