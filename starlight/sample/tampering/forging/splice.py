"""Splices: a region of another picture pasted in, with a hard edge, a feathered one, or by Poisson blending."""

import cv2
import numpy as np

from starlight.sample.tampering.forging.shapes import region
from starlight.sample.tampering.pictures.picture import Picture, blurred, resized

__all__ = ["splice"]


def splice(picture: Picture, donor: Picture, rng: np.random.Generator, way: str) -> tuple[np.ndarray, np.ndarray]:
    """Paste a region of `donor` into `picture`.

    Parameters
    ----------
    picture, donor : Picture
    rng : numpy.random.Generator
    way : {"hard", "feathered", "poisson"}
        Poisson blending after Pérez, Gangnet and Blake, "Poisson Image Editing", SIGGRAPH 2003, by OpenCV.

    Returns
    -------
    pixels : uint8 (h, w, 3)
    mask : bool (h, w)
        Outside it no pixel differs.
    """
    target = region(rng, picture)
    other = _fitted(donor.pixels, target.shape, rng)
    if way == "poisson":
        return _poisson(picture.pixels, other, target), target
    if way == "hard":
        return np.where(target[..., None], other, picture.pixels), target
    share = blurred(target, rng.uniform(1.0, 5.0))
    share[share < 0.03] = 0.0
    mixed = np.rint(picture.pixels + share[..., None] * (other.astype(np.float32) - picture.pixels))
    return np.clip(mixed, 0, 255).astype(np.uint8), share > 0


def _fitted(pixels: np.ndarray, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """The donor at least as large as the picture, cut at random; half of the time resampled."""
    height, width = shape
    factor = max(height / pixels.shape[0], width / pixels.shape[1])
    if factor > 1 or rng.random() < 0.5:
        factor = max(factor, rng.uniform(0.7, 1.4))
        pixels = resized(pixels, *(-int(-side * factor // 1) for side in pixels.shape[:2]))
    top, left = (int(rng.integers(0, a - b + 1)) for a, b in zip(pixels.shape[:2], shape, strict=True))
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


def _poisson(pixels: np.ndarray, other: np.ndarray, target: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(target)
    middle = (int(columns.min() + columns.max() + 1) // 2, int(rows.min() + rows.max() + 1) // 2)
    cloned = cv2.seamlessClone(other, pixels, target.astype(np.uint8) * 255, middle, cv2.NORMAL_CLONE)
    return np.where(target[..., None], cloned, pixels)
