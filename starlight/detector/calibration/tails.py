"""Exponential tails, and what is extrapolated with them.

Beyond a high quantile values are taken to have an exponential tail, the generalised Pareto distribution with shape 0
(Coles, An Introduction to Statistical Modeling of Extreme Values, 2001, section 4.2). What is extrapolated with is the
upper 80 % bound of the mean excess, not the mean: a lucky sample must not set a threshold.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["CONFIDENCE", "SHARE", "exponential_tail", "extrapolated"]

SHARE = 0.1  # of the values that a tail is fitted to
CONFIDENCE = 0.8  # of the bound on the mean excess
_SCALE_FLOOR = 0.1  # log-odds; a tail cannot be taken to be shorter than this


def exponential_tail(values: ArrayLike, share: float = SHARE) -> tuple[float, float]:
    """Quantile at `1 - share` and mean excess over it.

    Parameters
    ----------
    values : (n,)
        Log-odds, or scores in units of them.
    share : float
        In (0, 1).

    Returns
    -------
    location, scale : float
        `P(value > location + x) = share * exp(-x / scale)`; NaN for no values.
    """
    values = np.asarray(values, dtype=float)
    if not len(values):
        return float("nan"), float("nan")
    location = float(np.quantile(values, 1.0 - share))
    excess = values[values > location] - location
    return location, max(float(excess.mean()) if len(excess) else 0.0, _SCALE_FLOOR)


def extrapolated(values: ArrayLike, rate: float, share: float = SHARE) -> float:
    """What a share `rate` of all images exceeds, from the tail that the values of some show.

    Parameters
    ----------
    values : (n,)
    rate : float
        In (0, `share`).
    share : float
        Of the values that the tail is fitted to.

    Returns
    -------
    float
        With the upper bound of the mean excess; NaN for no values.
    """
    location, scale = exponential_tail(values, share)
    return float(location + scale * _bound(share * len(values)) * np.log(share / rate))


def _bound(count: float) -> float:
    """Upper bound on the mean excess of `count` values with an exponential tail, as a multiple of the mean excess.

    The sum of k exponential variables is gamma distributed with shape k.
    """
    from scipy.stats import gamma

    k = max(1, round(count))
    return float(k / gamma.ppf(1 - CONFIDENCE, k))
