"""RGBA and grey with alpha whose alpha has one value throughout."""

import numpy as np

from starlight.sample.covers import alpha
from starlight.sample.lookalikes.lookalike import Lookalike, colour, lossless, pack, scene

__all__ = ["CONSTRAINT", "SHARE", "make"]

CONSTRAINT = "alpha has one value, so it carries no bits"
SHARE = 2.0


def make(rng: np.random.Generator, number: str) -> Lookalike:
    """Add an opaque, clear or half-clear alpha channel to an image."""
    cover = scene(rng, number, drawn=0.25)
    grey = cover.pixels.ndim == 2 and rng.random() < 0.7
    pixels = cover.pixels if grey else colour(cover.pixels)
    encoding = lossless(rng, np.dstack([pixels, pixels[..., :1] if pixels.ndim == 3 else pixels]))
    plane = alpha.uniform(rng, *pixels.shape[:2], opaque=0.0 if encoding.format == "webp" else 0.7)
    samples = np.dstack([pixels, plane])
    return pack(samples, encoding, cover, f"alpha {plane[0, 0]}", alpha_value=int(plane[0, 0]))
