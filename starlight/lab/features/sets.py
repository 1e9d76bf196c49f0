"""Sets of statistics of a JPEG file's luma, each one function from an image to a vector.

All are vectors of fixed length. Those of the detector today stand beside the two families that publications rely on,
and beside calibrations by other shifts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from starlight.images.image import Image
from starlight.images.jpeg.blocks import DCT
from starlight.streams import dct
from starlight.streams.jpeg import estimates, planes, residuals, statistics

__all__ = ["SETS", "Luma", "cooccurrences", "luma", "phase_histograms", "shifted_estimates", "stream"]

BINS = 4  # residuals of 0 to 3 steps; the rest is what is left of 1
TOP = 3  # magnitudes of co-occurrences are clipped to it
SHIFTS = ((4, 4), (2, 2), (6, 6), (4, 0), (0, 4), (3, 5), (1, 1))  # pixels down, right
_KERNELS = [(u, v) for u in range(8) for v in range(u + 1)]  # and their transposes, which are pooled
_LOW = np.add.outer(np.arange(8), np.arange(8)) <= 7  # modes that co-occurrences are counted of
_LOW[0, 0] = False
_BASIS = np.kron(DCT, DCT).astype(np.float32)
_BANDS = [np.add.outer(np.arange(8), np.arange(8)) == s for s in range(1, 6)]


class Luma:
    """Luma of a JPEG file in its working forms.

    Attributes
    ----------
    modes : ndarray, shape (8, 8, Hb, Wb), int16
    table : ndarray, shape (8, 8), float32
        Quantisation steps.
    phases : ndarray, shape (8, 8, Hb, Wb), float32
        Decompressed, one plane per pixel of a block.
    step : float
        See `starlight.streams.jpeg.residuals.overall_step`.
    """

    def __init__(self, coefficients) -> None:
        self.table = np.maximum(coefficients.qt[coefficients.qt_index[0]], 1).astype(np.float32)
        self.modes = planes.by_mode(coefficients.y)
        self.phases = planes.phase_planes(self.modes, self.table)
        self.step = max(float(residuals.overall_step(self.table)), 0.5)


def luma(image: Image) -> Luma:
    """Luma of a JPEG image of at least 3x3 blocks."""
    return Luma(image.coefficients)


def stream(image: Image, _: Luma) -> NDArray[np.float32]:
    """The detector's own stream `dct`."""
    return dct.compute(image)


def phase_histograms(_: Image, y: Luma) -> NDArray[np.float32]:
    """Undecimated DCT residuals of all 64 kernels, by phase of the block grid (DCTR).

    V. Holub, J. Fridrich, "Low-Complexity Features for JPEG Steganalysis Using Undecimated DCT", IEEE TIFS 2015. A
    kernel and its transpose are pooled: 36 kernels, 25 classes of phases, relative frequencies of 0 to 3 steps.

    Returns
    -------
    ndarray, shape (3600,)
    """
    found = residuals.phase_histograms(y.phases, y.step, _KERNELS, BINS)
    return np.sqrt(np.maximum(found, 0)).ravel().astype(np.float32)


def cooccurrences(_: Image, y: Luma) -> NDArray[np.float32]:
    """Joint frequencies of the magnitudes of two coefficients, for each mode by itself, in the manner of JRM.

    J. Kodovsky, J. Fridrich, "Steganalysis of JPEG Images Using Rich Models", SPIE 2012. Five relations: the next
    mode, the next but one, the mode on the anti-diagonal, the same mode in the next block and in the block across.
    A mode and its transpose are pooled; of the file, and of what its calibrated version differs by.

    Returns
    -------
    ndarray, shape (2 * 5 * 35 * 16,)
    """
    own, calm = (_pairs(modes) for modes in (y.modes, planes.calibrated(y.phases, y.table)))
    return np.concatenate([own.ravel(), (own - calm).ravel()]).astype(np.float32)


def _pairs(modes: NDArray) -> NDArray:
    size = np.minimum(np.abs(modes), TOP).astype(np.uint8)
    size[0, 0] = 0
    both = (size, size.transpose(1, 0, 3, 2))  # a plane and its mirror image: (u, v) rightwards is (v, u) downwards
    code = [
        [_joint(a[:, :-1], a[:, 1:]), _joint(a[:, :-2], a[:, 2:]), _joint(a[:-1, 1:], a[1:, :-1], first=1),
         _joint(a[..., :-1], a[..., 1:]), _joint(a[:, :, :-1, :-1], a[:, :, 1:, 1:])]
        for a in both
    ]  # fmt: skip
    counts = np.array([[first + second] for first, second in zip(*code, strict=True)]).reshape(5, 64, 16)
    counts = counts[:, _LOW.ravel()]
    return np.sqrt(counts / np.maximum(counts.sum(axis=2, keepdims=True), 1))


def _joint(a: NDArray, b: NDArray, first: int = 0) -> NDArray:
    """Counts by the mode of `a`, whose second index begins at `first`: (64, 16)."""
    mode = 8 * np.arange(a.shape[0])[:, None] + np.arange(first, first + a.shape[1])
    code = (a * np.uint8(TOP + 1) + b).astype(np.int64) + 16 * mode[:, :, None, None]
    return np.bincount(code.ravel(), minlength=64 * 16).reshape(64, 16)


def shifted_estimates(_: Image, y: Luma) -> NDArray[np.float32]:
    """Change rate of F5 by calibration with several shifts, with and without a slight blur, whole and by band.

    Returns
    -------
    ndarray, shape (len(SHIFTS) * 2 * 2 * 6,)
    """
    own = statistics.cell_counts(y.modes)
    pixels = y.phases.transpose(2, 0, 3, 1).reshape(8 * y.phases.shape[2], 8 * y.phases.shape[3])
    soft = _blurred(pixels)
    out = []
    for down, right in SHIFTS:
        for image in (pixels, soft):
            cover = statistics.cell_counts(_quantised(image[down:, right:], y.table))
            for rows in (np.arange(1, 64), *(np.flatnonzero(band.ravel()) for band in _BANDS)):
                a, b = (cells[rows].reshape(-1, cells.shape[2]) for cells in (own, cover))
                rate, deviations = estimates.f5_rate(a, b * (a.sum() / max(b.sum(), 1)))
                out += [np.arcsinh(4 * rate), np.arcsinh(deviations)]
    return np.nan_to_num(np.array(out, np.float32))


def _blurred(pixels: NDArray) -> NDArray:
    """A binomial of three taps at a quarter of its strength, each way."""
    padded = np.pad(pixels, 1, mode="edge")
    rows = padded[1:-1] + (padded[:-2] - 2 * padded[1:-1] + padded[2:]) / 16
    return rows[:, 1:-1] + (rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]) / 16


def _quantised(pixels: NDArray, table: NDArray) -> NDArray:
    height, width = (side // 8 for side in pixels.shape)
    blocks = pixels[: 8 * height, : 8 * width].reshape(height, 8, width, 8).transpose(1, 3, 0, 2).reshape(64, -1)
    spectrum = (_BASIS / table.reshape(64, 1)) @ blocks.astype(np.float32)
    return np.rint(spectrum).astype(np.int16).reshape(8, 8, height, width)


SETS: dict[str, Callable[[Image, Luma], NDArray[np.float32]]] = {
    "stream": stream,
    "phases": phase_histograms,
    "cooccurrences": cooccurrences,
    "shifts": shifted_estimates,
}
