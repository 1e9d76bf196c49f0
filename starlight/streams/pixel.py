"""Stream `pixel`: exact crops of the decoded samples, 3x256x256 float32 in [0, 1].

Stored as uint8 (n, C, h, w), h and w up to 256, C = 1 for grey (repeated for the model) or 3.
"""

from __future__ import annotations

import numpy as np

from starlight.images.image import Image
from starlight.streams.tiles import crops, padded

__all__ = ["NAME", "VERSION", "compute", "to_model"]

NAME = "pixel"
VERSION = 1


def compute(image: Image, tiles: list[tuple[int, int]]) -> np.ndarray:
    """Cut the crops, uint8 (n, C, h, w)."""
    return crops(image.pixels, tiles)


def to_model(stored: np.ndarray, tile: int = 0) -> np.ndarray:
    """Crop `tile` as float32 (3, 256, 256) in [0, 1], zeros beyond the image."""
    return padded(stored[tile], 3) / np.float32(255)
