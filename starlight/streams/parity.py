"""What replaced LSBs leave among neighbouring samples and in the histogram: pairs, flat places, LSB planes.

Pairs: the trace sets of sample pair analysis (Dumitrescu, Wu, Wang, 2003): among pairs that differ by 2m + 1, as many
have their larger value odd as even, until LSBs are replaced. Flat places: a sample whose four neighbours are equal can
leave them by its LSB alone, or to the other side; an image does both alike.
"""

from __future__ import annotations

import math

import numpy as np

from starlight.attacks import chi_square
from starlight.streams.counts import byte_histogram

__all__ = ["FLAT", "HISTOGRAM", "LSB", "PAIRS", "flat_places", "histogram", "lsb_plane", "pairs"]

_BOUND = 7  # differences up to this are told apart
PAIRS = ("trace0", "trace1", "trace_z")
FLAT = ("flat_share", "flat_flipped", "flat_other", "flat_odds", "flat_odds_z")
HISTOGRAM = ("pairs_of_values", "pairs_shifted", "ends")
LSB = ("ones", "alike_across", "alike_down")


def pairs(left: np.ndarray, right: np.ndarray) -> list[float]:
    """Values of PAIRS: imbalance of the first two trace sets, the largest of four in standard errors.

    Parameters
    ----------
    left, right : uint8 arrays of one shape
        Neighbouring samples.
    """
    code = right.astype(np.int16) - left
    np.clip(code, -_BOUND - 1, _BOUND + 1, out=code)
    code += np.int16(_BOUND + 1)
    code *= np.int16(2)
    code += left & np.uint8(1)
    table = byte_histogram(code.astype(np.uint8))[: 4 * _BOUND + 6].reshape(-1, 2).astype(float)
    imbalance, largest = [], 0.0
    for m in range(4):
        up, down = _BOUND + 2 + 2 * m, _BOUND - 2 * m
        one, other = table[up, 1] + table[down, 1], table[up, 0] + table[down, 0]
        imbalance.append((one - other) / (one + other) if one + other else math.nan)
        largest = max(largest, (one - other) / math.sqrt(one + other + 1), key=abs)
    return [*imbalance[:2], math.asinh(largest)]


def flat_places(plane: np.ndarray, *, ends: bool = False) -> list[float]:
    """Values of FLAT, of a (H, W) uint8 plane of at least 3x3.

    Share of samples whose four neighbours are equal and, without `ends`, clear of the ends of the range, where there is
    but one side to leave to; share of those that leave them by the LSB, and by one level to the other side; log-odds of
    the two, plain and in standard errors.
    """
    x, up, left = plane[1:-1, 1:-1], plane[:-2, 1:-1], plane[1:-1, :-2]
    around = up == plane[2:, 1:-1]
    around &= left == plane[1:-1, 2:]
    around &= up == left
    if not ends:
        around &= (up - np.uint8(2)) < 252
    places = np.count_nonzero(around)
    if not places:
        return [0.0, math.nan, math.nan, math.nan, math.nan]
    change = x ^ up
    flipped = np.count_nonzero(around & (change == 1))
    level = x - up
    one_off = np.count_nonzero(around & ((level == 1) | (level == 255)))
    other = one_off - flipped
    odds = math.log((flipped + 0.5) / (other + 0.5))
    z = (flipped - other) / math.sqrt(one_off + 1)
    return [math.sqrt(places / x.size), math.sqrt(flipped / places), math.sqrt(other / places), odds, math.asinh(z)]


def histogram(plane: np.ndarray) -> list[float]:
    """Values of HISTOGRAM, of a uint8 plane.

    Log of chi-square for each pair of values (2k, 2k + 1), and what it exceeds that of the pairs (2k - 1, 2k) by; share
    of the rarer value of the pair at an end of the range, where that pair is frequent.
    """
    counts = byte_histogram(plane)
    own, shifted = chi_square.from_histogram(counts), chi_square.from_histogram(np.roll(counts, 1))
    ends = [min(p) / sum(p) for p in (counts[:2], counts[254:]) if sum(p) > 0.01 * plane.size]
    values = [math.log(r.statistic / r.pairs + 0.1) if r.pairs else math.nan for r in (own, shifted)]
    return [values[0], values[0] - values[1], float(max(ends)) if ends else math.nan]


def lsb_plane(plane: np.ndarray) -> list[float]:
    """Values of LSB, of a (H, W) uint8 plane: share of ones, share of equal neighbours in both directions."""
    bits = plane & np.uint8(1)
    ones = np.count_nonzero(bits) / bits.size
    alike = [1 - np.count_nonzero(b) / max(1, b.size) for b in (bits[:, 1:] ^ bits[:, :-1], bits[1:] ^ bits[:-1])]
    return [ones, *alike]
