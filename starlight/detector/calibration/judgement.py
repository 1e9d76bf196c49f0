"""From log-odds to a verdict. NumPy only, so that every runtime gives the same answer."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from starlight.detector.calibration.calibration import FINDS_NOTHING, UNKNOWN, Calibration
from starlight.errors import StarlightError
from starlight.techniques import LABELS, OTHER, protocol

__all__ = ["FOUND", "Prediction", "columns", "found_in", "judge", "lowest_rates", "named", "possible_in", "silence"]

FOUND = 50.0  # score of a payload that was read
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
        Techniques whose payload was read. What was read is certain, and a technique whose evidence is a payload that
        can be read was not used where none is: statistics that look like text are mostly those of slopes. Without it
        statistics alone judge, as the baseline does.
    """
    each = calibration.technique_scores(logits, classes)
    readable = _among(protocol(), calibration.techniques)
    if found is not None:
        each = np.where(found, FOUND, np.where(readable & ~found, -np.inf, each))
    score = np.clip(each.max(axis=1), -1e3, 1e3)
    read = readable[_likeliest(each, calibration.techniques)] & (score >= 0)
    if found is not None:
        read |= found.any(axis=1)
    possible = np.isfinite(each) & ~readable
    unknown = possible & (calibration.standing(classes) == UNKNOWN)
    loud = (unknown & (calibration.raw_scores(logits, classes) >= 0)).any(axis=1) & (score < 0)
    listed = possible & (np.asarray(calibration.techniques) != OTHER)
    mute = listed.any(axis=1) & (unknown == possible).all(axis=1)
    unlike = (score >= 0) & (ood > ood_limit)
    told = zip(loud, mute, unlike, ood, classes, strict=True)
    reasons = np.array([_reason(*one) for one in told], object)
    reasons[read] = ""
    return Prediction(score, calibration.probability(score), each, logits, cells, ood, reasons != "", reasons)


def lowest_rates(
    logits: np.ndarray,
    ood: np.ndarray,
    classes: Sequence[str],
    calibration: Calibration,
    ood_limit: float,
    found: np.ndarray | None = None,
) -> np.ndarray:
    """(n,) the lowest false-positive rate, of those that thresholds are kept for, that flags an image; NaN for none.

    Arguments are those of `judge`.
    """
    lowest = np.full(len(logits), np.nan)
    for one in sorted((calibration, *calibration.others), key=lambda one: -one.target_fpr):
        answer = judge(logits, np.zeros(0), ood, classes, one, ood_limit, found)
        lowest[(answer.score >= 0) & ~answer.abstain] = one.target_fpr
    return lowest


def _reason(loud: bool, mute: bool, unlike: bool, ood: float, name: str) -> str:
    if unlike:
        return f"unlike training images: {100 * ood:.1f} % of its statistics lie beyond them"
    if mute:
        return f"no expert was calibrated on pictures of this class ({name})"
    return f"an expert speaks up that was not calibrated on pictures of this class ({name})" if loud else ""


def silence(calibration: Calibration, name: str, scores: np.ndarray) -> dict[str, str]:
    """Why the experts of some techniques are silent on an image.

    Parameters
    ----------
    calibration : Calibration
    name : str
        Class of the picture.
    scores : (t,)
        Not finite where the container cannot carry the technique.

    Returns
    -------
    dict
        Technique to the reason.
    """
    standing = zip(calibration.techniques, calibration.standing([name])[0].tolist(), scores, strict=True)
    return {t: f"{_WHY[why]}: {name}" for t, why, score in standing if why in _WHY and np.isfinite(score)}


def columns(techniques: Sequence[str]) -> list[int]:
    """Where techniques stand in masks and in what was read: all that are listed, then `other`.

    Weights that were trained when fewer techniques were listed speak of those.

    Raises
    ------
    StarlightError
        One of them is not listed.

    Examples
    --------
    >>> columns(["palette", "exif"])
    [1, 3]
    """
    if unknown := [name for name in techniques if name not in LABELS]:
        raise StarlightError(f"weights: made for {', '.join(unknown)}, which this version does not list")
    return [LABELS.index(name) for name in techniques]


def possible_in(records: Sequence[Mapping[str, Any]], techniques: Sequence[str]) -> np.ndarray:
    """(n, t) bool, which of a detector's techniques each image could carry."""
    return np.stack([np.asarray(r["mask"], bool) for r in records])[:, columns(techniques)]


def found_in(records: Sequence[Mapping[str, Any]], techniques: Sequence[str]) -> np.ndarray | None:
    """(n, t) techniques that were read, for `judge`; None where not all of some records say so."""
    if not all("found" in r for r in records):
        return None
    return np.stack([r["found"] for r in records])[:, columns(techniques)]


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
