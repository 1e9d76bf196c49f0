"""Fisher discriminants as the starting point of the linear part of a vector encoder.

Steganalysis features are strongly correlated and the payload shows in directions of little variance, which gradient
descent on standardised features finds last. The regularised Fisher linear discriminant finds them at once (Kodovsky,
Fridrich and Holub, "Ensemble classifiers for steganalysis of digital media", IEEE TIFS 7(2), 2012). Two things differ
here: the shift is the mean difference between stego images and their own twins, which takes the covers' variety out of
it, and shrinkage and scale are chosen on covers that the discriminant did not see, so that a technique without a
direction that generalises starts with none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["TrainingSet", "fisher_discriminants"]

_MIN_PER_CLASS = 8  # stego or authentic images under which a technique gets no discriminant
_SHRINKAGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # ridge in units of the mean variance
_LARGEST_SLOPE = 3.0  # log-odds for one unit of the discriminant, which is scaled to unit spread over authentic images


class TrainingSet(NamedTuple):
    """n images for the discriminants.

    features : (n, d) float32, standardised, without NaN.
    technique : (n,) int64, -1 for authentic images.
    mask : (n, t) bool, the constraint mask: a technique is told apart from those authentic images only that could
        carry it, else the discriminant would learn the container.
    twins : (n,) int64, index of a stego image's twin, -1 where there is none.
    fold : (n,) int64, 0 or 1; a cover and all that was made from it are in one fold.
    """

    features: NDArray[np.float32]
    technique: NDArray[np.int64]
    mask: NDArray[np.bool_]
    twins: NDArray[np.int64]
    fold: NDArray[np.int64]


def fisher_discriminants(data: TrainingSet) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """One discriminant a technique, in log-odds as far as unseen covers bear them out.

    Returns
    -------
    weight : (t, d) float32
    bias : (t,) float32
        Zeros for a technique with too few images, or with no direction that generalises.
    """
    count, d = data.mask.shape[1], data.features.shape[1]
    weight, bias = np.zeros((count, d), np.float32), np.zeros(count, np.float32)
    spectra: dict[bytes, list[_Spectrum]] = {}
    for t in range(count):
        carriers = data.mask[:, t]
        authentic = (data.technique < 0) & carriers
        stego = data.technique == t
        folds = [np.ones(len(stego), bool), data.fold == 0, data.fold == 1]
        if any(min((stego & f).sum(), (authentic & f).sum()) < _MIN_PER_CLASS for f in folds):
            continue
        group = carriers.tobytes()
        if group not in spectra:
            spectra[group] = [_spectrum(data.features[authentic & f]) for f in folds]
        shifts = [_shift(data, stego & f, authentic & f) for f in folds]
        shrinkage, slope, intercept = _tune(data, stego, authentic, spectra[group], shifts)
        direction = _direction(spectra[group][0], shifts[0], shrinkage)
        weight[t], bias[t] = slope * direction, intercept - slope * (direction @ spectra[group][0].mean)
    return weight, bias


class _Spectrum(NamedTuple):
    mean: NDArray[np.float64]
    values: NDArray[np.float64]
    vectors: NDArray[np.float64]


def _spectrum(features: NDArray[np.float32]) -> _Spectrum:
    covariance = np.atleast_2d(np.cov(features.astype(np.float64), rowvar=False))
    values, vectors = np.linalg.eigh(covariance)
    return _Spectrum(features.mean(axis=0, dtype=np.float64), np.maximum(values, 0.0), vectors)


def _shift(data: TrainingSet, stego: NDArray[np.bool_], authentic: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean change that embedding brings: against the twins where most images have one, else against all."""
    paired = np.flatnonzero(stego & (data.twins >= 0))
    if len(paired) >= max(_MIN_PER_CLASS, stego.sum() // 2):
        return (data.features[paired] - data.features[data.twins[paired]]).mean(axis=0, dtype=np.float64)
    return data.features[stego].mean(axis=0, dtype=np.float64) - data.features[authentic].mean(axis=0, dtype=np.float64)


def _direction(spectrum: _Spectrum, shift: NDArray[np.float64], shrinkage: float) -> NDArray[np.float64]:
    """Regularised Fisher direction, scaled to unit spread over the authentic images it was made from."""
    ridge = shrinkage * max(spectrum.values.mean(), 1e-9)
    direction = spectrum.vectors @ ((spectrum.vectors.T @ shift) / (spectrum.values + ridge))
    spread = np.sqrt(np.sum(spectrum.values * (spectrum.vectors.T @ direction) ** 2))
    return direction / max(spread, 1e-9)


def _tune(data, stego, authentic, spectra, shifts) -> tuple[float, float, float]:
    """Shrinkage, slope and intercept that do best on the fold that each discriminant did not see."""
    best = (np.inf, _SHRINKAGES[-1], 0.0, 0.0)
    used = stego | authentic
    labels = stego[used]
    for shrinkage in _SHRINKAGES:
        score = np.zeros(len(stego))
        for fold in (0, 1):
            direction = _direction(spectra[1 + fold], shifts[1 + fold], shrinkage)
            other = data.fold != fold
            score[other] = (data.features[other] - spectra[1 + fold].mean) @ direction
        loss, slope, intercept = _logistic(np.clip(score[used], -8, 8), labels)
        if loss < best[0]:
            best = (loss, shrinkage, slope, intercept)
    return best[1:]


def _logistic(score: NDArray[np.float64], labels: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Balanced logistic regression on one number: loss, slope in [0, `_LARGEST_SLOPE`], intercept."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(class_weight="balanced", C=1.0).fit(score[:, None], labels)
    slope = float(np.clip(model.coef_[0, 0], 0.0, _LARGEST_SLOPE))
    intercept = float(model.intercept_[0]) if slope > 0 else 0.0
    weights = np.where(labels, 0.5 / labels.mean(), 0.5 / (1 - labels.mean()))
    margin = np.where(labels, 1, -1) * (slope * score + intercept)
    return float(np.average(np.logaddexp(0.0, -margin), weights=weights)), slope, intercept
