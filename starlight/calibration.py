"""Thresholds for a stated false-positive rate far out in the tail, and calibrated probabilities.

A validation split holds hundreds of authentic images; the false-positive rate asked for is one in thousands. The
threshold is therefore extrapolated from the tail of authentic images' log-odds (`tails`). Each technique is first put
in units of its own tail, so that a technique whose log-odds wander on unseen cameras needs more of them to raise an
alarm than one whose log-odds stay put. Where stego and authentic images lie apart, nothing is extrapolated: the unit is
such that the threshold lies one to two thirds of the way from the one to the other, farther where authentic images
scatter more.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from starlight.tails import SHARE, exponential_tail, extrapolated

__all__ = ["ABSENT", "Calibration", "fit"]

_FAR_SHARE = 0.01  # of thousands of further authentic images, that a tail is fitted to
_MIN_CLASS = 60  # authentic images under which a container class has no tail of its own
_PRIOR = 30  # values over the 90 % quantile that the pooled tail counts as, in each class's
_MIN_STEGO = 20  # stego images under which nobody knows where those of a technique lie
_REACH = 0.02  # share of a technique's stego images whose log-odds may lie under what counts as theirs
_WAY = (1 / 3, 2 / 3)  # how far between authentic and stego images the threshold lies, at least and at most
_BEYOND = 2.0  # it lies as many times as far beyond the highest authentic image as that beyond the 90 % quantile
_HOPELESS = 0.1  # share found at a false-positive rate of 1 % under which a technique is hardly worth an alarm
_HOPELESS_FACTOR = 1.3
ABSENT = -29.0  # log-odds at or under which a technique was masked out


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Turns technique log-odds into one score, a verdict and a probability.

    Attributes
    ----------
    techniques : tuple of str
    location, scale : mapping of container class to tuple of float
        Per technique: the 90 % quantile of authentic log-odds, and the mean excess over it or what ends between them
        and stego images.
    threshold : float
        Score at which an image is flagged.
    slope, intercept : float
        Of the logistic map from the score over the threshold to a probability.
    target_fpr : float
        Image-level false-positive rate that the threshold was set for.
    authentic : int
        Number of authentic images that it was set on.
    """

    techniques: tuple[str, ...]
    location: Mapping[str, tuple[float, ...]]
    scale: Mapping[str, tuple[float, ...]]
    threshold: float
    slope: float
    intercept: float
    target_fpr: float
    authentic: int

    def technique_scores(self, logits: ArrayLike, classes: Sequence[str]) -> NDArray[np.float64]:
        """(n, t) log-odds in units of the authentic tail, over the threshold; -inf where masked out."""
        logits = np.asarray(logits, dtype=float)
        location = np.array([self.location.get(c, self.location["all"]) for c in classes])
        scale = np.array([self.scale.get(c, self.scale["all"]) for c in classes])
        scores = (logits - location.reshape(logits.shape)) / scale.reshape(logits.shape) - self.threshold
        return np.where(logits <= ABSENT, -np.inf, scores)

    def score(self, logits: ArrayLike, classes: Sequence[str]) -> NDArray[np.float64]:
        """(n,) highest technique score; at 0 and over the image is flagged."""
        return self.technique_scores(logits, classes).max(axis=1)

    def probability(self, score: ArrayLike) -> NDArray[np.float64]:
        """Calibrated probability that an image with this score carries a payload."""
        z = self.slope * np.asarray(score, dtype=float) + self.intercept
        return 1.0 / (1.0 + np.exp(-np.clip(z, -30.0, 30.0)))

    def raised(self, scores: ArrayLike, kept: Collection[str]) -> Calibration:
        """With the threshold that further authentic images ask for, if it is a higher one.

        Parameters
        ----------
        scores : (n,)
            Their highest score over all techniques but those in `kept`, thousands of them.
        kept : collection of str
            Techniques whose thresholds stay, in log-odds: nothing was extrapolated for them.
        """
        scores = np.asarray(scores, dtype=float)
        found = self.threshold + extrapolated(scores[np.isfinite(scores)], self.target_fpr, _FAR_SHARE)
        if not found > self.threshold:
            return self
        factors = [self.threshold / found if name in kept else 1.0 for name in self.techniques]
        scale = {
            name: tuple(round(unit * f, 6) for unit, f in zip(one, factors, strict=True))
            for name, one in self.scale.items()
        }
        return dataclasses.replace(self, scale=scale, threshold=found, authentic=self.authentic + len(scores))

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        raw = json.loads(text)
        raw["techniques"] = tuple(raw["techniques"])
        return cls(**raw)


def fit(
    logits: ArrayLike,
    technique: ArrayLike,
    classes: Sequence[str],
    *,
    techniques: Sequence[str],
    target_fpr: float,
) -> Calibration:
    """Fit on the validation split.

    Parameters
    ----------
    logits : (n, t)
        Technique log-odds, masked ones at or under `ABSENT`.
    technique : (n,)
        Which of `techniques` an image carries, -1 for authentic ones.
    classes : sequence of str, length n
        Container class of each image.
    target_fpr : float
        In (0, 0.1).
    """
    logits, technique = np.asarray(logits, dtype=float), np.asarray(technique)
    classes = np.asarray(classes, dtype=object)
    authentic = technique < 0
    location, scale = {}, {}
    location["all"], scale["all"] = _tails(logits[authentic], None, None)
    for name in sorted(set(classes)):
        chosen = authentic & (classes == name)
        if chosen.sum() >= _MIN_CLASS:
            location[name], scale[name] = _tails(logits[chosen], location["all"], scale["all"])
    ways = [_way(logits[authentic, t], logits[technique == t, t]) for t in range(logits.shape[1])]
    apart = np.array([way.end is not None for way in ways])
    scale = {name: tuple(unit * way.factor for unit, way in zip(one, ways, strict=True)) for name, one in scale.items()}
    draft = Calibration(
        tuple(techniques), location, scale, 0.0, 1.0, 0.0, target_fpr, int(authentic.sum())
    )  # fmt: skip
    threshold = _threshold(draft, np.where(apart, ABSENT, logits)[authentic], classes[authentic])
    scale = {name: _between(location[name], one, ways, threshold) for name, one in scale.items()}
    draft = dataclasses.replace(draft, scale=scale)
    slope, intercept = _platt(draft.score(logits, classes) - threshold, ~authentic)
    return dataclasses.replace(draft, threshold=threshold, slope=slope, intercept=intercept)


def _threshold(draft: Calibration, logits: NDArray, classes: NDArray) -> float:
    """Score that one authentic image in `1 / target_fpr` exceeds, from the log-odds of some."""
    score = draft.score(logits, classes)
    score = score[np.isfinite(score)]
    return max(1.0, extrapolated(score, draft.target_fpr)) if len(score) else np.log(SHARE / draft.target_fpr)


def _tails(logits: NDArray, base_location, base_scale) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Per technique; a class's mean excess is drawn towards the pooled one as if `_PRIOR` values had shown that."""
    locations, scales = [], []
    for t in range(logits.shape[1]):
        values = logits[logits[:, t] > ABSENT, t]
        location, scale = exponential_tail(values)
        if base_location is not None:
            over = SHARE * len(values) if len(values) >= _MIN_CLASS else 0.0  # values that show the class's own tail
            location = location if over else base_location[t]
            scale = (over * np.nan_to_num(scale) + _PRIOR * base_scale[t]) / (over + _PRIOR)
        elif len(values) < 2:
            location, scale = 0.0, 1.0
        locations.append(round(location, 6))
        scales.append(round(scale, 6))
    return tuple(locations), tuple(scales)


class _Way(NamedTuple):
    """What stego images say of a technique's unit: log-odds that the threshold is to lie at, or a factor."""

    end: float | None
    factor: float = 1.0


def _way(authentic: NDArray, stego: NDArray) -> _Way:
    """Between authentic and stego images where they lie apart; else in units of the tail, longer where it is no use.

    They lie apart when all but a few stego images lie farther beyond the highest authentic one than that lies beyond
    its 90 % quantile: no tail of that length has to be extrapolated.
    """
    authentic, stego = authentic[authentic > ABSENT], stego[stego > ABSENT]
    if len(stego) < _MIN_STEGO or len(authentic) < _MIN_CLASS:
        return _Way(None)
    location, scale = exponential_tail(authentic)
    highest, reach = float(authentic.max()), float(np.quantile(stego, _REACH))
    if reach - highest > highest - location:
        beyond = np.clip(_BEYOND * (highest - location), *(way * (reach - highest) for way in _WAY))
        return _Way(highest + float(beyond))
    hopeless = np.mean(stego > location + np.log(SHARE / 0.01) * scale) < _HOPELESS
    return _Way(None, _HOPELESS_FACTOR if hopeless else 1.0)


def _between(location, scale, ways: Sequence[_Way], threshold: float) -> tuple[float, ...]:
    """Units of which `threshold` over the location end where stego images say, where they say so."""
    return tuple(
        round(unit if way.end is None else (way.end - low) / threshold, 6)
        for low, unit, way in zip(location, scale, ways, strict=True)
    )


def _platt(score: NDArray, labels: NDArray) -> tuple[float, float]:
    """Logistic regression of the label on the score (Platt 1999); slope kept positive."""
    from sklearn.linear_model import LogisticRegression

    finite = np.isfinite(score)
    if len(set(labels[finite])) < 2:
        return 1.0, 0.0
    model = LogisticRegression(C=1.0).fit(np.clip(score[finite], -20, 20)[:, None], labels[finite])
    return max(float(model.coef_[0, 0]), 1e-3), float(model.intercept_[0])
