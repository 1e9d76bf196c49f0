"""JPEG of JPEG of JPEG, aligned or shifted, and the pixels of such files written losslessly."""

import numpy as np

from starlight.images.writing.encode import Encoding
from starlight.sample.covers import encoders
from starlight.sample.lookalikes.lookalike import Lookalike, colour, lossless, pack, scene

__all__ = ["CONSTRAINT", "SHARE", "make"]

CONSTRAINT = "gaps in the coefficient histograms come from earlier compression"
SHARE = 1.3


def make(rng: np.random.Generator, number: str) -> Lookalike:
    """Compress one to three times, then write as JPEG or losslessly."""
    cover = scene(rng, number, drawn=0.15)
    pixels, notes = cover.pixels, []
    for _ in range(int(rng.integers(1, 4))):
        encoding, note = _encoder(rng)
        shift = rng.integers(0, 8, 2) if rng.random() < 0.4 and min(pixels.shape[:2]) > 40 else (0, 0)
        pixels = encoders.saved(pixels[shift[0] :, shift[1] :], encoding)
        notes.append(note)
    if rng.random() < 0.7:
        encoding, note = _encoder(rng)
        notes.append(note)
    else:
        encoding = lossless(rng, pixels)
        pixels = colour(pixels) if encoding.format == "webp" else pixels
    return pack(pixels, encoding, cover, f"jpeg {', '.join(notes)} as {encoding.format}", encoders=notes)


def _encoder(rng: np.random.Generator) -> tuple[Encoding, str]:
    """Some encoder, or libjpeg of low quality, as pictures end up that were passed on many times."""
    if rng.random() < 0.7:
        return encoders.draw(rng)
    quality = int(rng.integers(30, 75))
    return Encoding("jpeg", quality=quality, subsampling=int(rng.integers(0, 3))), f"q{quality}"
