"""Statistics of undecimated DCT residuals by grid phase, after DCTR.

V. Holub, J. Fridrich, "Low-Complexity Features for JPEG Steganalysis Using Undecimated DCT", IEEE TIFS 2015. Embedding
in quantised coefficients disturbs the residuals of the decompressed image differently at each phase of the block grid.
Here few kernels are taken, a kernel and its transpose are pooled, and what is kept of each histogram is how often the
residual exceeds a few multiples of a step, per class of phases that symmetry makes equal.
"""

import numpy as np

from starlight.jpeg.planes import residual_planes

__all__ = ["CLASSES", "KERNELS", "THRESHOLDS", "phase_exceedance"]

KERNELS = ((0, 1), (0, 2), (1, 1), (0, 3), (1, 2), (2, 2), (1, 3))
THRESHOLDS = (0.5, 1.5, 2.5)  # in units of the step
CLASSES = 25

_FOLD = np.minimum(np.arange(8), 8 - np.arange(8))
_POOL = np.zeros((2, CLASSES, 64), np.float32)  # averages of phases; [1] for the transposed kernel
for _a in range(8):
    for _b in range(8):
        _POOL[0, 5 * _FOLD[_a] + _FOLD[_b], 8 * _a + _b] = 1
        _POOL[1, 5 * _FOLD[_b] + _FOLD[_a], 8 * _a + _b] = 1
_POOL /= _POOL.sum(axis=2, keepdims=True)


def phase_exceedance(phases: np.ndarray, step: float) -> np.ndarray:
    """How often residuals exceed multiples of a step, by kernel, threshold and phase class.

    Parameters
    ----------
    phases : ndarray, shape (8, 8, Hb, Wb), float32
        From `planes.phase_planes`.
    step : float
        Quantisation step of the residual, in grey levels.

    Returns
    -------
    ndarray, shape (len(KERNELS), len(THRESHOLDS), CLASSES), float64
        Relative frequencies.
    """
    out = np.empty((len(KERNELS), len(THRESHOLDS), CLASSES))
    scaled = phases * np.float32(1 / step)
    for k, (u, v) in enumerate(KERNELS):
        pair = ((u, v),) if u == v else ((u, v), (v, u))
        counts = [_exceedance(plane) for plane in residual_planes(scaled, pair)]
        out[k] = np.mean([_POOL[i] @ count for i, count in enumerate(counts)], axis=0).T
    return out


def _exceedance(residual: np.ndarray) -> np.ndarray:
    """Relative frequency above each threshold, per phase: (64, len(THRESHOLDS)) float32."""
    size = np.abs(residual.reshape(64, -1))
    counts = [np.add.reduce(size > t, axis=1, dtype=np.uint32) for t in THRESHOLDS]
    return np.stack(counts, axis=1).astype(np.float32) / size.shape[1]
