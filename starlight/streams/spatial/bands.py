"""Horizontal bands of an image, small enough to stay in the cache while many statistics are taken of them."""

from __future__ import annotations

import numpy as np

__all__ = ["BAND_SAMPLES", "bands", "planes"]

BAND_SAMPLES = 1 << 16  # int16 planes of this size are reused by the allocator without page faults


def bands(
    height: int, width: int, *, overlap: int = 0, samples: int = BAND_SAMPLES, max_samples: int | None = None
) -> list[tuple[int, int]]:
    """Cut an image into bands.

    Parameters
    ----------
    height, width : int
        Pixels.
    overlap : int
        Rows that a band shares with the next.
    samples : int
        Pixels of a band, about.
    max_samples : int, optional
        Keep so many bands, evenly spread from the first row to the last, that they hold at most this many pixels.

    Returns
    -------
    list of (int, int)
        First row and one past the last; each but the last starts on a multiple of eight where there is no overlap.
    """
    rows = max(16, samples // width // 8 * 8)
    starts = list(range(0, max(1, height - overlap), rows))
    if len(starts) > 1 and height - starts[-1] < 16 + overlap:
        starts.pop()
    ends = [min(height, start + rows + overlap) for start in starts]
    ends[-1] = height
    found = list(zip(starts, ends, strict=True))
    if max_samples is not None and len(found) > (most := max(2, max_samples // (rows * width))):
        found = [found[i] for i in np.linspace(0, len(found) - 1, most).round().astype(int)]
    return found


def planes(pixels: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Rows of an image as contiguous planes.

    Parameters
    ----------
    pixels : ndarray, shape (H, W, C), uint8
    start, stop : int
        Rows.

    Returns
    -------
    ndarray, shape (C, stop - start, W), int16
    """
    return pixels[start:stop].transpose(2, 0, 1).astype(np.int16, order="C")
