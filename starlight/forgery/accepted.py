"""Which suspicions of an image are marked as forged."""

from __future__ import annotations

import numpy as np

__all__ = ["accepted"]

_SOME = 0.6  # of the threshold: further suspicions of a forged image that are marked too


def accepted(probabilities: np.ndarray, threshold: float) -> np.ndarray:
    """Suspicions that are marked: none unless one reaches the threshold.

    Parameters
    ----------
    probabilities : (n,) float
        Of one image's suspicions.
    threshold : float

    Returns
    -------
    bool (n,)
    """
    if probabilities.max(initial=-np.inf) < threshold:
        return np.zeros(len(probabilities), bool)
    return probabilities >= _SOME * threshold
