"""What replaced LSBs leave among neighbouring samples and in the histogram: pairs, flat places, LSB planes.

Pairs: the trace sets of sample pair analysis (Dumitrescu, Wu, Wang, 2003): among pairs that differ by 2m + 1, as many
have their larger value odd as even, until LSBs are replaced. Flat places: a sample whose four neighbours are equal can
leave them by its LSB alone, or to the other side; an image does both alike.
"""

from __future__ import annotations

import math

import numpy as np

from starlight.streams.attacks import chi_square
from starlight.streams.spatial.counts import byte_histogram

__all__ = [
    "BOUND",
    "FLAT",
    "HISTOGRAM",
    "LSB",
    "PAIRS",
    "flat_places",
    "histogram",
    "lsb_plane",
    "pair_table",
    "pairs",
    "primary_sets",
]

BOUND = 7  # differences up to this are told apart
PAIRS = ("trace0", "trace1", "trace_z")
FLAT = ("flat_share", "flat_flipped", "flat_other", "flat_odds", "flat_odds_z")
HISTOGRAM = ("pairs_of_values", "pairs_shifted", "ends")
LSB = ("ones", "alike_across", "alike_down")


def pair_table(plane: np.ndarray) -> np.ndarray:
    """Count horizontal pairs of neighbours (u, v).

    Parameters
    ----------
    plane : (H, W) uint8
        Taken row after row as one run of bytes, which is quickest; pairs across the end of a row are not counted.

    Returns
    -------
    (2 * BOUND + 3, 2) int64
        By v - u, from -BOUND - 1 or less to BOUND + 1 or more, and by the LSB of v.
    """
    flat = np.ascontiguousarray(plane).reshape(-1)
    u, v = flat[:-1], flat[1:]
    larger, most = np.maximum(u, v), np.full_like(u, BOUND + 1)  # with one number `minimum` takes ten times as long
    code = np.minimum(larger - u, most)  # uint8 would wrap in v - u
    code += most
    code -= np.minimum(larger - v, most)
    code += code
    code += v & np.uint8(1)
    code[plane.shape[1] - 1 :: plane.shape[1]] = 255
    return byte_histogram(code)[: 4 * BOUND + 6].reshape(-1, 2)


def pairs(table: np.ndarray) -> list[float]:
    """Values of PAIRS, of a `pair_table`: imbalance of two trace sets, the largest of four in standard errors."""
    imbalance, largest = [], 0.0
    for m in range(4):
        up, down = BOUND + 2 + 2 * m, BOUND - 2 * m  # differences of 2m + 1 either way: where v is even, u is odd
        one, other = (float(table[up, lsb] + table[down, lsb]) for lsb in (0, 1))
        imbalance.append((one - other) / (one + other) if one + other else math.nan)
        largest = max(largest, (one - other) / math.sqrt(one + other + 1), key=abs)
    return [*imbalance[:2], math.asinh(largest)]


def primary_sets(table: np.ndarray) -> tuple[int, int, int, int]:
    """Counts of a `pair_table` in the sets of sample pair analysis, as `spa.pair_counts` gives them."""
    less, equal, more = table[BOUND + 2 :].sum(axis=0), table[BOUND + 1], table[: BOUND + 1].sum(axis=0)
    x, y = less[0] + more[1], less[1] + more[0]
    gamma = equal.sum() + table[BOUND + 2, 1] + table[BOUND, 0]
    return int(table.sum()), int(x), int(y), int(gamma)


def flat_places(plane: np.ndarray, *, ends: bool = False) -> list[float]:
    """Values of FLAT, of a (H, W) uint8 plane of at least 3x3.

    Share of samples whose four neighbours are equal and, without `ends`, clear of the ends of the range, where there is
    but one side to leave to; share of those that leave them by the LSB, and by one level to the other side; log-odds of
    the two, plain and in standard errors.
    """
    height, width = plane.shape
    flat = np.ascontiguousarray(plane).reshape(-1)  # rows as one run of bytes, which is quickest
    last = flat.size - width
    x, up, left = flat[width:last], flat[: last - width], flat[width - 1 : last - 1]
    around = up == flat[2 * width :]
    around &= left == flat[width + 1 : last + 1]
    around &= up == left
    if not ends:
        around &= (up - np.uint8(2)) < 252
    around.reshape(-1, width)[:, [0, -1]] = False  # neighbours are those of another row
    places = np.count_nonzero(around)
    if not places:
        return [0.0, math.nan, math.nan, math.nan, math.nan]
    flipped = np.count_nonzero(around & ((x ^ up) == 1))
    one_off = np.count_nonzero(around & (((x - up + np.uint8(1)) & np.uint8(0xFD)) == 0))
    other = one_off - flipped
    odds = math.log((flipped + 0.5) / (other + 0.5))
    z = (flipped - other) / math.sqrt(one_off + 1)
    size = (height - 2) * (width - 2)
    return [math.sqrt(places / size), math.sqrt(flipped / places), math.sqrt(other / places), odds, math.asinh(z)]


def histogram(plane: np.ndarray) -> list[float]:
    """Values of HISTOGRAM, of a uint8 plane.

    Log of chi-square for each pair of values (2k, 2k + 1), and what it exceeds that of the pairs (2k - 1, 2k) by; share
    of the rarer value of the pair at an end of the range, where that pair is frequent.
    """
    counts = byte_histogram(plane)
    own, shifted = map(chi_square.from_histogram, (counts, np.concatenate([counts[-1:], counts[:-1]])))
    ends = [min(p) / sum(p) for p in (counts[:2].tolist(), counts[254:].tolist()) if sum(p) > 0.01 * plane.size]
    values = [math.log(r.statistic / r.pairs + 0.1) if r.pairs else math.nan for r in (own, shifted)]
    return [values[0], values[0] - values[1], float(max(ends)) if ends else math.nan]


def lsb_plane(plane: np.ndarray) -> list[float]:
    """Values of LSB, of a (H, W) uint8 plane: share of ones, share of equal neighbours in both directions."""
    bits = plane & np.uint8(1)
    ones = np.count_nonzero(bits) / bits.size
    alike = [1 - np.count_nonzero(b) / max(1, b.size) for b in (bits[:, 1:] ^ bits[:, :-1], bits[1:] ^ bits[:-1])]
    return [ones, *alike]
