"""What a cover source hands out."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Cover", "as_uint8", "luma"]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


@dataclass(frozen=True)
class Cover:
    """An image without payload, and where it comes from.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (H, W) or (H, W, 3)
    cover_id : str
        The photograph's name, or the scene's number: what shares it must not be split.
    processing : str
        The steps that made it, separated by `; `.
    """

    pixels: np.ndarray
    cover_id: str
    processing: str


def as_uint8(values: np.ndarray) -> np.ndarray:
    """Round float values to 0..255."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def luma(pixels: np.ndarray) -> np.ndarray:
    """Turn colour, shape (H, W, 3), to grey, shape (H, W); grey stays as it is. Values are float32."""
    values = pixels.astype(np.float32)
    return values @ _LUMA if values.ndim == 3 else values
