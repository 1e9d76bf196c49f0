"""Thresholds for a stated false-positive rate far out in the tail, and calibrated probabilities.

A validation split holds hundreds of authentic images; the false-positive rate asked for is one in thousands. The
threshold is therefore extrapolated: beyond its 90 % quantile the log-odds of authentic images are taken to have an
exponential tail, the generalised Pareto distribution with shape 0 (Coles, An Introduction to Statistical Modeling of
Extreme Values, 2001, section 4.2). Each technique is first put in units of its own tail, so that a technique whose
log-odds wander on unseen cameras needs more of them to raise an alarm than one whose log-odds stay put.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Calibration", "exponential_tail", "fit"]

_TAIL = 0.1  # share of authentic images that the tail is fitted to
_MIN_CLASS = 60  # authentic images under which a container class has no tail of its own
_SCALE_FLOOR = 0.1  # log-odds; a tail cannot be taken to be shorter than this
ABSENT = -29.0  # log-odds at or under which a technique was masked out


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Turns technique log-odds into one score, a verdict and a probability.

    Attributes
    ----------
    techniques : tuple of str
    location, scale : mapping of container class to tuple of float
        Per technique: the 90 % quantile of authentic log-odds and the mean excess over it.
    threshold : float
        Score at which an image is flagged.
    slope, intercept : float
        Of the logistic map from the score over the threshold to a probability.
    target_fpr : float
        Image-level false-positive rate that the threshold was set for.
    authentic : int
        Number of validation images that it was set on.
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

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        raw = json.loads(text)
        raw["techniques"] = tuple(raw["techniques"])
        return cls(**raw)


def exponential_tail(values: ArrayLike, share: float = _TAIL) -> tuple[float, float]:
    """Quantile at `1 - share` and mean excess over it.

    Returns
    -------
    location, scale : float
        `P(value > location + x) = share * exp(-x / scale)`; NaN for no values.
    """
    values = np.asarray(values, dtype=float)
    if not len(values):
        return float("nan"), float("nan")
    location = float(np.quantile(values, 1.0 - share))
    excess = values[values > location] - location
    return location, max(float(excess.mean()) if len(excess) else 0.0, _SCALE_FLOOR)


def fit(
    logits: ArrayLike,
    labels: ArrayLike,
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
    labels : (n,)
        1 for stego.
    classes : sequence of str, length n
        Container class of each image.
    target_fpr : float
        In (0, 0.1).
    """
    logits, labels = np.asarray(logits, dtype=float), np.asarray(labels)
    classes = np.asarray(classes, dtype=object)
    authentic = labels == 0
    location, scale = {}, {}
    location["all"], scale["all"] = _tails(logits[authentic], None, None)
    for name in sorted(set(classes)):
        chosen = authentic & (classes == name)
        if chosen.sum() >= _MIN_CLASS:
            location[name], scale[name] = _tails(logits[chosen], location["all"], scale["all"])
    draft = Calibration(
        tuple(techniques), location, scale, 0.0, 1.0, 0.0, target_fpr, int(authentic.sum())
    )  # fmt: skip
    score = draft.score(logits, classes)
    finite = score[authentic & np.isfinite(score)]
    u, s = exponential_tail(finite)
    threshold = u + s * np.log(_TAIL / target_fpr) if len(finite) else 0.0
    slope, intercept = _platt(score - threshold, labels)
    return dataclasses.replace(draft, threshold=float(threshold), slope=slope, intercept=intercept)


def _tails(logits: NDArray, base_location, base_scale) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Per technique; a class never gets a shorter tail than half of the pooled one, nor one from few values."""
    locations, scales = [], []
    for t in range(logits.shape[1]):
        values = logits[logits[:, t] > ABSENT, t]
        location, scale = exponential_tail(values)
        if base_location is not None:
            few = len(values) < _MIN_CLASS
            location = base_location[t] if few else location
            scale = base_scale[t] if few else max(scale, 0.5 * base_scale[t])
        elif len(values) < 2:
            location, scale = 0.0, 1.0
        locations.append(round(location, 6))
        scales.append(round(scale, 6))
    return tuple(locations), tuple(scales)


def _platt(score: NDArray, labels: NDArray) -> tuple[float, float]:
    """Logistic regression of the label on the score (Platt 1999); slope kept positive."""
    from sklearn.linear_model import LogisticRegression

    finite = np.isfinite(score)
    if len(set(labels[finite])) < 2:
        return 1.0, 0.0
    model = LogisticRegression(C=1.0).fit(np.clip(score[finite], -20, 20)[:, None], labels[finite])
    return max(float(model.coef_[0, 0]), 1e-3), float(model.intercept_[0])
