"""Arrays to pictures that a page can hold: PNG in `data:` URIs."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image as PillowImage

from starlight.streams.collate import CELL

__all__ = ["corner", "data_uri", "heat", "plane", "thumbnail"]

_LONGEST = 720  # longest side of a picture in pixels
_CORNER = 96  # side of the enlarged start of an image
_ENLARGED = 4


def data_uri(picture: PillowImage.Image) -> str:
    """A picture as a `data:` URI, without metadata."""
    out = io.BytesIO()
    picture.save(out, "png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode("ascii")


def thumbnail(pixels: np.ndarray) -> PillowImage.Image:
    """(h, w, 1 or 3) uint8, reduced if it is large."""
    picture = PillowImage.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    picture.thumbnail((_LONGEST, _LONGEST), PillowImage.Resampling.BOX)
    return picture


def plane(samples: np.ndarray) -> PillowImage.Image:
    """(h, w) of 0 and 1 in black and white; where it is reduced, grey is the share of ones."""
    picture = PillowImage.fromarray(samples.astype(np.uint8) * np.uint8(255))
    picture.thumbnail((_LONGEST, _LONGEST), PillowImage.Resampling.BOX)
    return picture


def corner(samples: np.ndarray) -> PillowImage.Image:
    """The start of a plane, enlarged: a payload in scan order begins there."""
    start = samples[:_CORNER, :_CORNER].astype(np.uint8) * np.uint8(255)
    return PillowImage.fromarray(start.repeat(_ENLARGED, 0).repeat(_ENLARGED, 1))


def heat(pixels: np.ndarray, cells: np.ndarray) -> PillowImage.Image:
    """The image in grey, cells that may carry payload in red.

    Parameters
    ----------
    pixels : (h, w, 1 or 3) uint8
    cells : (ceil(h / 8), ceil(w / 8)) in [0, 1]
    """
    small = np.asarray(thumbnail(pixels))
    grey = small.reshape(*small.shape[:2], -1).mean(axis=2, dtype=np.float32)[:, :, None] * 0.6 + 60
    rows, columns = (
        (np.arange(short) * long // short) // CELL
        for short, long in zip(small.shape[:2], pixels.shape[:2], strict=True)
    )
    seen = cells[np.ix_(rows, columns)].astype(np.float32)[:, :, None]
    shown = grey * (1 - seen) + np.array([225.0, 40.0, 35.0], np.float32) * seen
    return PillowImage.fromarray(shown.clip(0, 255).astype(np.uint8))
