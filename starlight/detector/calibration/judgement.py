"""From log-odds to a verdict. NumPy only, so that every runtime gives the same answer."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from starlight.detector.calibration.calibration import Calibration
from starlight.techniques import protocol

__all__ = ["Prediction", "judge", "named"]


class Prediction(NamedTuple):
    """Answers for n images.

    score : (n,) at 0 and over the image is flagged.
    probability : (n,) calibrated.
    technique_scores, logits : (n, t); -inf, or `IMPOSSIBLE`, where the container cannot carry the technique.
    cells : (n, k, 32, 32) map in [0, 1].
    ood : (n,) share of the statistics that lie beyond all training images.
    abstain : (n,) bool, flagged on statistics alone, on an image unlike any seen.
    """

    score: np.ndarray
    probability: np.ndarray
    technique_scores: np.ndarray
    logits: np.ndarray
    cells: np.ndarray
    ood: np.ndarray
    abstain: np.ndarray


def judge(
    logits: np.ndarray,
    cells: np.ndarray,
    ood: np.ndarray,
    classes: Sequence[str],
    calibration: Calibration,
    ood_limit: float,
) -> Prediction:
    """Log-odds and map of n images to verdicts; `ood_limit` is the share from which an image is unlike any seen."""
    each = calibration.technique_scores(logits, classes)
    score = np.clip(each.max(axis=1), -1e3, 1e3)
    readable = _readable(calibration.techniques)[_likeliest(each, calibration.techniques)]
    abstain = (score >= 0) & (ood > ood_limit) & ~readable
    return Prediction(score, calibration.probability(score), each, logits, cells, ood, abstain)


def named(scores: np.ndarray, techniques: Sequence[str]) -> np.ndarray:
    """(n,) the most likely technique, from scores (n, t).

    A payload that reads as text says what it was written with; the statistics that it changed besides are like those
    of other techniques, and may score higher.
    """
    return np.asarray(techniques, dtype=object)[_likeliest(scores, tuple(techniques))]


def _likeliest(scores: np.ndarray, techniques: tuple[str, ...]) -> np.ndarray:
    read = np.where(_readable(techniques) & (scores >= 0), scores, -np.inf)
    certain = np.isfinite(read).any(axis=1)
    return np.where(certain, read.argmax(axis=1), scores.argmax(axis=1))


@functools.cache
def _readable(techniques: tuple[str, ...]) -> np.ndarray:
    return np.array([name in protocol() for name in techniques])
