"""Patterns that repeat: structural LSB estimates run wild on them, and their LSB planes show figures."""

import numpy as np

from starlight.images.writing.encode import Encoding
from starlight.sample.covers import Cover, encoders, grey, palettes
from starlight.sample.lookalikes import patterns
from starlight.sample.lookalikes.lookalike import Lookalike, colour, lossless, pack, scene, sides

__all__ = ["CONSTRAINT", "SHARE", "make"]

CONSTRAINT = "the bits repeat because the picture does"
SHARE = 2.0


def make(rng: np.random.Generator, number: str) -> Lookalike:
    """Draw a pattern or repeat a patch; lossless, indexed, or JPEG."""
    if rng.random() < 0.2:
        cover = scene(rng, number, drawn=0.1)
        way = patterns.repeat_patch if rng.random() < 0.7 else patterns.posterise
        cover, kind = Cover(way(rng, cover.pixels), cover.cover_id, cover.processing), way.__name__
    else:
        kind = str(rng.choice(list(patterns.KINDS)))
        pixels = patterns.draw(rng, *sides(rng), kind)
        cover = Cover(pixels, f"pattern/{number}", f"pattern {kind}")
    if rng.random() < 0.15:
        cover = grey(cover)
    share = rng.random()
    if share < 0.15:
        indices, palette, note = palettes.index(cover.pixels, rng)
        encoding = Encoding("gif" if rng.random() < 0.5 else "png", palette=palette)
        return pack(indices, encoding, cover, note, pattern=kind)
    if share < 0.25:
        encoding, _ = encoders.draw(rng)
        return pack(cover.pixels, encoding, cover, f"jpeg q{encoding.quality}", pattern=kind)
    encoding = lossless(rng, cover.pixels)
    samples = colour(cover.pixels) if encoding.format == "webp" else cover.pixels
    return pack(samples, encoding, cover, encoding.format, pattern=kind)
