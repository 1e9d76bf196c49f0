"""Stream `metadata`: EXIF and trailing bytes, 2048 float32 in [0, 1], zeros where there are none.

Stored as uint8 (2048,): 512 bytes of the EXIF UserComment (with its character code), 512 of the EXIF block, 1024 of
what follows the end of the image. The comment comes first because a long EXIF block would push it out. True lengths
are in `format`.
"""

from __future__ import annotations

import numpy as np

from starlight.images.image import Image

__all__ = ["LAYOUT", "NAME", "SIZE", "VERSION", "compute", "to_model"]

NAME = "metadata"
VERSION = 1
LAYOUT = {"user_comment": slice(0, 512), "exif": slice(512, 1024), "trailer": slice(1024, 2048)}
SIZE = 2048


def compute(image: Image, tiles: list[tuple[int, int]]) -> np.ndarray:
    """Metadata bytes, uint8 (2048,); `tiles` plays no part."""
    out = np.zeros(SIZE, np.uint8)
    for field, place in LAYOUT.items():
        data = getattr(image.container, field)[: place.stop - place.start]
        out[place.start : place.start + len(data)] = np.frombuffer(data, np.uint8)
    return out


def to_model(stored: np.ndarray, tile: int = 0) -> np.ndarray:
    """Bytes / 255, float32 (2048,)."""
    return stored.astype(np.float32) / np.float32(255)
