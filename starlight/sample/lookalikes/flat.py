"""Flat images: one colour, two halves, slow ramps, blank pages with a speck; structural estimates divide by nothing."""

import numpy as np

from starlight.images.writing.encode import Encoding
from starlight.sample.covers import Cover, encoders, palettes
from starlight.sample.covers import alpha as alphas
from starlight.sample.covers.cover import as_uint8
from starlight.sample.lookalikes.lookalike import Lookalike, lossless, pack, sides

__all__ = ["CONSTRAINT", "SHARE", "make"]

CONSTRAINT = "hardly any texture; the few distinct values are the picture"
SHARE = 1.1


def make(rng: np.random.Generator, number: str) -> Lookalike:
    """Fill a canvas with next to nothing, in any container."""
    height, width = sides(rng, 384)
    kind = str(rng.choice(list(_WAYS)))
    pixels = as_uint8(np.broadcast_to(_WAYS[kind](rng, height, width), (height, width, 3)))
    if rng.random() < 0.2:
        pixels = np.ascontiguousarray(pixels[..., 0])
    cover = Cover(pixels, f"flat/{number}", f"flat {kind}")
    share = rng.random()
    if share < 0.25:
        indices, palette, note = palettes.index(pixels, rng, kind=str(rng.choice(["adaptive", "web", "grey"])))
        return pack(indices, Encoding("gif" if share < 0.15 else "png", palette=palette), cover, note, flat=kind)
    if share < 0.45:
        encoding, _ = encoders.draw(rng)
        return pack(pixels, encoding, cover, "jpeg", flat=kind)
    samples = pixels
    if pixels.ndim == 3 and rng.random() < 0.3:
        samples = np.dstack([pixels, alphas.uniform(rng, height, width)])
    encoding = lossless(rng, samples)
    if encoding.format == "webp" and samples.ndim == 2:
        encoding = Encoding("png")
    return pack(samples, encoding, cover, encoding.format, flat=kind)


def _one(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    extremes = rng.random() < 0.3
    return np.array([[rng.choice([0, 255]) if extremes else rng.integers(0, 256, 3)]], float).reshape(1, 1, -1)


def _halves(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    edge = x * rng.uniform(-1, 1) + y * rng.uniform(-1, 1)
    return np.where((edge > np.median(edge))[..., None], rng.integers(0, 256, 3), rng.integers(0, 256, 3))


def _ramp(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Run through a few values slowly, so that the steps between them are wide bands."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    span = rng.uniform(-20, 20, 3) * (3 if rng.random() < 0.4 else 1)
    return rng.uniform(20, 235, 3) + (x * rng.uniform(0, 1) + y * rng.uniform(0, 1))[..., None] * span


def _speck(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    values = np.broadcast_to(rng.choice([255.0, 254.0, 0.0, 243.0]), (height, width, 3)).copy()
    for _ in range(int(rng.integers(1, 8))):
        y, x = int(rng.integers(0, height)), int(rng.integers(0, width))
        values[y : y + int(rng.integers(1, 20)), x : x + int(rng.integers(1, 20))] = rng.integers(0, 256, 3)
    return values


def _faint(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Add noise of less than one step, which flips the last bit here and there."""
    return rng.integers(1, 255, 3) + rng.uniform(0.1, 0.6) * rng.standard_normal((height, width, 1))


_WAYS = {"one": _one, "halves": _halves, "ramp": _ramp, "speck": _speck, "faint": _faint}
