"""Stream `palette`: the colours as the file lists them, 768 float32 in [0, 1], zeros past the last colour.

Stored as uint8 (768,), R, G, B, R, …; how many colours there are is in `format`.
"""

from __future__ import annotations

import numpy as np

from starlight.images.image import Image

__all__ = ["NAME", "SIZE", "VERSION", "compute", "to_model"]

NAME = "palette"
VERSION = 1
SIZE = 768


def compute(image: Image, tiles: list[tuple[int, int]]) -> np.ndarray:
    """Palette, uint8 (768,); `tiles` plays no part."""
    out = np.zeros(SIZE, np.uint8)
    if image.palette is not None:
        colours = image.palette.reshape(-1)[:SIZE]
        out[: len(colours)] = colours
    return out


def to_model(stored: np.ndarray, tile: int = 0) -> np.ndarray:
    """Palette / 255, float32 (768,)."""
    return stored.astype(np.float32) / np.float32(255)
