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

_MIN_PER_CLASS = 8  # stego or authentic images under which a technique gets no discriminant


def fisher_discriminants(
    features: NDArray[np.float32], technique: NDArray[np.int64], mask: NDArray[np.bool_], *, shrinkage: float = 0.05
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """One discriminant a technique, scaled to the log-odds of two Gaussians of equal covariance.

    Parameters
    ----------
    features : (n, d) float32
        Standardised, without NaN.
    technique : (n,) int64
        Index of the technique, -1 for authentic images.
    mask : (n, t) bool
        The constraint mask: a technique is told apart from those authentic images only that could carry it,
        else the discriminant would learn the container.
    shrinkage : float
        Weight of the identity in the covariance, 0 to 1.

    Returns
    -------
    weight : (t, d) float32
    bias : (t,) float32
        Zeros for a technique with too few images, or features that never vary.
    """
    count, d = mask.shape[1], features.shape[1]
    weight, bias = np.zeros((count, d), np.float32), np.zeros(count, np.float32)
    for t in range(count):
        stego = features[technique == t].astype(np.float64)
        authentic = features[(technique < 0) & mask[:, t]].astype(np.float64)
        if min(len(stego), len(authentic)) < _MIN_PER_CLASS:
            continue
        low, high = authentic.mean(axis=0), stego.mean(axis=0)
        covariance = np.atleast_2d(np.cov(authentic, rowvar=False) + np.cov(stego, rowvar=False)) / 2
        ridge = max(np.trace(covariance) / d, 1e-6)
        covariance = (1 - shrinkage) * covariance + shrinkage * ridge * np.eye(d)
        weight[t] = np.linalg.solve(covariance, high - low)
        bias[t] = -weight[t] @ (low + high) / 2
    return weight, bias
