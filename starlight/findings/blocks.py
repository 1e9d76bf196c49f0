"""What several readers look at first, computed once for each image: blocks of 8x8 samples, and channels that differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from starlight.images.image import Image

__all__ = ["SIDE", "different", "extremes", "of_pixels"]

SIDE = 8  # of a block, in pixels


def of_pixels(image: Image) -> tuple[np.ndarray, np.ndarray]:
    """`extremes` of an image's pixels, kept with it."""
    if __name__ not in image.kept:
        image.kept[__name__] = extremes(image.pixels)
    return image.kept[__name__]


def extremes(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest sample of each whole block of each channel.

    Parameters
    ----------
    samples : (height, width, channels) uint8

    Returns
    -------
    least, most : (channels, height // 8, width // 8) uint8
    """
    rows, columns, count = samples.shape[0] // SIDE, samples.shape[1] // SIDE, samples.shape[2]
    lines = samples[: rows * SIDE, : columns * SIDE].reshape(rows, SIDE, columns * SIDE * count)
    found = []
    for f in (np.minimum, np.maximum):
        line = f.reduce(lines, axis=1).reshape(rows * columns, SIDE, count)
        apart = np.ascontiguousarray(line.transpose(1, 2, 0))  # a reduction is slow along a short last axis
        found.append(f.reduce(apart, axis=0).reshape(count, rows, columns))
    return found[0], found[1]


def different(planes: Sequence[np.ndarray]) -> list[int]:
    """Numbers of the planes that are equal to none before them: of a grey picture in three channels the first.

    Parameters
    ----------
    planes : sequence of (height, width) arrays
    """
    return [i for i, plane in enumerate(planes) if not any(_equal(plane, other) for other in planes[:i])]


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    return np.array_equal(one[0], other[0]) and np.array_equal(one, other)  # a row tells most pictures
