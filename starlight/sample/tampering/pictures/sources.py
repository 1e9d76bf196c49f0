"""Where authentic pictures come from: one function each under one registry.

Photographs and scientific pictures are those that installed packages ship; the rest is rendered. Nothing is downloaded.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from starlight.errors import StarlightError
from starlight.sample import covers
from starlight.sample.covers import photos, processing
from starlight.sample.lookalikes.lookalike import colour
from starlight.sample.tampering.pictures import figures, science
from starlight.sample.tampering.pictures.circulated import circulated
from starlight.sample.tampering.pictures.picture import Picture, resized, side

__all__ = ["SOURCES", "draw", "make", "own"]

_SHIPPED = ("ihc.png", "cell.png", "retina.jpg", "moon.png", "hubble_deep_field.jpg")
# Textures made to tile: parts of each are pixel-equal copies of others, so that neither is authentic.
_CLONED = tuple(f"skimage/{name}.png" for name in ("grass", "gravel"))
_SCIENCE = tuple(f"skimage/{name}" for name in _SHIPPED)
_LEAST_SIDE = 160  # pixels of a user's photograph: in less there is no place for a forgery
_DRAWN = 50  # of the user's photographs, until one is large enough
_OWN_SCALE = 0.4  # share of their parts that are not scaled down
_BLOCK = 8  # pixels of a side of JPEG's blocks


def _photograph(rng: np.random.Generator, number: str) -> Picture:
    height, width = side(rng, 240, 512), side(rng, 300, 640)
    names = [n for n in photos.names_of_size(max(height, width) * 3 // 5) if n not in _CLONED]
    cover = covers.photograph(rng, height, width, number, names=names)
    return Picture(colour(cover.pixels), cover.cover_id, "photograph")


def _shipped(rng: np.random.Generator, number: str) -> Picture:
    """Histology, cells, retina, moon, deep field of scikit-image, cut out at their own scale or nearly so."""
    pixels, cover_id = photos.load(_SCIENCE[int(rng.integers(0, len(_SCIENCE)))])
    height, width = (min(side(rng), length) for length in pixels.shape[:2])
    cut, _ = processing.crop_and_scale(pixels, rng, height, width, factor=float(rng.choice([1.0, 1.0, 0.8, 1.3])))
    turned, _ = processing.orient(cut, rng)
    return Picture(colour(turned), cover_id, "scientific")


def _camera(rng: np.random.Generator, number: str) -> Picture:
    cover = covers.make("camera", rng, side(rng, 240, 448), side(rng, 300, 512), f"tampering-{number}")
    return Picture(colour(cover.pixels), cover.cover_id, "camera")


def _figure(rng: np.random.Generator, number: str) -> Picture:
    """Different panels of one or two kinds."""
    kinds = [(science.microscopy, science.tissue, science.blot, figures.plot)[k] for k in rng.integers(0, 4, 2)]
    panels = [kinds[k % 2](rng, number).pixels for k in range(int(rng.integers(2, 7)))]
    return figures.assemble(rng, panels, number, cell=int(rng.integers(150, 230)), bars=bool(rng.random() < 0.5))


SOURCES: dict[str, tuple[float, Callable[[np.random.Generator, str], Picture]]] = {
    "photograph": (0.20, _photograph),
    "camera": (0.16, _camera),
    "scientific": (0.14, _shipped),
    "microscopy": (0.14, science.microscopy),
    "tissue": (0.12, science.tissue),
    "blot": (0.09, science.blot),
    "gel": (0.05, science.gel),
    "figure": (0.07, _figure),
    "plot": (0.03, figures.plot),
}


def draw(rng: np.random.Generator) -> str:
    """A source by its weight."""
    weights = np.array([weight for weight, _ in SOURCES.values()])
    return str(rng.choice(list(SOURCES), p=weights / weights.sum()))


def make(source: str, rng: np.random.Generator, number: str) -> Picture:
    """A picture of one source.

    Parameters
    ----------
    source : str
        One of `SOURCES`.
    rng : Generator
    number : str
        Makes the cover_id of what is rendered unique.

    Returns
    -------
    Picture
    """
    return circulated(SOURCES[source][1](rng, number), rng)


def own(names: Sequence[str], rng: np.random.Generator) -> Picture:
    """A part of one of the user's photographs, or all of it: at its own scale or scaled down, then as it circulates.

    Half of the parts begin where blocks of JPEG begin: what was compressed before shows it, unless it was forged.

    Parameters
    ----------
    names : sequence of str
        Paths of `photos.folder_photographs`.
    rng : Generator

    Returns
    -------
    Picture

    Raises
    ------
    StarlightError
        A file cannot be read, or all that were drawn are too small.
    """
    for _ in range(_DRAWN):
        pixels, cover_id = photos.load(names[int(rng.integers(0, len(names)))])
        if min(pixels.shape[:2]) >= _LEAST_SIDE:
            return circulated(Picture(colour(_part(pixels, rng)), cover_id, "own photograph"), rng)
    raise StarlightError(f"{Path(names[0]).parent}: hardly a photograph of {_LEAST_SIDE} pixels a side to be forged")


def _part(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A part at its own scale, or one of any larger size, up to all, scaled down to as many pixels."""
    wanted = np.array([side(rng, 300, 800), side(rng, 300, 800)])
    whole = np.array(pixels.shape[:2])
    smallest = min(1.0, wanted.max() / whole.max())
    factor = 1.0 if rng.random() < _OWN_SCALE else float(np.exp(rng.uniform(np.log(smallest), 0.0)))
    height, width = (int(n) for n in np.minimum(np.ceil(wanted / factor), whole))
    step = _BLOCK if rng.random() < 0.5 else 1
    top, left = (int(rng.integers(0, (a - b) // step + 1)) * step for a, b in zip(whole, (height, width), strict=True))
    part = np.ascontiguousarray(pixels[top : top + height, left : left + width])
    if factor == 1:
        return part
    how = (Image.Resampling.LANCZOS, Image.Resampling.BICUBIC, Image.Resampling.BOX)[int(rng.integers(0, 3))]
    return resized(part, max(64, round(height * factor)), max(64, round(width * factor)), how)
