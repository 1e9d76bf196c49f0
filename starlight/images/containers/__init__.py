"""Containers: where an image file really ends, and what its structure holds.

One module per format, each with `matches(data)` and `parse(walk)`. All of them read forward from the first byte;
no marker is ever searched for from the back.
"""

from __future__ import annotations

import struct

from starlight.errors import BadImage
from starlight.images.containers import bmp, gif, jpeg, png, tiff, webp
from starlight.images.containers.model import Container, Limits, Walk

__all__ = ["FORMATS", "Container", "Limits", "parse"]

FORMATS = {"jpeg": jpeg, "png": png, "gif": gif, "webp": webp, "bmp": bmp, "tiff": tiff}


def parse(data: bytes, limits: Limits = Limits()) -> Container:  # noqa: B008 (frozen)
    """Walk the structure of an image file.

    Parameters
    ----------
    data : bytes
        The whole file.
    limits : Limits
        What it may cost.

    Returns
    -------
    Container

    Raises
    ------
    BadImage
        Not one of `FORMATS`, broken before its pixel data begin, or over a limit.
    """
    if not data:
        raise BadImage("empty file")
    if len(data) > limits.max_bytes:
        raise BadImage(f"{len(data)} bytes is over {limits.max_bytes}")
    for name, module in FORMATS.items():
        if module.matches(data):
            try:
                return module.parse(Walk(data, limits))
            except (struct.error, IndexError) as error:  # a read past the last byte
                raise BadImage(f"truncated {name} structure") from error
    raise BadImage("not a PNG, JPEG, GIF, WEBP, BMP or TIFF file")
