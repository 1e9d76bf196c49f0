"""How the false alarms that are allowed are shared among techniques.

Each gets the share with which most is found in all (the Neyman-Pearson trade between them): one that finds next to
nothing at such rates gets next to none. Scores are in units of each technique's authentic tail.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from starlight.detector.calibration.tails import SHARE, extrapolated

__all__ = ["handicaps", "threshold"]

_MORE = np.arange(0.0, 4.05, 0.1)  # units that a technique may need more; e^-4 of the alarms is next to none
_SCORES = np.arange(0.0, 60.0, 0.01)  # among which the threshold lies
_BLUR = 0.7  # units over which stego images' scores are spread, for on unseen covers they will lie elsewhere


def handicaps(found: Sequence[NDArray | None], allowed: float, least: int) -> tuple[float, ...]:
    """How many times longer each technique's unit is made, so that the false alarms allowed find as much as they can.

    A technique that alone may raise them all has its threshold `allowed` units over the location; `h` units more leave
    it `exp(-h)` of them. The shares found, summed over the techniques, are greatest where one more false alarm would
    find as much with any technique; one multiplier says how much that is. Longer units, and not units taken off, leave
    alone how images rank far under the threshold.

    Parameters
    ----------
    found : sequence of (m,) or None
        Scores of the stego images of each technique in units of its tail; None for one that takes no part.
    allowed : float
        Units over the location at which one technique alone raises all false alarms allowed.
    least : int
        Stego images under which nobody knows how many of a technique lie where.

    Returns
    -------
    tuple of float
        At least 1; an even share for techniques of which too few stego images are known.
    """
    sharing = {t: scores for t, scores in enumerate(found) if scores is not None}
    even = np.log(max(1, len(sharing)))
    gains = [_found_beyond(scores, allowed + _MORE) if len(scores) >= least else None for scores in sharing.values()]

    def more(price: float) -> list[float]:
        costs = price * np.exp(-_MORE)
        return [even if gain is None else float(_MORE[np.argmax(gain - costs)]) for gain in gains]

    low, high = 1e-6, 1e6
    for _ in range(60):
        price = np.sqrt(low * high)
        low, high = (price, high) if np.exp(-np.array(more(price))).sum() > 1.0 else (low, price)
    needed = dict(zip(sharing, more(high), strict=True))
    return tuple(round(float(1.0 + needed.get(t, 0.0) / allowed), 6) for t in range(len(found)))


def _found_beyond(scores: NDArray, ends: NDArray) -> NDArray[np.float64]:
    """(k,) share of stego images whose scores lie over each of (k,) ends, the scores spread by `_BLUR`."""
    z = (ends[:, None] - np.clip(scores, -50.0, 50.0)) / _BLUR
    return (1.0 / (1.0 + np.exp(np.clip(z, -50.0, 50.0)))).mean(axis=1)


def threshold(scores: NDArray, factors: NDArray, target_fpr: float, share: float = SHARE) -> float:
    """Score that one authentic image in `1 / target_fpr` exceeds.

    Where units are longer than tails by several factors f, the highest score s has no exponential tail. What has one
    is `-log(sum(exp(-f * s)))`, over the techniques that share the false alarms: how rare s is for any of them.

    Parameters
    ----------
    scores : (n,)
        Highest scores of authentic images over the techniques that share; infinite ones are left out.
    factors : (k,)
        Handicaps of those techniques.
    target_fpr : float
    share : float
        Of the scores, that the tail is fitted to.

    Returns
    -------
    float
        At least 1; what an ideal tail has where there is no score.
    """
    scores = scores[np.isfinite(scores)]
    if not len(scores):
        return np.log(SHARE / target_fpr)
    found = extrapolated(_depth(scores, factors), target_fpr, share)
    return max(1.0, float(np.interp(found, _depth(_SCORES, factors), _SCORES)))


def _depth(scores: NDArray, factors: NDArray) -> NDArray[np.float64]:
    return -np.log(np.exp(-np.clip(scores, -20.0, 60.0)[:, None] * factors).sum(axis=1))
