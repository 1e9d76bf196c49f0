"""Things that repeat by their nature: tiles, textures, lanes of gels, loading controls, markers of plots, words."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from starlight.sample.covers import photos, processing, words
from starlight.sample.lookalikes import patterns
from starlight.sample.lookalikes.lookalike import colour
from starlight.sample.tampering.pictures import figures, science
from starlight.sample.tampering.pictures.picture import Picture, sensed, side

__all__ = ["gel_lanes", "loading_controls", "periodic_texture", "plots", "text_pages", "tiles"]

_TEXTURES = tuple(f"skimage/{name}" for name in ("brick.png", "coins.png"))  # not those made by cloning
_WOVEN = ("weave", "tiles", "halftone", "board", "stripes", "moire")


def tiles(rng: np.random.Generator, number: str) -> Picture:
    """A motif laid out again and again, photographed: each with its own noise, the whole a little uneven in light."""
    height, width = side(rng), side(rng)
    motif = patterns.draw(rng, int(rng.integers(24, 90)), int(rng.integers(24, 90)), str(rng.choice(_WOVEN)))
    if rng.random() < 0.5:
        motif = science.stain(rng, max(66, motif.shape[0]), max(66, motif.shape[1]))[0]
    laid = np.tile(motif, (-(-height // motif.shape[0]), -(-width // motif.shape[1]), 1))[:height, :width]
    light = laid.astype(np.float32) * np.linspace(rng.uniform(0.75, 1), 1, width, dtype=np.float32)[None, :, None]
    return Picture(sensed(light, rng, shot=rng.uniform(0.005, 0.06), read=rng.uniform(0.5, 2.5)),
                   f"tampering/tiles/{number}", "tiles")  # fmt: skip


def periodic_texture(rng: np.random.Generator, number: str) -> Picture:
    """Brick, coins; or a woven or printed pattern."""
    if rng.random() < 0.6:
        pixels, cover_id = photos.load(_TEXTURES[int(rng.integers(0, len(_TEXTURES)))])
        height, width = (min(side(rng), length) for length in pixels.shape[:2])
        cut, _ = processing.crop_and_scale(pixels, rng, height, width, factor=float(rng.choice([1.0, 0.8, 1.3])))
        return Picture(colour(cut), cover_id, "periodic_texture")
    drawn = patterns.draw(rng, side(rng), side(rng), str(rng.choice(_WOVEN)))
    seen = sensed(drawn.astype(np.float32), rng, shot=rng.uniform(0, 0.05), read=rng.uniform(0.3, 2))
    return Picture(seen, f"tampering/periodic_texture/{number}", "periodic_texture")


def gel_lanes(rng: np.random.Generator, number: str) -> Picture:
    """Lanes that hold nearly the same sample."""
    return _named(science.gel(rng, number, alike=rng.uniform(0.75, 1.0)), "gel_lanes", number)


def loading_controls(rng: np.random.Generator, number: str) -> Picture:
    """Rows of bands that are equal on purpose."""
    return _named(science.blot(rng, number, alike=rng.uniform(0.8, 1.0)), "loading_controls", number)


def plots(rng: np.random.Generator, number: str) -> Picture:
    """One plot, or several with the same axes side by side."""
    count = int(rng.choice([1, 2, 4]))
    if count == 1:
        return _named(figures.plot(rng, number), "plots", number)
    panels = [figures.plot(rng, f"{number}.{k}").pixels for k in range(count)]
    return _named(figures.assemble(rng, panels, number, cell=260), "plots", number)


def text_pages(rng: np.random.Generator, number: str) -> Picture:
    """A page of few or many different words, as it was drawn or as a camera saw it."""
    height, width, size = side(rng, 300, 600), side(rng, 320, 600), int(rng.integers(10, 24))
    sheet = Image.new("RGB", (width, height), (int(rng.integers(225, 256)),) * 3)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size)
    known = [words.word(rng) for _ in range(int(rng.integers(6, 60)))]
    for top in range(size, height - 2 * size, int(size * rng.uniform(1.3, 1.8))):
        line = " ".join(rng.choice(known, 20))[: int((width - 2 * size) / (0.55 * size))]
        pen.text((size, top), line, fill=(int(rng.integers(0, 60)),) * 3, font=font)
    pixels = np.asarray(sheet)
    if rng.random() < 0.5:
        pixels = sensed(pixels.astype(np.float32), rng, shot=rng.uniform(0, 0.03), read=rng.uniform(0.3, 3))
    return Picture(pixels, f"tampering/text_pages/{number}", "text_pages")


def _named(made: Picture, source: str, number: str) -> Picture:
    return Picture(made.pixels, f"tampering/{source}/{number}", source)
