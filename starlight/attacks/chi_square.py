"""Chi-square test on pairs of values.

Westfeld, Pfitzmann, "Attacks on steganographic systems", Information Hiding 1999: full LSB replacement makes the two
values of a pair (2k, 2k + 1) equally frequent.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc

__all__ = ["ChiSquare", "estimate", "from_histogram"]

_MIN_EXPECTED = 4  # samples a value must be expected to have, for the statistic to follow its distribution


class ChiSquare(NamedTuple):
    """Statistic, its degrees of freedom (pairs that count), and the probability of a larger one under full LSBR."""

    statistic: float
    pairs: int
    p_value: float


def estimate(channel: np.ndarray) -> ChiSquare:
    """Test the hypothesis that all LSBs were replaced.

    Parameters
    ----------
    channel : uint8 array of any shape

    Returns
    -------
    ChiSquare
        NaN where no pair of values is frequent enough.
    """
    return from_histogram(np.bincount(channel.reshape(-1), minlength=256))


def from_histogram(histogram: np.ndarray) -> ChiSquare:
    """As `estimate`, from counts of the 256 values."""
    pairs = histogram.reshape(-1, 2).astype(float)
    expected = pairs.mean(axis=1)
    pairs, expected = pairs[expected > _MIN_EXPECTED], expected[expected > _MIN_EXPECTED]
    if not len(pairs):
        return ChiSquare(math.nan, 0, math.nan)
    statistic = float((((pairs - expected[:, None]) ** 2).sum(axis=1) / expected).sum())
    return ChiSquare(statistic, len(pairs), float(chdtrc(len(pairs), statistic)))
