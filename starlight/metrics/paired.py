"""Tests for two detectors that judged the same images."""

import math
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest

__all__ = ["McNemar", "holm", "mcnemar"]


class McNemar(NamedTuple):
    """Images that only the first got right, only the second got right, and the exact two-sided p value."""

    only_first: int
    only_second: int
    p_value: float


def mcnemar(first, second) -> McNemar:
    """McNemar's exact test (Psychometrika 12, 1947): do two detectors err on equally many of the same images?

    Parameters
    ----------
    first, second : array-like of bool, shape (n,)
        True where the detector was right.

    Returns
    -------
    McNemar
        `p_value` is 1 where they never differ, NaN where there is no image.
    """
    first, second = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    if first.shape != second.shape:
        raise ValueError(f"the two must judge the same images, got {first.size} and {second.size}")
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    if first.size == 0:
        return McNemar(0, 0, math.nan)
    differing = only_first + only_second
    p = 1.0 if differing == 0 else float(binomtest(only_first, differing, 0.5).pvalue)
    return McNemar(only_first, only_second, p)


def holm(p_values) -> np.ndarray:
    """P values adjusted for being several (Holm, Scandinavian Journal of Statistics 6, 1979); NaN stays NaN."""
    p = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(p.shape, math.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if order.size else steps
    return adjusted
