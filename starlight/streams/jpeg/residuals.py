"""Statistics of undecimated DCT residuals by grid phase, after DCTR.

V. Holub, J. Fridrich, "Low-Complexity Features for JPEG Steganalysis Using Undecimated DCT", IEEE TIFS 2015. Embedding
in quantised coefficients disturbs the residuals of the decompressed image differently at each phase of the block grid.
A kernel and its transpose are pooled, and what is kept of each histogram are its first bins, per class of equivalent
phases. The stream takes few kernels, those of middle frequency that add most to what the coefficients themselves tell.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from starlight.streams.jpeg.planes import residual_planes

__all__ = ["CLASSES", "KERNELS", "overall_step", "phase_histograms"]

KERNELS = ((1, 4), (2, 3), (2, 4))
CLASSES = 25

_STRIP_BLOCKS = 1024
_STANDARD_STEPS = {(0, 1): 11, (1, 0): 12, (1, 1): 12, (0, 2): 10, (2, 0): 14, (2, 2): 16, (3, 3): 29}
_FOLD = np.minimum(np.arange(8), 8 - np.arange(8))
_CLASS = 5 * _FOLD[:, None] + _FOLD  # of phase (a, b)
_POOL = np.stack([np.arange(CLASSES)[:, None] == phases.ravel() for phases in (_CLASS, _CLASS.T)]).astype(float)
_POOL /= _POOL.sum(axis=2, keepdims=True)


def overall_step(table: np.ndarray) -> np.floating:
    """One step for a quantisation table (8, 8): 8 times what the standard one's are multiplied by, 4 at quality 75."""
    return 8 * np.median([table[at] / steps for at, steps in _STANDARD_STEPS.items()])


def phase_histograms(
    phases: np.ndarray, step: float, kernels: Sequence[tuple[int, int]] = KERNELS, bins: int = 2
) -> np.ndarray:
    """Relative frequency of small residuals, by kernel and phase class.

    Parameters
    ----------
    phases : ndarray, shape (8, 8, Hb, Wb), float32
        From `planes.phase_planes`.
    step : float
        Quantisation step of the residual, in grey levels.
    kernels : sequence of (u, v)
        Vertical and horizontal frequencies; of a kernel and its transpose, one.
    bins : int

    Returns
    -------
    ndarray, shape (len(kernels), CLASSES, bins), float64
        Magnitudes of 0, 1, … steps, rounded.
    """
    below = sum(_counts_below(strip, kernels, bins) for strip in _strips(phases, step))
    below /= (phases.shape[2] - 1) * (phases.shape[3] - 1)
    pooled = np.einsum("kict,ipc->kpt", below, _POOL) / 2
    pooled[..., 1:] -= pooled[..., :-1].copy()
    return pooled


def _strips(phases: np.ndarray, step: float) -> Iterator[np.ndarray]:
    """Overlapping strips of block rows, small enough that all steps on one stay in the processor's cache."""
    rows = max(1, _STRIP_BLOCKS // phases.shape[3])
    for first in range(0, phases.shape[2] - 1, rows):
        yield phases[:, :, first : first + rows + 1] * np.float32(1 / step)


def _counts_below(strip: np.ndarray, kernels: Sequence[tuple[int, int]], bins: int) -> np.ndarray:
    """Residuals under the upper end of each bin in one strip: (kernel, itself or transposed, phase, bin)."""
    counts = np.empty((len(kernels), 2, 64, bins))
    for k, (u, v) in enumerate(kernels):
        for i, residual in enumerate(residual_planes(strip, ((u, v), (v, u)) if u != v else ((u, v),))):
            size = np.abs(residual.reshape(64, -1))
            for t in range(bins):
                counts[k, i, :, t] = np.add.reduce(size < t + 0.5, axis=1, dtype=np.uint32)
        if u == v:
            counts[k, 1] = counts[k, 0]
    return counts
