"""From log-odds to a verdict. NumPy only, so that every runtime gives the same answer."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from starlight.detector.calibration.calibration import FINDS_NOTHING, UNKNOWN, Calibration
from starlight.techniques import OTHER, protocol

__all__ = ["Prediction", "judge", "named", "silence"]

_WHY = {
    FINDS_NOTHING: "finds nothing at this false-positive rate in pictures of this class",
    UNKNOWN: "not calibrated on pictures of this class",
}


class Prediction(NamedTuple):
    """Answers for n images.

    score : (n,) at 0 and over the image is flagged.
    probability : (n,) calibrated.
    technique_scores, logits : (n, t); -inf, or `IMPOSSIBLE`, where the container cannot carry the technique.
    cells : (n, k, 32, 32) map in [0, 1].
    ood : (n,) share of the statistics that lie beyond all training images.
    abstain : (n,) bool, nobody may tell: none of the experts that could say anything was calibrated on such a picture,
        one that was not is loud where the others are not, or a picture flagged on statistics alone is unlike any seen.
    reasons : (n,) str, why; empty where `abstain` is false.
    """

    score: np.ndarray
    probability: np.ndarray
    technique_scores: np.ndarray
    logits: np.ndarray
    cells: np.ndarray
    ood: np.ndarray
    abstain: np.ndarray
    reasons: np.ndarray


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
    readable = _readable(calibration.techniques)
    read = readable[_likeliest(each, calibration.techniques)] & (score >= 0)
    possible = np.isfinite(each) & ~readable
    unknown = possible & (calibration.standing(classes) == UNKNOWN)
    loud = (unknown & (calibration.raw_scores(logits, classes) >= 0)).any(axis=1) & (score < 0)
    listed = possible & (np.asarray(calibration.techniques) != OTHER)
    mute = listed.any(axis=1) & (unknown == possible).all(axis=1)
    unlike = (score >= 0) & (ood > ood_limit)
    reasons = np.array([_reason(*each) for each in zip(loud, mute, unlike, ood, classes, strict=True)], object)
    reasons[read] = ""
    return Prediction(score, calibration.probability(score), each, logits, cells, ood, reasons != "", reasons)


def _reason(loud: bool, mute: bool, unlike: bool, ood: float, name: str) -> str:
    if unlike:
        return f"unlike training images: {100 * ood:.1f} % of its statistics lie beyond them"
    if mute:
        return f"no expert was calibrated on pictures of this class ({name})"
    return f"an expert speaks up that was not calibrated on pictures of this class ({name})" if loud else ""


def silence(calibration: Calibration, name: str, possible: Collection[str]) -> dict[str, str]:
    """Which of some techniques' experts are silent on pictures of a class, and why."""
    standing = zip(calibration.techniques, calibration.standing([name])[0].tolist(), strict=True)
    return {t: f"{_WHY[why]}: {name}" for t, why in standing if why in _WHY and t in possible}


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
