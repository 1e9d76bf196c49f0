"""Whether samples were a JPEG file's before: the grid of 8x8 blocks that its coding leaves in them.

Z. Fan and R. L. de Queiroz, "Identification of bitmap compression history: JPEG detection and quantizer estimation",
IEEE Transactions on Image Processing 12(2), 2003; cross differences as in Y.-L. Chen and C.-T. Hsu, "Image tampering
detection by blocking periodicity analysis in JPEG compressed images", IEEE MMSP 2008. What hides data in samples adds
noise alike in all columns and rows, which leaves the grid where it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLOCK", "grid"]

BLOCK = 8  # samples along the side of a block
_CAP = 48  # of a cross difference, in quarters of a level: one edge must not outweigh a hundred blocks
_LEAST = 40  # rows and columns under which nothing is seen
_ALONE = 0.4  # of how far the largest place stands out, what another may: in patterns that repeat, several do
_BESIDE = (-3, -2, -1, 1, 2, 3, 4)  # the other columns of a block, from its last one


def grid(pixels: NDArray[np.uint8], bands: Sequence[slice] = (slice(None),)) -> float:
    """How plainly there is a grid of blocks, wherever it begins.

    Parameters
    ----------
    pixels : (h, w, c) uint8
        One sample or more a pixel; of three and more the first three are taken for colours.
    bands : sequence of slice
        Rows that are looked at; each begins at a multiple of `BLOCK`.

    Returns
    -------
    float
        Of the steps across the borders of blocks, how much more they jump than those within, in standard errors; the
        lesser of both directions, at the place of the grid where it is largest. 0 for images too small, and where other
        places stand out as well.
    """
    if min(pixels.shape[:2]) < _LEAST:
        return 0.0
    jumps = [_jumps(_luma(pixels[band])) for band in bands]
    return min(_stands_out(jumps), _stands_out([one.T for one in jumps]))


def _luma(pixels: NDArray[np.uint8]) -> NDArray[np.int16]:
    """(h, w), four times the brightness, about."""
    if pixels.shape[2] < 3:
        return 4 * pixels[:, :, 0].astype(np.int16)
    red, green, blue = (pixels[:, :, k].astype(np.int16) for k in range(3))
    return red + 2 * green + blue


def _jumps(luma: NDArray[np.int16]) -> NDArray[np.int16]:
    """(h - 1, w - 1) cross differences, in which slopes and straight edges cancel."""
    cross = luma[:-1, :-1] + luma[1:, 1:] - luma[1:, :-1] - luma[:-1, 1:]
    return np.minimum(np.abs(cross), _CAP)


def _stands_out(jumps: Sequence[NDArray[np.int16]]) -> float:
    """How much columns of one place in the blocks stand out from the other seven, in standard errors."""
    sums = [_summed(one) for one in jumps]
    above = [np.concatenate([_above(one, place) for one in sums]) for place in range(BLOCK)]
    means = np.array([one.mean() if len(one) else 0.0 for one in above])
    *_, second, largest = np.argsort(means)
    spread = above[largest].std() if len(above[largest]) > 1 else 0.0
    if not spread or means[second] > _ALONE * means[largest]:
        return 0.0
    return float(means[largest] / spread * np.sqrt(len(above[largest])))


def _summed(jumps: NDArray[np.int16]) -> NDArray[np.float32]:
    """(h // 8, w) sums over eight rows each."""
    height = len(jumps) // BLOCK * BLOCK
    return jumps[:height].reshape(-1, BLOCK, jumps.shape[1]).sum(axis=1, dtype=np.int32).astype(np.float32)


def _above(sums: NDArray[np.float32], place: int) -> NDArray[np.float32]:
    """How far each column at a place lies over the mean of those beside it."""
    at = np.arange(place, sums.shape[1], BLOCK)
    at = at[(at >= -min(_BESIDE)) & (at + max(_BESIDE) < sums.shape[1])]
    beside = sum(sums[:, at + k] for k in _BESIDE)
    return (sums[:, at] - beside / len(_BESIDE)).ravel()
