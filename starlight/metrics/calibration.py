"""How far probabilities can be believed."""

import math

import numpy as np
import pandas as pd

from starlight.metrics.intervals import clopper_pearson

__all__ = ["brier", "expected_calibration_error", "reliability"]


def reliability(label, probability, *, bins: int = 10) -> pd.DataFrame:
    """Predicted probability against observed share of stego, in bins of equal width.

    Parameters
    ----------
    label, probability : array-like, shape (n,)
    bins : int

    Returns
    -------
    DataFrame
        Columns `bin` (0-based), `n`, `predicted` (mean), `observed`, `low`, `high` (95 %); empty bins are left out.
    """
    label, probability = np.asarray(label), np.asarray(probability, dtype=np.float64)
    place = np.clip((probability * bins).astype(int), 0, bins - 1)
    rows = []
    for number in range(bins):
        inside = place == number
        n, k = int(inside.sum()), int((label[inside] == 1).sum())
        if n:
            low, high = clopper_pearson(k, n)
            rows.append((number, n, float(probability[inside].mean()), k / n, low, high))
    return pd.DataFrame(rows, columns=["bin", "n", "predicted", "observed", "low", "high"])


def brier(label, probability) -> float:
    """Mean squared error of the probabilities (Brier, Monthly Weather Review 78, 1950); NaN without images."""
    label, probability = np.asarray(label, dtype=np.float64), np.asarray(probability, dtype=np.float64)
    return float(np.mean((label - probability) ** 2)) if label.size else math.nan


def expected_calibration_error(label, probability, *, bins: int = 10) -> float:
    """Mean gap between predicted and observed over the bins, weighted by their images; NaN without images.

    Parameters
    ----------
    label : (n,) of 0 and 1
    probability : (n,)
    bins : int
        Of equal width.

    Returns
    -------
    float
    """
    table = reliability(label, probability, bins=bins)
    if table.empty:
        return math.nan
    return float(np.average((table.predicted - table.observed).abs(), weights=table.n))
