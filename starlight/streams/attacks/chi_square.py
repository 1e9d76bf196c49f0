"""Chi-square test on pairs of values.

Westfeld, Pfitzmann, "Attacks on steganographic systems", Information Hiding 1999: full LSB replacement makes the two
values of a pair (2k, 2k + 1) equally frequent.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

__all__ = ["ChiSquare", "estimate", "from_histogram", "survival"]

_MIN_EXPECTED = 4  # samples a value must be expected to have, for the statistic to follow its distribution


class ChiSquare(NamedTuple):
    """Statistic and its degrees of freedom (pairs that count)."""

    statistic: float
    pairs: int

    @property
    def p_value(self) -> float:
        """Probability of a larger statistic under full LSB replacement."""
        return survival(self.statistic, self.pairs) if self.pairs else math.nan


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
    even, odd = histogram.reshape(-1, 2).T.astype(float)
    expected = (even + odd) / 2
    counted = expected > _MIN_EXPECTED
    even, odd, expected = even[counted], odd[counted], expected[counted]
    if not len(expected):
        return ChiSquare(math.nan, 0)
    statistic = float((((even - expected) ** 2 + (odd - expected) ** 2) / expected).sum())
    return ChiSquare(statistic, len(expected))


def survival(statistic: float, freedom: int) -> float:
    """Probability that a chi-square variable of so many degrees of freedom is larger.

    The upper incomplete gamma function Q(a, x) for a of halves and wholes: Q(a + 1, x) = Q(a, x) + x^a e^-x / Γ(a + 1),
    from Q(1/2, x) = erfc √x and Q(1, x) = e^-x. What is run without the pipeline has no SciPy.

    Examples
    --------
    >>> round(survival(3.841, 1), 4), round(survival(124.342, 100), 4)
    (0.05, 0.05)
    """
    x = statistic / 2
    if x <= 0:
        return 1.0
    a, total = (0.5, math.erfc(math.sqrt(x))) if freedom % 2 else (1.0, math.exp(-x))
    while a < freedom / 2:
        total += math.exp(a * math.log(x) - x - math.lgamma(a + 1))
        a += 1
    return min(total, 1.0)
