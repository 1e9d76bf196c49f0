"""Stream `lsb`: least significant bits of the `pixel` crops, 3x256x256 float32, 0 or 1.

Nothing is stored: `to_model` takes the stored form of `pixel`.
"""

from __future__ import annotations

import numpy as np

from starlight.streams.tiles import padded

__all__ = ["NAME", "SOURCE", "VERSION", "to_model"]

NAME = "lsb"
VERSION = 1
SOURCE = "pixel"  # the stream whose stored form this one is derived from


def to_model(stored: np.ndarray, tile: int = 0) -> np.ndarray:
    """LSB planes of crop `tile` of the stored `pixel` stream, float32 (3, 256, 256), zeros beyond the image."""
    return padded(stored[tile] & 1, 3)
