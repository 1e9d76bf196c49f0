"""Statistics of undecimated DCT residuals by grid phase, after DCTR.

V. Holub, J. Fridrich, "Low-Complexity Features for JPEG Steganalysis Using Undecimated DCT", IEEE TIFS 2015. Embedding
in quantised coefficients disturbs the residuals of the decompressed image differently at each phase of the block grid.
Few kernels are taken, those of middle frequency that add most to what the coefficients themselves tell; a kernel and
its transpose are pooled, and what is kept of each histogram are its first two bins, per class of equivalent phases.
"""

from collections.abc import Iterator

import numpy as np

from starlight.streams.jpeg.planes import residual_planes

__all__ = ["CLASSES", "KERNELS", "THRESHOLDS", "phase_histograms"]

KERNELS = ((1, 4), (2, 3), (2, 4))
THRESHOLDS = (0.5, 1.5)  # in units of the step: bin 0 below the first, bin 1 between them
CLASSES = 25

_STRIP_BLOCKS = 1024
_FOLD = np.minimum(np.arange(8), 8 - np.arange(8))
_CLASS = 5 * _FOLD[:, None] + _FOLD  # of phase (a, b)
_POOL = np.stack([np.arange(CLASSES)[:, None] == phases.ravel() for phases in (_CLASS, _CLASS.T)]).astype(float)
_POOL /= _POOL.sum(axis=2, keepdims=True)


def phase_histograms(phases: np.ndarray, step: float) -> np.ndarray:
    """Relative frequency of small residuals, by kernel and phase class.

    Parameters
    ----------
    phases : ndarray, shape (8, 8, Hb, Wb), float32
        From `planes.phase_planes`.
    step : float
        Quantisation step of the residual, in grey levels.

    Returns
    -------
    ndarray, shape (len(KERNELS), CLASSES, 2), float64
        Magnitudes of 0 and of 1 step, rounded.
    """
    below = sum(_counts_below(strip) for strip in _strips(phases, step))
    below /= (phases.shape[2] - 1) * (phases.shape[3] - 1)
    pooled = np.einsum("kict,ipc->kpt", below, _POOL) / 2
    pooled[..., 1] -= pooled[..., 0]
    return pooled


def _strips(phases: np.ndarray, step: float) -> Iterator[np.ndarray]:
    """Overlapping strips of block rows, small enough that all steps on one stay in the processor's cache."""
    rows = max(1, _STRIP_BLOCKS // phases.shape[3])
    for first in range(0, phases.shape[2] - 1, rows):
        yield phases[:, :, first : first + rows + 1] * np.float32(1 / step)


def _counts_below(strip: np.ndarray) -> np.ndarray:
    """Residuals under each threshold in one strip: (kernel, itself or transposed, phase, threshold)."""
    counts = np.empty((len(KERNELS), 2, 64, len(THRESHOLDS)))
    for k, (u, v) in enumerate(KERNELS):
        for i, residual in enumerate(residual_planes(strip, ((u, v), (v, u)))):
            size = np.abs(residual.reshape(64, -1))
            for t, threshold in enumerate(THRESHOLDS):
                counts[k, i, :, t] = np.add.reduce(size < threshold, axis=1, dtype=np.uint32)
    return counts
