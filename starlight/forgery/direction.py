"""Which of a copy's two regions was pasted: a logistic regression on differences between them.

It has no constant term, so that it says the same when the two change places.
"""

from __future__ import annotations

import numpy as np

__all__ = ["chosen", "fit", "probability"]

_SURE = 0.72  # from which one region alone is marked; below, marking both is right more often
_RIDGE = 2.0
_ROUNDS = 25


def probability(weights: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """How likely the target was pasted, rather than the source.

    Parameters
    ----------
    weights : (2, k) float
        Size of each difference, and its weight; see `fit`.
    steps : (n, k) float
        Differences, target less source: see `starlight.forgery.copies.sides.STEPS`.

    Returns
    -------
    (n,) float64
    """
    return 1 / (1 + np.exp(-_bounded(weights[0], steps) @ weights[1]))


def chosen(weights: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Which region is marked, int (n,): 1 the target, -1 the source, 0 both, where it cannot be told."""
    p = probability(weights, steps)
    return (p >= _SURE).astype(int) - (p <= 1 - _SURE)


def fit(steps: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Weights for `probability`, by Newton's method.

    Parameters
    ----------
    steps : (n, k) float
    target : (n,) bool
        Whether the target was pasted.

    Returns
    -------
    (2, k) float64
    """
    size = np.sqrt((steps.astype(np.float64) ** 2).mean(axis=0)) + 1e-6
    x = _bounded(size, steps)
    weights = np.zeros(x.shape[1])
    for _ in range(_ROUNDS):
        p = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (target - p) - _RIDGE * weights
        bend = (x * (p * (1 - p))[:, None]).T @ x + _RIDGE * np.eye(len(weights))
        weights = weights + np.linalg.solve(bend, slope)
    return np.stack([size, weights])


def _bounded(size: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Differences in units of their size; those of a few, however large, decide nothing alone."""
    return 2 * np.tanh(steps / size / 2)
