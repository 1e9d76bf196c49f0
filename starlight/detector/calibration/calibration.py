"""Thresholds for a stated false-positive rate far out in the tail, and calibrated probabilities.

A validation split holds hundreds of authentic images; the false-positive rate asked for is one in thousands. The
threshold is therefore extrapolated from the tail of authentic images' log-odds (`tails`). Each technique is first put
in units of its own tail, so that a technique whose log-odds wander on unseen cameras needs more of them to raise an
alarm than one whose log-odds stay put. All techniques share the false alarms that are allowed (`shares`). Where stego
and authentic images lie apart, nothing is extrapolated: the unit is such that the threshold lies one to two thirds of
the way from the one to the other, farther where authentic images scatter more.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from starlight.detector.calibration import shares
from starlight.detector.calibration.class_tails import ABSENT, MIN_CLASS, Tails, by_class
from starlight.detector.calibration.tails import SHARE, exponential_tail

__all__ = ["Calibration", "fit"]

_FAR_SHARE = 0.04  # of thousands of further authentic images, that a tail is fitted to
_FAR_PRIOR = 5  # values in such a tail that the pooled one counts as, in each class's
_MIN_STEGO = 20  # stego images under which nobody knows where those of a technique lie
_REACH = 0.02  # share of a technique's stego images whose log-odds may lie under what counts as theirs
_WAY = (1 / 3, 2 / 3)  # how far between authentic and stego images the threshold lies, at least and at most
_BEYOND = 2.0  # it lies as many times as far beyond the highest authentic image as that beyond the 90 % quantile


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Turns technique log-odds into one score, a verdict and a probability.

    Attributes
    ----------
    techniques : tuple of str
    location, scale : mapping of container class to tuple of float
        Per technique: the 90 % quantile of authentic log-odds, and the mean excess over it or what ends between them
        and stego images.
    handicap : tuple of float
        Per technique: how many times longer than its tail its unit is, 1 for a technique that lies apart.
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
    handicap: tuple[float, ...]
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

    def refitted(
        self, logits: ArrayLike, classes: Sequence[str], kept: Collection[str], target_fpr: float | None = None
    ) -> Calibration:
        """With the tails of thousands of further authentic images, which show them better than a validation split.

        So many show each technique's tail far out, where it may be longer or shorter than the upper tenth lets expect:
        units follow what they show there, and no technique pays for the long tail of another. In other units the map
        from score to probability no longer holds: fit it anew (`mapped`).

        Parameters
        ----------
        logits : (n, t)
            Of the further images.
        classes : sequence of str, length n
        kept : collection of str
            Techniques whose thresholds stay, in log-odds: nothing was extrapolated for them.
        target_fpr : float, optional
            In (0, 0.04); as it was unless given.
        """
        logits, classes = np.asarray(logits, dtype=float), np.asarray(classes, dtype=object)
        keep = np.isin(self.techniques, list(kept))
        found = by_class(logits, classes, _FAR_SHARE, _FAR_PRIOR)
        tails = self._tails() | {name: tail.longer(self.handicap) for name, tail in found.items()}
        draft = dataclasses.replace(
            self, **_columns(tails), threshold=0.0, target_fpr=self.target_fpr if target_fpr is None else target_fpr
        )
        threshold = draft._threshold(logits, classes, ~keep, _FAR_SHARE)
        for name, tail in tails.items():
            ends = np.where(keep, self._ends(name), np.nan)
            tails[name] = tail.ending(ends, threshold)
        return dataclasses.replace(
            draft, **_columns(tails), threshold=threshold, authentic=self.authentic + len(logits)
        )  # fmt: skip

    def mapped(self, logits: ArrayLike, classes: Sequence[str], stego: ArrayLike) -> Calibration:
        """With the map from score to probability fitted to images of which (n,) bool `stego` says what they are."""
        slope, intercept = _platt(self.score(logits, classes), np.asarray(stego, dtype=bool))
        return dataclasses.replace(self, slope=slope, intercept=intercept)

    def _threshold(self, logits: NDArray, classes: NDArray, sharing: NDArray, share: float = SHARE) -> float:
        """Score at which the techniques that share raise the false alarms allowed, from authentic log-odds."""
        score = self.score(np.where(sharing, logits, ABSENT), classes)
        return shares.threshold(score, np.array(self.handicap)[sharing], self.target_fpr, share)

    def _tails(self) -> dict[str, Tails]:
        return {n: Tails(np.array(low), np.array(self.scale[n])) for n, low in self.location.items()}

    def _ends(self, name: str) -> NDArray[np.float64]:
        """(t,) log-odds at which each technique raises an alarm on a container class."""
        low, unit = (np.array(part.get(name, part["all"])) for part in (self.location, self.scale))
        return low + self.threshold * unit

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        raw = json.loads(text)
        raw["techniques"] = tuple(raw["techniques"])
        raw.setdefault("handicap", (1.0,) * len(raw["techniques"]))  # detectors of before there was one
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
    tails = by_class(logits[authentic], classes[authentic])
    ends = np.array([_end(logits[authentic, t], logits[technique == t, t]) for t in range(logits.shape[1])])
    apart = ~np.isnan(ends)
    draft = Calibration(
        tuple(techniques), **_columns(tails), handicap=(1.0,) * len(ends), threshold=0.0, slope=1.0, intercept=0.0,
        target_fpr=target_fpr, authentic=int(authentic.sum()),
    )  # fmt: skip
    units = draft.technique_scores(logits, classes)
    found = [None if apart[t] else units[technique == t, t] for t in range(len(ends))]
    handicap = shares.handicaps(found, np.log(SHARE / target_fpr), _MIN_STEGO)
    tails = {name: tail.longer(handicap) for name, tail in tails.items()}
    draft = dataclasses.replace(draft, **_columns(tails), handicap=handicap)
    threshold = draft._threshold(logits[authentic], classes[authentic], ~apart)
    tails = {name: tail.ending(ends, threshold) for name, tail in tails.items()}
    return dataclasses.replace(draft, **_columns(tails), threshold=threshold).mapped(logits, classes, ~authentic)


def _columns(tails: Mapping[str, Tails]) -> dict[str, dict[str, tuple[float, ...]]]:
    """`location` and `scale` of a calibration."""
    return {
        field: {name: tuple(np.round(getattr(tail, field), 6).tolist()) for name, tail in tails.items()}
        for field in Tails._fields
    }


def _end(authentic: NDArray, stego: NDArray) -> float:
    """Log-odds between authentic and stego images for the threshold to lie at; NaN where they do not lie apart.

    They lie apart when all but a few stego images lie farther beyond the highest authentic one than that lies beyond
    its 90 % quantile: no tail of that length has to be extrapolated.
    """
    authentic, stego = authentic[authentic > ABSENT], stego[stego > ABSENT]
    if len(stego) < _MIN_STEGO or len(authentic) < MIN_CLASS:
        return np.nan
    location, _ = exponential_tail(authentic)
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
