"""Erasing: a thing painted over with its surroundings."""

import cv2
import numpy as np

from starlight.sample.tampering.forging.shapes import region
from starlight.sample.tampering.pictures.picture import Picture, blurred

__all__ = ["erase"]

_WAYS = ("diffusion", "marching", "smooth", "flat")


def erase(picture: Picture, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Fill a region from around it.

    By diffusion (Bertalmio and others, 2001) or fast marching (Telea, 2004), both OpenCV's; by a blur of the
    surroundings; or with their mean colour. None of them brings back the noise.

    Returns
    -------
    pixels : uint8 (h, w, 3)
    mask : bool (h, w)
        Outside it no pixel differs.
    """
    share = None if picture.boxes else float(np.exp(rng.uniform(np.log(0.003), np.log(0.08))))
    target = region(rng, picture, share=share)
    way = _WAYS[int(rng.choice(4, p=[0.25, 0.3, 0.3, 0.15]))]
    pixels, hole = picture.pixels, target.astype(np.uint8)
    if way in ("diffusion", "marching"):
        filled = cv2.inpaint(pixels, hole, 4, cv2.INPAINT_NS if way == "diffusion" else cv2.INPAINT_TELEA)
    else:
        filled = _surroundings(pixels, target, flat=way == "flat")
    return np.where(target[..., None], filled, pixels), target


def _surroundings(pixels: np.ndarray, target: np.ndarray, *, flat: bool) -> np.ndarray:
    around = cv2.dilate(target.astype(np.uint8), np.ones((15, 15), np.uint8)).astype(bool) & ~target
    if flat:
        return np.broadcast_to(np.rint(pixels[around].mean(axis=0)).astype(np.uint8), pixels.shape)
    sigma = 0.5 * np.sqrt(np.count_nonzero(target))
    weight = blurred(around, sigma)[..., None] + 1e-6
    return np.clip(np.rint(blurred(pixels * around[..., None], sigma) / weight), 0, 255).astype(np.uint8)
