"""How large images are, as they are met with."""

from __future__ import annotations

import numpy as np

__all__ = ["size"]

_SIDES = ((64, 96), (96, 160), (160, 256), (256, 384), (384, 512), (512, 768), (1000, 1024))
_SIDE_WEIGHTS = (0.10, 0.24, 0.36, 0.20, 0.06, 0.025, 0.015)
_ASPECTS = (1.0, 4 / 3, 3 / 4, 3 / 2, 2 / 3, 16 / 9)


def size(rng: np.random.Generator, *, smallest: int, largest: int, factor: float = 1.0) -> tuple[int, int]:
    """Draw height and width: mostly 96 to 384 pixels, a few up to 1024, in common aspect ratios.

    Parameters
    ----------
    rng : Generator
    smallest, largest : int
        Limits of a side, in pixels.
    factor : float
        Of those sides, before the limits.

    Returns
    -------
    height, width : int
    """
    low, high = _SIDES[int(rng.choice(len(_SIDES), p=_SIDE_WEIGHTS))]
    width = round(factor * int(rng.integers(low, high + 1)))
    height = round(width / _ASPECTS[int(rng.integers(0, len(_ASPECTS)))])
    return tuple(int(np.clip(side, smallest, largest)) for side in (height, width))
