"""Where each technique's log-odds lie on authentic images, and how far they wander, by container class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from starlight.detector.calibration.tails import SHARE, exponential_tail

__all__ = ["ABSENT", "MIN_CLASS", "Tails", "by_class"]

ABSENT = -29.0  # log-odds at or under which a technique was masked out
MIN_CLASS = 60  # authentic images under which a container class has no tail of its own
_PRIOR = 30  # values in the tail that the pooled one counts as, in each class's


class Tails(NamedTuple):
    """Of a container class: per technique the 90 % quantile and the mean excess, both (t,)."""

    location: NDArray[np.float64]
    scale: NDArray[np.float64]

    def longer(self, factor: Sequence[float]) -> Tails:
        return self._replace(scale=self.scale * np.array(factor))

    def ending(self, ends: NDArray[np.float64], threshold: float) -> Tails:
        """In units of which `threshold` over the location end at (t,) log-odds `ends`, where those are known."""
        return self._replace(scale=np.where(np.isnan(ends), self.scale, (ends - self.location) / threshold))


def by_class(logits: NDArray, classes: NDArray, share: float = SHARE, prior: float = _PRIOR) -> dict[str, Tails]:
    """Tails of all authentic images, and of each container class with enough of them.

    Parameters
    ----------
    logits : (n, t)
        Technique log-odds, masked ones at or under `ABSENT`.
    classes : (n,) of str
        Container class of each image.
    share : float
        Of the log-odds, the highest, that show the tail.
    prior : float
        Values in the tail that the pooled one counts as, in each class's.
    """
    pooled = _of(logits, None, share, prior)
    tails = {"all": pooled}
    for name in sorted(set(classes)):
        chosen = classes == name
        if chosen.sum() >= MIN_CLASS:
            tails[name] = _of(logits[chosen], pooled, share, prior)
    return tails


def _of(logits: NDArray, pooled: Tails | None, share: float, prior: float) -> Tails:
    """A class's mean excess is drawn towards the pooled one as if `prior` values had shown that.

    The location is where the tail that the highest `share` show would have its 90 % quantile.
    """
    found, beyond = [], np.log(SHARE / share)
    for t in range(logits.shape[1]):
        values = logits[logits[:, t] > ABSENT, t]
        location, scale = exponential_tail(values, share)
        own = len(values) >= MIN_CLASS
        if pooled is not None:
            over = share * len(values) if own else 0.0  # values that show the class's own tail
            scale = (over * np.nan_to_num(scale) + prior * pooled.scale[t]) / (over + prior)
        elif len(values) < 2:
            location, scale = 0.0, 1.0
        found.append((location - beyond * scale if own or pooled is None else pooled.location[t], scale))
    return Tails(*np.array(found).T)
