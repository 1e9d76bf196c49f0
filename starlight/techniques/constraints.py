"""Which techniques a container can physically carry."""

from __future__ import annotations

import numpy as np

from starlight.images.image import Image
from starlight.techniques import TECHNIQUES, get
from starlight.techniques.carriers import CARRIERS

__all__ = ["constraint_mask"]


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
    there = {name: has(image) for name, has in CARRIERS.items()}
    return np.array([*(there[get(name).CARRIER] for name in TECHNIQUES), True], bool)
