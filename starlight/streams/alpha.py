"""Stream `alpha`: alpha as stored and its least significant bit, 2x256x256 float32; zeros where there is none.

Stored as uint8 (n, 1, h, w), or (n, 0, h, w) for an image without alpha.
"""

from __future__ import annotations

import numpy as np

from starlight.images.image import Image
from starlight.streams.tiles import TILE, crops

__all__ = ["NAME", "VERSION", "compute", "to_model"]

NAME = "alpha"
VERSION = 1


def compute(image: Image, tiles: list[tuple[int, int]]) -> np.ndarray:
    """Cut the crops, uint8 (n, 1 or 0, h, w)."""
    if image.alpha is None:
        height, width = image.pixels.shape[:2]
        return np.zeros((len(tiles), 0, min(height, TILE), min(width, TILE)), np.uint8)
    return crops(image.alpha, tiles)


def to_model(stored: np.ndarray, tile: int = 0) -> np.ndarray:
    """Crop `tile` as float32 (2, 256, 256): alpha / 255, LSB of alpha."""
    out = np.zeros((2, TILE, TILE), np.float32)
    if stored.shape[1]:
        crop = stored[tile, 0]
        out[0, : crop.shape[0], : crop.shape[1]] = crop / np.float32(255)
        out[1, : crop.shape[0], : crop.shape[1]] = crop & 1
    return out
