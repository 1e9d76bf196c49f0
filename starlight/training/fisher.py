"""Fisher discriminants as the starting point of the linear part of a vector encoder.

Steganalysis features are strongly correlated and the payload shows in directions of little variance, which gradient
descent on standardised features finds last. The regularised Fisher linear discriminant finds them at once (Kodovsky,
Fridrich and Holub, "Ensemble classifiers for steganalysis of digital media", IEEE TIFS 7(2), 2012), here with the
covariance shrunk towards its diagonal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["fisher_discriminants"]

_MIN_PER_CLASS = 8  # stego images under which a technique gets no discriminant


def fisher_discriminants(
    features: NDArray[np.float32], technique: NDArray[np.int64], count: int, *, shrinkage: float = 0.05
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """One discriminant a technique, scaled to the log-odds of two Gaussians of equal covariance.

    Parameters
    ----------
    features : (n, d) float32
        Standardised, without NaN.
    technique : (n,) int64
        Index of the technique, -1 for authentic images.
    count : int
        Number of techniques.
    shrinkage : float
        Weight of the identity in the covariance, 0 to 1.

    Returns
    -------
    weight : (count, d) float32
    bias : (count,) float32
        Zeros for a technique with too few images, or features that never vary.
    """
    d = features.shape[1]
    weight, bias = np.zeros((count, d), np.float32), np.zeros(count, np.float32)
    authentic = features[technique < 0].astype(np.float64)
    present = [t for t in range(count) if np.sum(technique == t) >= _MIN_PER_CLASS]
    if len(authentic) < _MIN_PER_CLASS or not present:
        return weight, bias
    means = {t: features[technique == t].mean(axis=0, dtype=np.float64) for t in present}
    centre = authentic.mean(axis=0)
    centred = [authentic - centre] + [features[technique == t] - means[t] for t in present]
    within = np.concatenate(centred)
    covariance = within.T @ within / len(within)
    covariance = (1 - shrinkage) * covariance + shrinkage * np.eye(d) * max(np.trace(covariance) / d, 1e-6)
    solved = np.linalg.solve(covariance, np.stack([means[t] - centre for t in present], axis=1))
    for i, t in enumerate(present):
        weight[t] = solved[:, i]
        bias[t] = -solved[:, i] @ (means[t] + centre) / 2
    return weight, bias
