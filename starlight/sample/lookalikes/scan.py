"""Scanned pages: text on paper with its grain, lit unevenly, a little askew, streaked by the glass."""

import numpy as np
from PIL import Image
from scipy import ndimage

from starlight.images.writing.encode import Encoding
from starlight.sample.covers import Cover, drawings, encoders, palettes, photos, processing
from starlight.sample.covers.cover import as_uint8, luma
from starlight.sample.covers.scene import fractal_noise
from starlight.sample.lookalikes.lookalike import Lookalike, lossless, pack, sides

__all__ = ["CONSTRAINT", "SHARE", "make"]

CONSTRAINT = "paper and scanner made the texture of the flat areas"
SHARE = 1.0
_PAGES = ("skimage/page.png", "skimage/text.png")


def make(rng: np.random.Generator, number: str) -> Lookalike:
    """Print a page, scan it, and write it as JPEG, PNG, TIFF or indexed."""
    height, width = sides(rng)
    page = _page(rng, height, width, number)
    pixels = _scan(rng, page.pixels)
    share = rng.random()
    if share < 0.2:
        indices, palette, note = palettes.index(pixels, rng, kind="bilevel" if share < 0.1 else "grey")
        return pack(indices, Encoding("png", palette=palette), page, f"scan {note}", scan="indexed")
    if share < 0.6:
        encoding, _ = encoders.draw(rng)
    else:
        encoding = lossless(rng, pixels)
        encoding = encoding if encoding.format != "webp" else Encoding("png")
    return pack(pixels, encoding, page, f"scan {encoding.format}", scan="colour" if pixels.ndim == 3 else "grey")


def _page(rng: np.random.Generator, height: int, width: int, number: str) -> Cover:
    if rng.random() < 0.2:
        pixels, cover_id = photos.load(_PAGES[int(rng.integers(0, len(_PAGES)))])
        pixels, note = processing.crop_and_scale(pixels, rng, height, width)
        return Cover(pixels, cover_id, note)
    return drawings.draw(rng, height, width, f"page/{number}", kind=str(rng.choice(["page", "page", "page", "chart"])))


def _scan(rng: np.random.Generator, pixels: np.ndarray) -> np.ndarray:
    page = luma(pixels) if rng.random() < 0.5 else pixels.astype(np.float32)
    height, width = page.shape[:2]
    if rng.random() < 0.7:
        image = Image.fromarray(as_uint8(page))
        paper = int(page.max()) if page.ndim == 2 else (int(page.max()),) * 3
        page = np.asarray(image.rotate(rng.uniform(-3, 3), Image.Resampling.BICUBIC, fillcolor=paper), np.float32)
    page = ndimage.gaussian_filter(page, (*[rng.uniform(0.3, 1.0)] * 2, 0)[: page.ndim])
    shade = 1 + rng.uniform(0.005, 0.05) * fractal_noise(rng, height, width, 1.8)
    paper = rng.uniform(0.3, 5) * fractal_noise(rng, height, width, rng.uniform(0.1, 0.7))
    streaks = rng.normal(0, rng.uniform(0, 1.5), width).astype(np.float32)
    tint = rng.uniform(0.88, 1, 3).astype(np.float32) if page.ndim == 3 else np.float32(rng.uniform(0.9, 1))
    extra = (lambda a: a[..., None]) if page.ndim == 3 else (lambda a: a)
    page = page * extra(shade) * tint + extra(paper + streaks)
    return as_uint8(page + rng.uniform(0.3, 2.5) * rng.standard_normal(page.shape, np.float32))
