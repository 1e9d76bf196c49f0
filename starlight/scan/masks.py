"""Masks of tampered images: PNG or .npy, non-zero where tampered, a plane for each region where there are several."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from starlight.errors import BadImage
from starlight.images.image import read

__all__ = ["mask_fault", "read_mask", "read_regions"]


_CHANNELS = 4  # most channels of a picture: an array of H x W x 3 is a picture, one of 3 x H x W three regions


def mask_fault(path: Path, width: int, height: int) -> str:
    """Why a mask is unfit for an image; empty where it is fit.

    Parameters
    ----------
    path : Path
        The mask.
    width, height : int
        Of the image, in pixels.

    Returns
    -------
    str
    """
    try:
        mask = read_mask(path)
    except BadImage as error:
        return error.reason
    if mask.shape != (height, width):
        return f"{mask.shape[1]} x {mask.shape[0]} pixels for an image of {width} x {height}"
    return "" if mask.any() else "is empty: nothing is marked as tampered with"


def read_mask(path: Path) -> np.ndarray:
    """Mask as bool (height, width).

    Raises
    ------
    BadImage
        It cannot be read, or is no mask.
    """
    return read_regions(path).any(axis=0)


def read_regions(path: Path) -> np.ndarray:
    """Mask as bool (n, height, width): a plane for each region where the file has several, else one plane.

    Raises
    ------
    BadImage
        It cannot be read, or is no mask.
    """
    if path.suffix.lower() != ".npy":
        return read(path).pixels.any(axis=2)[None]
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise BadImage(f"no array: {' '.join(str(error).split())[:120]}") from error
    if array.ndim not in (2, 3) or array.dtype.kind not in "buif":
        raise BadImage(f"no plane: an array of {array.dtype} of shape {array.shape}")
    if array.ndim == 2:
        return np.asarray(array)[None] != 0
    if array.shape[2] <= _CHANNELS < array.shape[1]:
        return (np.asarray(array) != 0).any(axis=2)[None]
    return np.asarray(array) != 0
