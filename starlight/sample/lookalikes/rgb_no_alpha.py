"""Colour images without alpha: nothing can be in a channel that is not there."""

import numpy as np

from starlight.sample.covers import encoders
from starlight.sample.lookalikes.lookalike import Lookalike, colour, lossless, pack, scene

__all__ = ["CONSTRAINT", "SHARE", "make"]

CONSTRAINT = "no alpha channel, so no alpha technique"
SHARE = 2.0


def make(rng: np.random.Generator, number: str) -> Lookalike:
    """Write a photograph or drawing as RGB, losslessly or as JPEG."""
    cover = scene(rng, number, drawn=0.25)
    samples = colour(cover.pixels)
    encoding = lossless(rng, samples)
    if rng.random() < 0.3:
        encoding, _ = encoders.draw(rng)
    return pack(samples, encoding, cover, f"{encoding.format} rgb", channels=3)
