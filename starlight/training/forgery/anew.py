"""Authentic training images forged anew, for the network over local statistics.

Few of the forged images that there are hold a splice or an erasure, and a network needs many. Nothing is measured on
what is made here, and nothing of it is kept.
"""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np

from starlight.errors import StarlightError
from starlight.forgery.scene import MAX_PIXELS
from starlight.images.image import Image, decode
from starlight.images.writing.encode import encode
from starlight.sample.tampering import after
from starlight.sample.tampering.forging.forge import KINDS, forge
from starlight.sample.tampering.pictures.picture import Picture

__all__ = ["forged_anew"]

_SHARES = {"copy-move": 0.2, "splice": 0.4, "erase": 0.4}  # of what is made: a copy differs least from what is around
_LEAST_SIDE = 64  # pixels: nothing is looked for in a smaller image


def forged_anew(pixels: np.ndarray, donor: np.ndarray, name: str) -> tuple[Image, np.ndarray] | None:
    """Tamper with an authentic image, and process it afterwards.

    Parameters
    ----------
    pixels : (h, w, 1 or 3) uint8
    donor : (h', w', 1 or 3) uint8
        Another image, that a splice is cut from.
    name : str
        What is done follows from it alone.

    Returns
    -------
    (Image, (h'', w'') bool) or None
        The forged image, as read from a file, and where it was tampered with; None where there is no place for it.
    """
    if min(*pixels.shape[:2], *donor.shape[:2]) < _LEAST_SIDE:
        return None
    rng = np.random.default_rng(int(hashlib.sha256(f"anew:{name}".encode()).hexdigest()[:12], 16))
    family = str(rng.choice(list(_SHARES), p=list(_SHARES.values())))
    kind = str(rng.choice([kind for kind in KINDS if kind.startswith(family)]))
    picture, other = (Picture(_coloured(one), cover, "") for one, cover in ((pixels, "picture"), (donor, "donor")))
    try:
        forged, mask = forge(kind, picture, rng, donor=other)
    except StarlightError:
        return None
    process, encoding = after.draw(rng), dataclasses.replace(after.encoding(rng), level=0)  # no file is kept
    made = process(forged)
    grey = pixels.shape[2] == 1 and (np.ptp(made, axis=2) == 0).all()
    file = encode(np.ascontiguousarray(made[:, :, 0]) if grey else made, encoding)
    return decode(file), process.mask(mask, made.shape[:2])


def _coloured(pixels: np.ndarray) -> np.ndarray:
    """The middle of an image, up to the size that is searched, in three channels."""
    scale = min(1.0, (MAX_PIXELS / (pixels.shape[0] * pixels.shape[1])) ** 0.5)
    high, wide = (int(side * scale) for side in pixels.shape[:2])
    top, left = (pixels.shape[0] - high) // 2, (pixels.shape[1] - wide) // 2
    part = pixels[top : top + high, left : left + wide, :3]
    return np.ascontiguousarray(np.broadcast_to(part, (high, wide, 3)))
