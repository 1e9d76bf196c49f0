"""Thresholds for a stated false-positive rate far out in the tail, set class by class.

The rate asked for is one in thousands, and a class holds hundreds of authentic images or fewer: thresholds are
extrapolated from the tail of their log-odds (`tails`), and lie so high that no more of those images exceed them than
chance allows. The techniques that find something share the false alarms, evenly and as far as they are fooled by
different pictures. Where stego and authentic images of a technique lie apart altogether, nothing is extrapolated: the
threshold lies one to two thirds of the way between them, farther where authentic images scatter more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import poisson

from starlight.detector.calibration.calibration import (
    ABSENT,
    ALL,
    FINDS_NOTHING,
    SPEAKS,
    UNKNOWN,
    Calibration,
    Row,
    nearest,
)
from starlight.detector.calibration.classes import CLASSES, LOSSLESS
from starlight.detector.calibration.tails import CONFIDENCE, Tail, fit_tail

__all__ = ["MIN_CLASS", "fit"]

MIN_CLASS = 10  # authentic images under which nobody knows where a technique's log-odds lie in a class
_NO_TAIL = Tail(0.0, 0.1, 1.0, 1.0)  # of what was never seen
_STEP = 1e-4  # log-odds by which a threshold lies beyond what must stay under it
_MIN_STEGO = 20  # stego images under which nobody knows how many are found
_FOUND = 0.02  # share of stego images under which a technique finds nothing
_ALIKE = 0.02  # share of authentic images, the highest by each technique, that show how alike techniques are fooled
_LEAST = 10  # such images at least
_REACH = 0.02  # share of a technique's stego images whose log-odds may lie under what counts as theirs
_WAY = (1 / 3, 2 / 3)  # how far between authentic and stego images a threshold lies, at least and at most
_BEYOND = 2.0  # it lies as many times as far beyond the highest authentic image as that beyond the 90 % quantile


class _Seen(NamedTuple):
    """Log-odds (n, t) of authentic and of stego images, their classes, and what the latter carry."""

    authentic: NDArray[np.float64]
    classes: NDArray[np.object_]
    stego: NDArray[np.float64]
    stego_classes: NDArray[np.object_]
    carried: NDArray[np.int64]


def fit(
    logits: ArrayLike,
    technique: ArrayLike,
    classes: Sequence[str],
    *,
    techniques: Sequence[str],
    target_fpr: float,
    further: tuple[ArrayLike, Sequence[str]] | None = None,
    others: Sequence[float] = (),
) -> Calibration:
    """Set thresholds, and fit the map to probabilities that belongs to them.

    Parameters
    ----------
    logits : (n, t)
        Technique log-odds of the validation split, masked ones at or under `ABSENT`.
    technique : (n,)
        Which of `techniques` an image carries, -1 for authentic ones.
    classes : sequence of str, length n
        Class of each image.
    techniques : sequence of str, length t
    target_fpr : float
        Image-level false-positive rate, in (0, 0.1), in every class.
    further : (m, t) log-odds and m classes, optional
        Of more authentic images, real ones say: they show tails and speak for classes that the split lacks, and have
        no part in the map to probabilities.
    others : sequence of float
        Further rates that thresholds are kept for.

    Returns
    -------
    Calibration
    """
    logits, technique = np.asarray(logits, dtype=float), np.asarray(technique)
    classes = np.asarray(classes, dtype=object)
    stego = technique >= 0
    seen = _Seen(logits[~stego], classes[~stego], logits[stego], classes[stego], technique[stego])
    apart = np.array([_between(seen.authentic[:, t], _carrying(seen, t)) for t in range(len(techniques))])
    if further is not None:
        more, of = np.asarray(further[0], float), np.asarray(further[1], dtype=object)
        seen = seen._replace(authentic=np.vstack([seen.authentic, more]), classes=np.concatenate([seen.classes, of]))
    found = []
    for rate in (target_fpr, *others):
        drafted = _at(seen, apart, rate, techniques)
        slope, intercept = _platt(drafted.score(logits, classes), stego)
        found.append(dataclasses.replace(drafted, slope=slope, intercept=intercept))
    return dataclasses.replace(found[0], others=tuple(found[1:]))


def _at(seen: _Seen, apart: NDArray, rate: float, techniques: Sequence[str]) -> Calibration:
    """Thresholds of every class for one rate, without probabilities that go with them."""
    rows = {ALL: _row(seen, None, apart, rate, None)}
    for name in CLASSES:  # smaller photographs before larger ones
        if (seen.classes == name).sum() >= MIN_CLASS:
            below = nearest(name, rows) if name.startswith(f"photograph, {LOSSLESS}") else None  # `DECODED`, too
            rows[name] = _row(seen, name, apart, rate, below)
    return Calibration(tuple(techniques), rows, 1.0, 0.0, rate, len(seen.authentic))


def _carrying(seen: _Seen, t: int, name: str | None = None) -> NDArray[np.float64]:
    """Log-odds of a technique on the stego images that carry it, in a class or in all."""
    chosen = seen.carried == t
    if name is not None:
        chosen = chosen & (seen.stego_classes == name)
    return seen.stego[chosen & (seen.stego[:, t] > ABSENT), t]


def _present(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[values > ABSENT]


def _row(seen: _Seen, name: str | None, apart: NDArray, target_fpr: float, below: Row | None) -> Row:
    """Thresholds of a class; of all images for None, where no expert may speak whose threshold was extrapolated.

    `below` is what holds for smaller pictures of the kind, where more of them scatter less: thresholds are not set
    higher than there but for what is seen.
    """
    chosen = np.ones(len(seen.classes), bool) if name is None else seen.classes == name
    authentic = [_present(column) for column in seen.authentic[chosen].T]
    known = np.array([len(values) >= MIN_CLASS for values in authentic])
    tails = [fit_tail(values) if enough else _NO_TAIL for values, enough in zip(authentic, known, strict=True)]
    caps = [np.inf] * len(tails) if below is None else below.ends()
    sharing = known & np.isnan(apart)
    while True:  # each round has one technique fewer at least
        rate = target_fpr / _independent(seen.authentic[chosen][:, sharing])
        ends = np.array([
            _end(tail, values, rate, cap) for tail, values, cap in zip(tails, authentic, caps, strict=True)
        ])  # fmt: skip
        found = np.array([_found(seen, t, name, end) for t, end in enumerate(ends)])
        if not (sharing & (found < _FOUND)).any():
            break
        sharing &= found >= _FOUND
    unknown = ~known if name is not None else np.ones_like(known)
    standing = np.select([~np.isnan(apart), unknown, ~sharing], [SPEAKS, UNKNOWN, FINDS_NOTHING], SPEAKS)
    ends = np.where(np.isnan(apart), ends, apart)
    return Row(tuple(np.round(ends, 6).tolist()), tuple(standing.tolist()), int(chosen.sum()))


def _independent(logits: NDArray) -> float:
    """How many independent techniques would raise as many false alarms as (n, k) log-odds of authentic images do.

    Techniques that read the same statistics are fooled by the same pictures, more or less together.
    """
    if not logits.shape[1]:
        return 1.0
    share = max(_ALIKE, _LEAST / len(logits))
    if share >= 0.5:
        return float(logits.shape[1])
    high = logits > np.quantile(logits, 1.0 - share, axis=0)
    return float(np.clip(high.any(axis=1).mean() / share, 1.0, logits.shape[1]))


def _end(tail: Tail, authentic: NDArray, rate: float, cap: float) -> float:
    """Log-odds at which an alarm is raised: so high, too, that chance at this rate allows what lies over it."""
    allowed = int(poisson.ppf(CONFIDENCE, rate * len(authentic)))
    highest = np.sort(authentic)[-1 - allowed] + _STEP if allowed < len(authentic) else -np.inf
    return max(min(tail.end(rate), cap), float(highest))


def _found(seen: _Seen, t: int, name: str | None, end: float) -> float:
    """Share of a technique's stego images over a threshold, in the class if enough of them are known there.

    What no stego image shows is taken to find something: nobody knows.
    """
    for where in (name, None):
        if len(values := _carrying(seen, t, where)) >= _MIN_STEGO:
            return float((values >= end).mean())
    return 1.0


def _between(authentic: NDArray, stego: NDArray) -> float:
    """Log-odds between authentic and stego images for a threshold to lie at; NaN where they do not lie apart.

    They lie apart when all but a few stego images lie farther beyond the highest authentic one than that lies beyond
    its 90 % quantile: no tail of that length has to be extrapolated.
    """
    authentic = _present(authentic)
    if len(stego) < _MIN_STEGO or len(authentic) < MIN_CLASS:
        return np.nan
    location = float(np.quantile(authentic, 0.9))
    highest, reach = float(authentic.max()), float(np.quantile(stego, _REACH))
    if reach - highest <= highest - location:
        return np.nan
    return highest + float(np.clip(_BEYOND * (highest - location), *(way * (reach - highest) for way in _WAY)))


def _platt(score: NDArray, labels: NDArray) -> tuple[float, float]:
    """Logistic regression of the label on the score (Platt 1999); slope kept positive."""
    from sklearn.linear_model import LogisticRegression

    finite = np.isfinite(score)
    if len(set(labels[finite])) < 2:
        return 1.0, 0.0
    model = LogisticRegression(C=1.0).fit(np.clip(score[finite], -20, 20)[:, None], labels[finite])
    return max(float(model.coef_[0, 0]), 1e-3), float(model.intercept_[0])
