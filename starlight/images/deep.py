"""The low bytes of 16-bit samples, which decoding to eight bits leaves out."""

from __future__ import annotations

from typing import Any

import numpy as np

from starlight.errors import BadImage
from starlight.images.image import Image
from starlight.images.opener import opened

__all__ = ["low_bytes"]

_FORMATS = ("png", "tiff")
# Pillow unpacks colours of 16 bits to their high bytes. Told that the bytes lie the other way round, it yields the low.
_SWAPPED = {";16B": ";16L", ";16L": ";16B", ";16N": ";16B"}


def low_bytes(image: Image) -> np.ndarray | None:
    """Low bytes of the samples of a 16-bit PNG or TIFF.

    Parameters
    ----------
    image : Image

    Returns
    -------
    (height, width, channels) uint8 or None
        Channels as stored, alpha among them; None where samples have no more than eight bits, or where their low bytes
        cannot be read (CMYK and alpha multiplied into the colours, in TIFF).
    """
    if image.container.format not in _FORMATS or not image.container.mode.endswith(";16"):
        return None
    try:
        with opened(image.container.format, image.data[: image.container.end]) as stored:
            if stored.mode in ("RGB", "RGBA"):
                stored.tile = [tile._replace(args=_swapped(tile.args)) for tile in stored.tile]
            stored.load()
            samples = np.asarray(stored)
    except BadImage:  # such low bytes are not to be had
        return None
    return _low(samples, image.container.mode)


def _low(samples: np.ndarray, mode: str) -> np.ndarray | None:
    if samples.dtype.itemsize == 2:
        return (samples & 0xFF).astype(np.uint8)[:, :, None]
    if samples.dtype != np.uint8 or samples.ndim != 3:
        return None
    if mode == "LA;16":  # unpacked as four bytes: grey high, grey low, alpha high, alpha low
        samples = samples[:, :, [1, 3]]
    return np.ascontiguousarray(samples)


def _swapped(args: Any) -> Any:
    """A decoder's arguments with the raw mode of the other byte order."""
    raw = args[0] if isinstance(args, tuple) else args
    turned = "RGBA" if raw == "LA;16B" else raw[:-4] + _SWAPPED.get(raw[-4:], raw[-4:])
    return (turned, *args[1:]) if isinstance(args, tuple) else turned
