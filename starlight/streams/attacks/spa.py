"""Sample pair analysis.

Dumitrescu, Wu, Wang, "Detection of LSB steganography via sample pair analysis", IEEE Trans. Signal Processing 51(7),
2003: replacing LSBs moves pairs of neighbouring samples between trace multisets at known rates.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["estimate", "pair_counts", "solve"]


def estimate(channel: np.ndarray) -> float:
    """Embedding rate from horizontal pairs.

    Parameters
    ----------
    channel : (H, W) uint8

    Returns
    -------
    float
        Bits per pixel, near 0 on covers and not clipped there; NaN for fewer than two columns, or where no pair is
        equal or differs in its LSB alone.
    """
    return solve(*pair_counts(channel[:, :-1], channel[:, 1:]))


def pair_counts(u: np.ndarray, v: np.ndarray) -> tuple[int, int, int, int]:
    """Count the primary sets of the pairs (u, v).

    Parameters
    ----------
    u, v : uint8 arrays of one shape

    Returns
    -------
    total, x, y, gamma : int
        Pairs; those of X (v even and u < v, or v odd and u > v); of Y, the other unequal ones; of W and Z together
        (equal but for the LSB).
    """
    less, odd, unequal = u < v, (v & 1).view(bool), u != v
    x = np.count_nonzero((less ^ odd) & unequal)
    gamma = np.count_nonzero((u ^ v) < 2)
    return u.size, x, np.count_nonzero(unequal) - x, gamma


def solve(total: int, x: int, y: int, gamma: int) -> float:
    """Length p of the hidden message, a share of the samples.

    The smaller root of gamma/2 p^2 + (2x - total) p + y - x = 0, its real part where it is complex (eq. 15).

    Parameters
    ----------
    total, x, y, gamma : int
        Counts of sample pairs, named as in the paper.

    Returns
    -------
    float
        NaN where gamma is 0.
    """
    if gamma == 0:
        return math.nan
    half_b, c = (2 * x - total) / gamma, 2 * (y - x) / gamma
    return -half_b - math.sqrt(max(0.0, half_b * half_b - c))
