"""Stream `palette_lsb`: least significant bit of the palette *index*, 1x256x256 float32; zeros for other images.

Stored as uint8 (n, 1, h, w) indices, or (n, 0, h, w) for an image without a palette.
"""

from __future__ import annotations

import numpy as np

from starlight.images.image import Image
from starlight.streams.tiles import TILE, crops, padded

__all__ = ["NAME", "VERSION", "compute", "to_model"]

NAME = "palette_lsb"
VERSION = 1


def compute(image: Image, tiles: list[tuple[int, int]]) -> np.ndarray:
    """Cut the crops of the indices, uint8 (n, 1 or 0, h, w)."""
    if image.indices is None:
        height, width = image.pixels.shape[:2]
        return np.zeros((len(tiles), 0, min(height, TILE), min(width, TILE)), np.uint8)
    return crops(image.indices, tiles)


def to_model(stored: np.ndarray, tile: int = 0) -> np.ndarray:
    """LSB of crop `tile` as float32 (1, 256, 256)."""
    return padded(stored[tile] & 1, 1)
