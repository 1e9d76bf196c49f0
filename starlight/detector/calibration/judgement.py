"""From log-odds to a verdict. NumPy only, so that every runtime gives the same answer."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from starlight.detector.calibration.calibration import Calibration
from starlight.techniques import group, protocol

__all__ = ["BY_ACCOUNT", "FOUND", "Prediction", "found_in", "judge", "named"]

BY_ACCOUNT = (*group("comment"), *group("trailer"))  # evidence is bytes, which the account explains or does not
FOUND = 50.0  # score of a payload that was read


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
    found: np.ndarray | None = None,
) -> Prediction:
    """Log-odds and map of n images to verdicts.

    Parameters
    ----------
    logits : (n, t)
    cells : (n, k, 32, 32)
    ood : (n,)
    classes : sequence of str, length n
    calibration : Calibration
    ood_limit : float
        Share of the statistics from which an image is unlike any seen.
    found : (n, t) bool, optional
        Techniques whose payload was read. What was read is certain; bytes that are all explained hide nothing,
        whatever their statistics. Without it statistics alone judge, as the baseline does.
    """
    each = calibration.technique_scores(logits, classes)
    if found is not None:
        silent = _among(BY_ACCOUNT, calibration.techniques) & ~found
        each = np.where(found, FOUND, np.where(silent, -np.inf, each))
    score = np.clip(each.max(axis=1), -1e3, 1e3)
    readable = _among(protocol(), calibration.techniques)[_likeliest(each, calibration.techniques)]
    abstain = (score >= 0) & (ood > ood_limit) & ~readable
    if found is not None:
        abstain &= ~found.any(axis=1)
    return Prediction(score, calibration.probability(score), each, logits, cells, ood, abstain)


def found_in(records: Sequence[Mapping[str, Any]]) -> np.ndarray | None:
    """(n, t) techniques that were read, for `judge`; None where not all of some records say so."""
    return np.stack([r["found"] for r in records]) if all("found" in r for r in records) else None


def named(scores: np.ndarray, techniques: Sequence[str]) -> np.ndarray:
    """(n,) the most likely technique, from scores (n, t).

    A payload that reads as text says what it was written with; the statistics that it changed besides are like those
    of other techniques, and may score higher.
    """
    return np.asarray(techniques, dtype=object)[_likeliest(scores, tuple(techniques))]


def _likeliest(scores: np.ndarray, techniques: tuple[str, ...]) -> np.ndarray:
    read = np.where(_among(protocol(), techniques) & (scores >= 0), scores, -np.inf)
    certain = np.isfinite(read).any(axis=1)
    return np.where(certain, read.argmax(axis=1), scores.argmax(axis=1))


@functools.cache
def _among(names: tuple[str, ...], techniques: tuple[str, ...]) -> np.ndarray:
    return np.array([name in names for name in techniques])
