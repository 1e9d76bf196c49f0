"""Indexed and bilevel images whose pixels were scattered on purpose, and what becomes of them as full colour."""

import numpy as np

from starlight.images.writing.encode import Encoding
from starlight.sample.covers import palettes
from starlight.sample.lookalikes.lookalike import Lookalike, lossless, pack, scene

__all__ = ["CONSTRAINT", "SHARE", "make"]

CONSTRAINT = "the scatter of the indices is dither, not a message"
SHARE = 1.4


def make(rng: np.random.Generator, number: str) -> Lookalike:
    """Reduce an image to a palette: GIF, indexed PNG, or written back as colours."""
    cover = scene(rng, number, drawn=0.1)
    kind = str(rng.choice(list(palettes.KINDS), p=[0.4, 0.15, 0.2, 0.15, 0.1]))
    indices, palette, note = palettes.index(cover.pixels, rng, kind=kind)
    colours = len(palette) // 3
    share = rng.random()
    if share < 0.75:
        encoding = Encoding("gif" if share < 0.4 else "png", palette=palette, interlace=bool(rng.random() < 0.3))
        return pack(indices, encoding, cover, f"{encoding.format} {note}", colours=colours)
    samples = np.frombuffer(palette, np.uint8).reshape(-1, 3)[indices]
    encoding = lossless(rng, samples)
    return pack(samples, encoding, cover, f"{encoding.format} of {note}", colours=colours)
