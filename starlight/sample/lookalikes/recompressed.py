"""JPEG of JPEG of JPEG, aligned or shifted, and the pixels of such files written losslessly."""

import io

import numpy as np
from PIL import Image

from starlight.images.writing.encode import Encoding
from starlight.sample.lookalikes.lookalike import Lookalike, colour, lossless, pack, scene

__all__ = ["CONSTRAINT", "SHARE", "make"]

CONSTRAINT = "gaps in the coefficient histograms come from earlier compression"
SHARE = 1.3


def make(rng: np.random.Generator, number: str) -> Lookalike:
    """Compress one to three times, then write as JPEG or losslessly."""
    cover = scene(rng, number, drawn=0.15)
    pixels, qualities = cover.pixels, []
    for _ in range(int(rng.integers(1, 4))):
        quality = int(rng.integers(30, 99))
        shift = rng.integers(0, 8, 2) if rng.random() < 0.4 and min(pixels.shape[:2]) > 40 else (0, 0)
        pixels = _once(pixels[shift[0] :, shift[1] :], quality, int(rng.integers(0, 3)))
        qualities.append(quality)
    if rng.random() < 0.7:
        encoding = Encoding("jpeg", quality=int(rng.integers(40, 99)), subsampling=int(rng.integers(0, 3)))
        qualities.append(encoding.quality)
    else:
        encoding = lossless(rng, pixels)
        pixels = colour(pixels) if encoding.format == "webp" else pixels
    note = "jpeg " + " ".join(map(str, qualities))
    return pack(pixels, encoding, cover, f"{note} as {encoding.format}", qualities=qualities)


def _once(pixels: np.ndarray, quality: int, sampling: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "JPEG", quality=quality, subsampling=sampling)
    return np.asarray(Image.open(buffer))
