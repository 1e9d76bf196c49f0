"""Which techniques a container can physically carry."""

from __future__ import annotations

import numpy as np

from starlight.images.image import Image
from starlight.techniques import OTHER, TECHNIQUES

__all__ = ["constraint_mask"]

_SPATIAL = ("lsbr", "lsbm", "hill", "suniward", "wow")
_DCT = ("f5", "nsf5", "outguess", "steghide", "juniward", "uerd")
_COMMENT_FORMATS = ("jpeg", "png", "webp")
_CHARSET_BYTES = 8  # the character code in front of a UserComment carries no text


def constraint_mask(image: Image) -> np.ndarray:
    """Tell for each technique whether this image could carry it.

    Parameters
    ----------
    image : Image

    Returns
    -------
    (17,) bool
        In the order of `TECHNIQUES`, then `OTHER`, which is always possible.
    """
    container = image.container
    raw_pixels = container.lossless and not container.indexed and container.format != "jpeg"
    possible = {
        "alpha": container.lossless and image.alpha is not None and bool(image.alpha.min() != image.alpha.max()),
        "palette": image.indices is not None and bool(image.indices.min() != image.indices.max()),
        "lsb.rgb": raw_pixels and image.pixels.shape[2] == 3,
        "exif": container.format in _COMMENT_FORMATS and len(container.user_comment) > _CHARSET_BYTES,
        "raw": len(container.trailer) > 0,
        OTHER: True,
    }
    possible |= dict.fromkeys(_SPATIAL, raw_pixels)
    possible |= dict.fromkeys(_DCT, container.format == "jpeg")
    return np.array([possible[name] for name in (*TECHNIQUES, OTHER)], bool)
