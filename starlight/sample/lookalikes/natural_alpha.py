"""RGBA whose alpha varies because a program cut, feathered, shaded or blended."""

import numpy as np

from starlight.sample.covers import alpha
from starlight.sample.lookalikes.lookalike import Lookalike, colour, lossless, pack, scene

__all__ = ["CONSTRAINT", "SHARE", "make"]

CONSTRAINT = "alpha is a soft edge, a shadow or a gradient, not a message"
SHARE = 1.4


def make(rng: np.random.Generator, number: str) -> Lookalike:
    """Add a natural alpha channel; colours under full transparency are kept, blackened or whitened."""
    cover = scene(rng, number, drawn=0.3)
    plane, kind = alpha.natural(rng, *cover.pixels.shape[:2])
    grey = cover.pixels.ndim == 2 and rng.random() < 0.5
    pixels = (cover.pixels if grey else colour(cover.pixels)).copy()
    under = rng.random()
    if under < 0.5:
        pixels[plane == 0] = 0 if under < 0.35 else 255
    samples = np.dstack([pixels, plane])
    encoding = lossless(rng, samples)
    return pack(samples, encoding, cover, f"alpha {kind}", alpha_kind=kind, alpha_levels=len(np.unique(plane)))
