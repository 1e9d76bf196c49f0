"""Tails of authentic images' log-odds, and what is extrapolated with them.

Beyond a high quantile values are taken to have an exponential tail, the generalised Pareto distribution with shape 0
(Coles, An Introduction to Statistical Modeling of Extreme Values, 2001, section 4.2). Log-odds have a knee at 0. Under
it they are spread as pictures are. Beyond it, were they exact, no more than one authentic image in exp(x) could exceed
x: the mean excess is then 1 at most. So a tail has two lengths, up to the knee that of the values seen, beyond it one
that is drawn towards what pictures of the kind show at all sizes, and that towards 1, where few are seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["CONFIDENCE", "EXACT", "Tail", "fit_tail", "mean_excess"]

EXACT = 1.0  # mean excess of exact log-odds over the knee, at most
CONFIDENCE = 0.8  # of the bound on mean excesses, and of what chance allows over a threshold
_VALUES = 30  # in a tail, where there are so many in the shares that it may be fitted to
_SHARES = (0.02, 0.1)  # of the values, at least and at most, that it is fitted to
_WORTH = 20  # values beyond the knee that what is known already counts as
_FLOOR = 0.1  # log-odds; a tail cannot be taken to be shorter than this
_STEEPEST = 12.0  # e-folds that are extrapolated up to the knee at most


class Tail(NamedTuple):
    """`P(value > knee + x) = share * exp(-x / beyond)`; under the knee, `below` in place of `beyond`."""

    knee: float
    share: float
    below: float
    beyond: float

    def end(self, rate: float) -> float:
        """What a share `rate` of all images exceeds, from 0 to 1."""
        rarer = np.log(self.share / rate)
        return float(self.knee + rarer * (self.beyond if rarer > 0 else self.below))


def fit_tail(values: ArrayLike, known: float = EXACT) -> Tail:
    """Fit a tail to (n,) log-odds, n at least 1.

    Both lengths are upper bounds, not means: a lucky sample must not set a threshold.

    Parameters
    ----------
    values : (n,)
    known : float
        What the mean excess over the knee is taken to be before any is seen.
    """
    values = np.asarray(values, float)
    share = _share(values)
    location = float(np.quantile(values, 1.0 - share))
    over = values[values > location] - location
    below = _bounded(float(over.sum()), len(over))
    knee = max(0.0, location)
    far = values[values > knee] - knee
    reached = share * np.exp(-min((knee - location) / below, _STEEPEST))
    beyond = _bounded(float(far.sum()) + _WORTH * known, len(far) + _WORTH)
    seen = (len(far) + 1) / (len(values) + 1)  # as if the next one lay beyond the knee
    return Tail(knee, max(float(reached), seen), below, beyond)


def mean_excess(classes: Iterable[ArrayLike]) -> float:
    """Upper bound of the mean excess over the knee of a technique's log-odds in several classes of pictures together.

    Parameters
    ----------
    classes : iterable of (n,) arrays
        Log-odds of the authentic images of each class.
    """
    far = []
    for values in map(np.asarray, classes):
        knee = max(0.0, float(np.quantile(values, 1.0 - _share(values))))
        far.append(values[values > knee] - knee)
    over = np.concatenate([*far, np.full(_WORTH, EXACT)])
    return _bounded(float(over.sum()), len(over))


def _share(values: NDArray) -> float:
    return float(np.clip(_VALUES / len(values), *_SHARES))


def _bounded(total: float, count: int) -> float:
    """Upper bound of the mean of `count` exponential values that add up to `total`: such a sum is gamma distributed."""
    from scipy.stats import gamma

    return max(_FLOOR, float(total / gamma.ppf(1.0 - CONFIDENCE, count))) if count else 1.0
