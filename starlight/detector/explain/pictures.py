"""Arrays to pictures that a page can hold: PNG in `data:` URIs."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image as PillowImage

from starlight.detector.plain.cells import CELL

__all__ = ["corner", "data_uri", "heat", "plane", "thumbnail"]

_LONGEST = 720  # longest side of a picture in pixels
_CORNER = 96  # side of the enlarged start of an image
_ENLARGED = 4
_UNSEEN = (96, 124, 168)  # colour that the grey picture beneath cannot have


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


def heat(pixels: np.ndarray, cells: np.ndarray, origins: list[tuple[int, int]]) -> PillowImage.Image:
    """The image in grey, cells that may carry payload in red, what no tile covers hatched.

    Parameters
    ----------
    pixels : (h, w, 1 or 3) uint8
    cells : (k, 32, 32) in [0, 1]
    origins : list of (int, int)
        Where each tile lies.
    """
    height, width = pixels.shape[:2]
    share = np.full((height, width), np.nan, np.float32)
    for tile, (y, x) in zip(cells, origins, strict=True):
        block = tile.repeat(CELL, 0).repeat(CELL, 1)[: height - y, : width - x].astype(np.float32)
        part = share[y : y + block.shape[0], x : x + block.shape[1]]
        np.fmax(part, block, out=part)
    grey = pixels.mean(axis=2, dtype=np.float32)[:, :, None] * 0.6 + 60
    seen = np.nan_to_num(share)[:, :, None]
    shown = grey * (1 - seen) + np.array([225.0, 40.0, 35.0], np.float32) * seen
    rows, columns = np.indices((height, width), sparse=True)
    unseen = np.isnan(share) & ((rows + columns) // max(4, max(height, width) // 120) % 4 == 0)
    shown[unseen] = _UNSEEN
    return thumbnail(shown.clip(0, 255).astype(np.uint8))
