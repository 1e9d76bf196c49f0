"""Facts that tell what kind of picture an image is, and that hiding data in it hardly changes.

Samples are looked at without their two lowest bits: LSB replacement leaves the rest as it is, and changes by one
nearly so. Where noise meets a slow change of brightness, the upper bits go back and forth between two neighbouring
levels. In drawings and screens they do not, however many colours those have. In patterns that are computed they may,
but there what is small repeats exactly, as it never does where there is noise: not a sensor's, and not a payload's.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from starlight.images.grid import BLOCK, grid
from starlight.images.image import Image

__all__ = ["FACTS", "facts"]

FACTS = ("pixels", "samples", "flat", "turns", "jpeg", "lossless", "indexed", "step", "unlike_libjpeg", "grid",
         "repeats")  # fmt: skip
_LOWEST = 2  # bits that are left out
_MOST = 1 << 20  # pixels that are looked at, in bands spread evenly over the image
_BAND = 64  # rows of a band
_PATCH = 4  # samples along the side of a patch
_PATCHES = 4096  # that are compared, about
_FEWEST = 64  # patches that are not flat, under which nothing is said of repeats
_HASH = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)  # odd, else of no meaning

# Luminance table of ITU-T T.81, K.1; libjpeg scales it by quality (jcparam.c of the Independent JPEG Group).
_LUMA = np.array([
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
])  # fmt: skip
_PERCENT = np.array([5000 // quality if quality < 50 else 200 - 2 * quality for quality in range(1, 101)])
_LIBJPEG = np.log2(np.clip((_LUMA * _PERCENT[:, None] + 50) // 100, 1, 255))


def facts(image: Image) -> np.ndarray:
    """Facts of an image.

    Parameters
    ----------
    image : Image

    Returns
    -------
    ndarray, shape (len(FACTS),), float32
        `pixels`, `samples`: log2 of their counts. `flat`: share of places whose neighbours to the right and below have
        the same upper bits. `turns`: of the steps of one level between neighbours in a row, the share that the next
        step undoes. `jpeg`, `lossless`, `indexed`: 0 or 1. `step`: log2 of the mean quantisation step of luma, and
        `unlike_libjpeg`: root mean square distance, in octaves, of its steps from those of the nearest quality of
        libjpeg; both NaN for what is no JPEG. `grid`: how plainly samples were a JPEG file's before (see
        `starlight.images.grid`); 0 for what is one, and for indices. `repeats`: of small patches that are not flat, the
        share that is seen again to the last bit; 0 where `grid` is.
    """
    container, pixels = image.container, image.pixels
    size = container.width * container.height
    bands = _bands(*pixels.shape[:2])
    plane = _plane(pixels, bands)
    decoded = container.lossless and not container.indexed
    return np.array(
        [
            math.log2(size), math.log2(size * pixels.shape[2]), *_texture((plane >> _LOWEST).astype(np.int8)),
            container.format == "jpeg", container.lossless, container.indexed, *_steps(container.quant_tables),
            *((grid(pixels, bands), _repeats(plane)) if decoded else (0.0, 0.0)),
        ],
        np.float32,
    )  # fmt: skip


def _bands(height: int, width: int) -> list[slice]:
    """Rows that are looked at: all, or of a large image evenly spread bands."""
    if height * width <= _MOST or height <= _BAND:
        return [slice(None)]
    count = max(1, _MOST // (width * _BAND))
    starts = np.linspace(0, height - _BAND, count).astype(int) // BLOCK * BLOCK
    return [slice(start, start + _BAND) for start in starts.tolist()]


def _plane(pixels: np.ndarray, bands: list[slice]) -> np.ndarray:
    """(h, w) uint8 green, or grey, in the bands, one below the other."""
    plane = pixels[:, :, pixels.shape[2] // 2]
    return np.concatenate([plane[band] for band in bands])


def _texture(plane: np.ndarray) -> tuple[float, float]:
    """`flat` and `turns`; of images of one row or column, flat."""
    if min(plane.shape) < 3:
        return 1.0, 0.0
    across, down = np.diff(plane, axis=1), np.diff(plane, axis=0)
    flat = float(((across[:-1] == 0) & (down[:, :-1] == 0)).mean())
    first, second = across[:, :-1], across[:, 1:]
    one = np.abs(first) == 1
    undone = np.count_nonzero(one & (second == -first))
    return flat, undone / max(1, np.count_nonzero(one))


def _repeats(plane: np.ndarray) -> float:
    """Share of patches, of those whose samples differ by more than one level, that are seen more than once."""
    if min(plane.shape) < _PATCH:
        return 0.0
    step = math.isqrt(plane.size // _PATCHES) | 1  # odd: patches begin at every place of a block
    patches = sliding_window_view(plane, (_PATCH, _PATCH))[::step, ::step].reshape(-1, _PATCH * _PATCH)
    patches = patches[np.ptp(patches, axis=1) > 1]
    if len(patches) < _FEWEST:
        return 0.0
    _, counts = np.unique(patches.view(np.uint64) @ _HASH, return_counts=True)
    return float(counts[counts > 1].sum() / len(patches))


def _steps(tables: tuple[tuple[int, ...], ...]) -> tuple[float, float]:
    if not tables:
        return math.nan, math.nan
    table = np.maximum(np.asarray(tables[0], float), 1.0)
    distance = np.sqrt(((_LIBJPEG - np.log2(table)) ** 2).mean(axis=1))
    return math.log2(float(table.mean())), float(distance.min())
