"""Low bits that are random where all bits above them are flat: an enciphered payload in a drawn picture.

Noise of a sensor, of dithering or of film does not know where a sample's higher bits change: about as many flat blocks
straddle such a border as keep within one. Whoever replaces the lowest k bits keeps within one always; the k bits then
are uniform to the sampling error, independent of their neighbours, and different in each channel. Every level at
which all of this holds adds to the evidence, in bits; what a picture without a payload reaches by chance is priced so.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from starlight.findings.blocks import SIDE, extremes, of_pixels
from starlight.findings.finding import Finding
from starlight.images.image import Image
from starlight.streams.spatial.counts import byte_histogram

__all__ = ["random_planes"]

_MOST_BITS = 4  # planes that are looked for; with five, hardly a block of a real tool's picture is flat above them
_FEWEST = 24  # random blocks of one channel, some 1,500 samples
_FEWEST_OF_LEVEL = 4  # random blocks of one value of the higher bits
_ALIGNED = 0.97  # share of them that keep within one value of the higher bits
_DEVIATIONS = 4.5  # from what independent uniform values give, in standard errors
_ENOUGH = 12.0  # bits of evidence
_ALPHA_BITS = 8.0  # what it says that a transparency has noise at all
_TOP = 6.0  # most bits that the uniformity of one degree of freedom counts
_FACTORS = np.random.default_rng(1).integers(1, 2**63, SIDE * SIDE, dtype=np.uint64)  # of a hash, modulo 2**64
_NAMES = {"rgb": ("red", "green", "blue"), "grey": ("grey",)}


class _Blocks(NamedTuple):
    """Blocks (rows, columns, 8, 8) of a channel, the least and largest sample of each, and how many have which span."""

    samples: np.ndarray
    least: np.ndarray
    most: np.ndarray
    spans: np.ndarray

    def wide(self, k: int) -> bool:
        """Whether enough of them are as wide as k random bits are."""
        return self.spans[2**k - 1] + (self.spans[2**k - 2] if k == _MOST_BITS else 0) >= _FEWEST


class _Seen(NamedTuple):
    """Evidence in one channel: its bits, how many samples, and the values of the low bits in them."""

    bits: float
    samples: int
    low: np.ndarray


def random_planes(image: Image) -> list[Finding]:
    """Find planes of random low bits in a picture that is flat above them.

    Parameters
    ----------
    image : Image

    Returns
    -------
    list of Finding
        One for the colours, the alpha channel and the indices each, where there is enough evidence. The payload is
        empty: a cipher says nothing, and where it ends is not known.

    Notes
    -----
    A block is flat above k bits if its least and largest sample share all higher bits. How much the differences of
    neighbours are, mean |d| = (m^2 - 1) / (3 m) for independent uniform values 0 .. m - 1, tells random blocks from
    gradients, hatching and ordered dithering.
    """
    found = []
    if image.container.lossless and image.indices is None:
        names = _NAMES["rgb" if image.pixels.shape[2] == 3 else "grey"]
        found += _found(image.pixels, of_pixels(image), names, "lsbr", 0.0)
    if image.alpha is not None and image.container.has_alpha:
        alpha = image.alpha[:, :, None]
        found += _found(alpha, extremes(alpha), ("alpha",), "alpha", _ALPHA_BITS)
    if image.indices is not None:
        index = image.indices[:, :, None]
        found += _found(index, extremes(index), ("the index",), "palette", 0.0)
    return found


def _found(
    samples: np.ndarray, ends: tuple[np.ndarray, np.ndarray], names: tuple[str, ...], technique: str, prior: float
) -> list[Finding]:
    blocks = dict(zip(names, _blocks(samples, *ends), strict=True))
    for k in range(_MOST_BITS, 0, -1):
        seen = {name: one for name, cut in blocks.items() if cut.wide(k) and (one := _seen(cut, k))}
        bits, kept = prior, []
        for name, one in seen.items():
            if not any(np.array_equal(one.low, seen[other].low) for other in kept):  # a grey picture in three channels
                bits += one.bits
                kept.append(name)
        if bits >= _ENOUGH and len(kept) == len(seen):
            count = sum(one.samples for one in seen.values())
            planes = "lowest bit" if k == 1 else f"lowest {k} bits"
            where = f"in the {planes} of {', '.join(seen)}, flat above"
            return [Finding(technique if k == 1 else "other", where, f"random bits in {count} samples", b"")]
    return []


def _blocks(samples: np.ndarray, least: np.ndarray, most: np.ndarray) -> list[_Blocks]:
    """Blocks of each channel of (H, W, channels)."""
    count, rows, columns = least.shape
    cut = samples[: rows * SIDE, : columns * SIDE].reshape(rows, SIDE, columns, SIDE, count).swapaxes(1, 2)
    return [_Blocks(cut[..., c], least[c], most[c], byte_histogram(most[c] - least[c])) for c in range(count)]


def _seen(blocks: _Blocks, k: int) -> _Seen | None:
    """Evidence in one channel that its k low bits were replaced."""
    least, most = blocks.least, blocks.most
    span = most - least
    wide = (span == 2**k - 1) | ((span == 2**k - 2) & (k == _MOST_BITS))
    chosen = blocks.samples[wide].astype(np.int16)
    aligned = least[wide] >> k == most[wide] >> k
    random = _like_random(chosen - least[wide][:, None, None], k)
    if random.sum() < _FEWEST or aligned[random].mean() < _ALIGNED:
        return None
    chosen, level = chosen[random & aligned], (least[wide] >> k)[random & aligned]
    low = chosen & (2**k - 1)
    if _repeats(low) or not _uniform(low, k) or not _independent(low, k):
        return None
    if len(np.unique(level)) == 1 and not (least[span == 0] >> k == level[0]).any() and (k < _MOST_BITS or level[0]):
        return None  # noise all over at one level: nothing says that it was written into something, except into black
    return _Seen(sum(_evidence(low[level == value], int(value), k) for value in np.unique(level)), low.size, low)


def _like_random(values: np.ndarray, k: int) -> np.ndarray:
    """(n,) bool: blocks (n, 8, 8) whose neighbours differ about as independent uniform values do."""
    wanted = _mean_difference(k)
    steps = [np.abs(np.diff(values, axis=axis)).mean(axis=(1, 2)) / wanted for axis in (1, 2)]
    steps.append(np.abs(values[:, 1:, 1:] - values[:, :-1, :-1]).mean(axis=(1, 2)) / wanted)
    return np.logical_and.reduce([(step > 0.6) & (step < 1.4) for step in steps])


def _repeats(low: np.ndarray) -> bool:
    """Whether two blocks (n, 8, 8) are equal, as those of a tiled pattern are."""
    digest = low.reshape(len(low), -1).astype(np.uint64) @ _FACTORS
    return len(np.unique(digest)) < len(digest)


def _mean_difference(k: int) -> float:
    m = 2**k
    return (m * m - 1) / (3 * m)


def _independent(low: np.ndarray, k: int) -> bool:
    """Whether neighbours across, down and at distance two differ as independent uniform values do, over all blocks."""
    m, wanted = 2**k, _mean_difference(k)
    deviation = math.sqrt((m * m - 1) / 6 - wanted**2)  # of one difference
    pairs = [(low[:, 1:], low[:, :-1]), (low[:, :, 1:], low[:, :, :-1]), (low[:, 2:], low[:, :-2])]
    pairs += [(low[:, :, 2:], low[:, :, :-2]), (low[:, 1:, 1:], low[:, :-1, :-1])]
    for one, other in pairs:
        # A value is in two differences, which are not quite independent: 1.5 for that, as simulations give at most.
        error = 1.5 * deviation / math.sqrt(one.size)
        if abs(np.abs(one - other).mean() - wanted) > _DEVIATIONS * error:
            return False
    return True


def _evidence(low: np.ndarray, value: int, k: int) -> float:
    """Bits of evidence in the blocks of one level; 0 where their low bits are not uniform.

    Where the values lie is worth k bits, unless they lie at the end of the range, where they are cut off. That they
    are uniform is worth, for each degree of freedom, how much finer the sampling error is than what noise may be.
    """
    if len(low) < _FEWEST_OF_LEVEL or not _uniform(low, k):
        return 0.0
    fineness = min(_TOP, max(0.0, 0.5 * math.log2(low.size / 2**k) - 1.5))
    place = 0 if value in (0, 255 >> k) else k
    return place + fineness * min(2**k - 1, 4)


def _uniform(low: np.ndarray, k: int) -> bool:
    """Whether all values occur equally often, but for chance: a chi-square test."""
    counts, free = np.bincount(low.ravel(), minlength=2**k), 2**k - 1
    expected = low.size / 2**k
    return float(((counts - expected) ** 2).sum()) / expected <= free + _DEVIATIONS * math.sqrt(2 * free)
