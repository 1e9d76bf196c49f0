"""Measures of a score's ranking: AUC and detection at a fixed false-positive rate, plain and under resampling.

The bootstrap draws covers, not images: what was made from one cover is one piece of evidence (Field and Welsh,
"Bootstrapping clustered data", JRSS B 69, 2007). A resample is a row of integer weights, so that hundreds of them cost
one sort and a few cumulative sums.
"""

import math

import numpy as np

__all__ = ["auc", "bootstrap_interval", "cover_weights", "detection_at_fpr", "roc_points"]

RESAMPLES = 400


def cover_weights(cover_id, *, seed: int, resamples: int = RESAMPLES) -> np.ndarray:
    """How often each image enters each resample.

    Parameters
    ----------
    cover_id : array-like of str, shape (n,)
    seed : int
    resamples : int

    Returns
    -------
    ndarray of float64, shape (resamples, n)
    """
    covers, place = np.unique(np.asarray(cover_id, dtype=str), return_inverse=True)
    if covers.size == 0:
        return np.zeros((resamples, 0))
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(covers.size, np.full(covers.size, 1 / covers.size), size=resamples)
    return draws[:, place].astype(np.float64)


def _weights(label: np.ndarray, weights) -> np.ndarray:
    return np.ones((1, label.size)) if weights is None else np.atleast_2d(weights)


def auc(label, score, weights=None) -> np.ndarray:
    """Area under the ROC curve: the chance that a stego image scores above an authentic one, ties counting half.

    Parameters
    ----------
    label, score : array-like, shape (n,)
        1 for stego, 0 for authentic; higher scores mean stego.
    weights : ndarray, shape (r, n), optional
        One row for each resample.

    Returns
    -------
    ndarray of float64, shape (r,)
        NaN where one of the classes is absent.
    """
    label, score = np.asarray(label), np.asarray(score, dtype=np.float64)
    weights = _weights(label, weights)
    if label.size == 0:
        return np.full(weights.shape[0], math.nan)
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(score[order]) != 0])
    stego = np.add.reduceat(weights[:, order] * (label[order] == 1), starts, axis=1)
    clean = np.add.reduceat(weights[:, order] * (label[order] == 0), starts, axis=1)
    below = np.cumsum(clean, axis=1) - clean / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return (stego * below).sum(axis=1) / (stego.sum(axis=1) * clean.sum(axis=1))


def detection_at_fpr(label, score, fpr: float, weights=None) -> np.ndarray:
    """Share of stego found when at most a share `fpr` of the authentic images may be flagged.

    The threshold lies on an authentic score and what ties with it is not flagged; with fewer than 1 / fpr authentic
    images this is detection without a single false alarm.

    Parameters
    ----------
    label : (n,) of 0 and 1
    score : (n,)
        Higher for stego.
    fpr : float
    weights : (b, n), optional
        As for `auc`.

    Returns
    -------
    ndarray, shape (b,)
        As of `auc`.
    """
    label, score = np.asarray(label), np.asarray(score, dtype=np.float64)
    weights = _weights(label, weights)
    if label.size == 0:
        return np.full(weights.shape[0], math.nan)
    order = np.argsort(-score, kind="stable")
    ends = np.r_[np.flatnonzero(np.diff(score[order]) != 0), label.size - 1]
    stego = np.cumsum(weights[:, order] * (label[order] == 1), axis=1)[:, ends]
    clean = np.cumsum(weights[:, order] * (label[order] == 0), axis=1)[:, ends]
    allowed = np.floor(fpr * clean[:, -1] + 1e-9)
    found = np.where(clean <= allowed[:, None], stego, 0).max(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = found / stego[:, -1]
    return np.where(clean[:, -1] > 0, share, math.nan)


def bootstrap_interval(values: np.ndarray, confidence: float = 0.95) -> tuple[float, float]:
    """Percentile interval of resampled values; NaN where none of them is defined."""
    values = values[np.isfinite(values)]
    if values.size == 0:
        return math.nan, math.nan
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def roc_points(label, score) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The ROC curve, one point for each distinct score.

    Returns
    -------
    fpr, detection, threshold : ndarray of float64
        Starting at (0, 0, inf); empty where a class is absent.
    """
    label, score = np.asarray(label), np.asarray(score, dtype=np.float64)
    n_stego, n_clean = int((label == 1).sum()), int((label == 0).sum())
    if not n_stego or not n_clean:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    order = np.argsort(-score, kind="stable")
    ends = np.r_[np.flatnonzero(np.diff(score[order]) != 0), label.size - 1]
    detection = np.cumsum(label[order] == 1)[ends] / n_stego
    fpr = np.cumsum(label[order] == 0)[ends] / n_clean
    return np.r_[0.0, fpr], np.r_[0.0, detection], np.r_[math.inf, score[order][ends]]
