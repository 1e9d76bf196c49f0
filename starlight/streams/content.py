"""Stream `content`: statistics of the whole image, one float32 vector of three blocks.

`decode`: what the hidden bits decode to. `structure`: estimates of LSB replacement. `residual`: co-occurrences of
noise residuals. What an image leaves undefined is NaN.
"""

from __future__ import annotations

import numpy as np

from starlight.images.image import Image
from starlight.streams.readable import decode
from starlight.streams.spatial import residual, structure

__all__ = ["BLOCKS", "FEATURES", "NAME", "VERSION", "compute", "to_model"]

NAME = "content"
VERSION = 12
_PARTS = {"decode": decode, "structure": structure, "residual": residual}
FEATURES = tuple(f"{block}_{name}" for block, module in _PARTS.items() for name in module.FEATURES)
_ENDS = np.cumsum([len(module.FEATURES) for module in _PARTS.values()]).tolist()
BLOCKS = {
    block: slice(end - len(module.FEATURES), end) for (block, module), end in zip(_PARTS.items(), _ENDS, strict=True)
}


def compute(image: Image, tiles: list[tuple[int, int]]) -> np.ndarray:
    """Statistics of FEATURES as float32 (d,); `tiles` plays no part."""
    parts = [np.asarray(module.compute(image), np.float32) for module in _PARTS.values()]
    return np.concatenate(parts)


def to_model(stored: np.ndarray, tile: int = 0) -> np.ndarray:
    """The vector as it is stored."""
    return stored
