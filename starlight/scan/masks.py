"""Masks of tampered images: PNG or .npy, non-zero where tampered."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from starlight.errors import BadImage
from starlight.images import image as images

__all__ = ["mask_size", "read_mask"]


def mask_size(path: Path) -> tuple[int, int]:
    """Width and height of a mask, in pixels.

    Raises
    ------
    BadImage
        It cannot be read.
    """
    height, width = read_mask(path).shape
    return width, height


def read_mask(path: Path) -> np.ndarray:
    """Mask as bool (height, width).

    Raises
    ------
    BadImage
        It cannot be read, or is no plane.
    """
    if path.suffix.lower() != ".npy":
        return images.read(path).pixels.any(axis=2)
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise BadImage(f"no array: {' '.join(str(error).split())[:120]}") from error
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim != 2 or array.dtype.kind not in "buif":
        raise BadImage(f"no plane: an array of {array.dtype} of shape {array.shape}")
    return np.asarray(array) != 0
