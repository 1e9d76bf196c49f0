"""Images of 1 to 32 pixels: tracking pixels, icons, bullets. There are few bits to judge by."""

import numpy as np

from starlight.images.writing.encode import Encoding
from starlight.sample.covers import Cover, drawings, encoders, palettes, photos, processing
from starlight.sample.covers import alpha as alphas
from starlight.sample.lookalikes.lookalike import Lookalike, colour, lossless, pack

__all__ = ["CONSTRAINT", "SHARE", "make"]

CONSTRAINT = "too small for a message of any length"
SHARE = 1.1


def make(rng: np.random.Generator, number: str) -> Lookalike:
    """Make an icon out of a drawing, a photograph or noise, in any container."""
    height = int(np.exp(rng.uniform(0, np.log(33))))
    width = height if rng.random() < 0.6 else int(np.exp(rng.uniform(0, np.log(33))))
    cover = _icon(rng, max(height, 1), max(width, 1), number)
    kind = str(rng.choice(["lossless", "rgba", "indexed", "gif", "jpeg"], p=[0.25, 0.25, 0.15, 0.2, 0.15]))
    if kind in ("indexed", "gif"):
        way = str(rng.choice(["adaptive", "grey", "bilevel"]))
        indices, palette, note = palettes.index(cover.pixels, rng, kind=way)
        encoding = Encoding("gif" if kind == "gif" else "png", palette=palette)
        return pack(indices, encoding, cover, note, carrier=kind)
    if kind == "jpeg":
        encoding, _ = encoders.draw(rng)
        return pack(cover.pixels, encoding, cover, "jpeg", carrier=kind)
    samples = colour(cover.pixels)
    if kind == "rgba":
        plane = alphas.uniform(rng, height, width) if min(height, width) < 4 else alphas.natural(rng, height, width)[0]
        samples = np.dstack([samples, plane])
    return pack(samples, lossless(rng, samples), cover, kind, carrier=kind)


def _icon(rng: np.random.Generator, height: int, width: int, number: str) -> Cover:
    way = rng.random()
    if way < 0.4:
        large = drawings.draw(rng, 128, 128, f"icon/{number}")
        pixels, note = processing.crop_and_scale(large.pixels, rng, height, width, factor=128 / max(height, width))
        return Cover(pixels, large.cover_id, f"{large.processing}; {note}")
    if way < 0.8:
        pixels, cover_id = photos.load(photos.PHOTOGRAPHS[int(rng.integers(0, len(photos.PHOTOGRAPHS)))])
        pixels, note = processing.crop_and_scale(pixels, rng, height, width)
        return Cover(pixels, cover_id, note)
    pixels = np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)
    if way < 0.9:
        pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
    return Cover(pixels, f"icon/{number}", "noise" if way < 0.9 else "one colour")
