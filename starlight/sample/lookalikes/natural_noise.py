"""Noise of nature or of a program: high sensitivity, dark frames, grain, static, stretched tones; random LSB planes."""

import numpy as np
from scipy import ndimage

from starlight.sample.covers import Cover, encoders
from starlight.sample.covers.cover import as_uint8, luma
from starlight.sample.covers.processing import stretch
from starlight.sample.lookalikes.lookalike import Lookalike, colour, lossless, pack, scene, sides

__all__ = ["CONSTRAINT", "SHARE", "make"]

CONSTRAINT = "the least significant bits are noise of the sensor, not a message"
SHARE = 2.6


def make(rng: np.random.Generator, number: str) -> Lookalike:
    """Make a noisy photograph, a dark frame, grain, static or stretched tones; lossless, or JPEG of high quality."""
    kind = str(rng.choice(list(_WAYS), p=_WEIGHTS))
    cover = _WAYS[kind](rng, number)
    if rng.random() < 0.25:
        encoding, note = encoders.draw(rng)
        samples = encoders.saved(cover.pixels, encoding)
        cover = Cover(samples, cover.cover_id, f"{cover.processing}; decompressed jpeg {note}")
    encoding = encoders.draw(rng, family="device")[0] if rng.random() < 0.15 else lossless(rng, cover.pixels)
    samples = colour(cover.pixels) if encoding.format == "webp" else cover.pixels
    return pack(samples, encoding, cover, kind, noise=kind)


def _sensitivity(rng: np.random.Generator, number: str) -> Cover:
    """Raise shot noise, stronger where it is bright, the same or different in each channel."""
    cover = scene(rng, number, drawn=0)
    values, strength = cover.pixels.astype(np.float32), rng.uniform(0.3, 4)
    noise = rng.standard_normal(values.shape, np.float32) * np.sqrt(values + 4) * strength
    return Cover(as_uint8(values + noise), cover.cover_id, f"{cover.processing}; shot noise {strength:.2f}")


def _grain(rng: np.random.Generator, number: str) -> Cover:
    """Add film grain: correlated, the same in all channels, strongest in the mid tones."""
    cover = scene(rng, number, drawn=0)
    grain = ndimage.gaussian_filter(rng.standard_normal(cover.pixels.shape[:2], np.float32), rng.uniform(0.4, 1.4))
    shade = luma(cover.pixels) / 255
    grain = grain / grain.std() * rng.uniform(3, 18) * (0.3 + 2.8 * shade * (1 - shade))
    values = cover.pixels + (grain[..., None] if cover.pixels.ndim == 3 else grain)
    return Cover(as_uint8(values), cover.cover_id, f"{cover.processing}; grain")


def _dark(rng: np.random.Generator, number: str) -> Cover:
    """Make a frame with the cap on: black level, read noise, hot pixels."""
    height, width = sides(rng)
    shape = (height, width, 3) if rng.random() < 0.7 else (height, width)
    values = rng.uniform(0, 24) + rng.uniform(0.4, 6) * rng.standard_normal(shape, np.float32)
    values[rng.random(shape) < rng.uniform(0, 2e-3)] += rng.uniform(20, 200)
    return Cover(as_uint8(values), f"noise/{number}", "dark frame")


def _static(rng: np.random.Generator, number: str) -> Cover:
    height, width = sides(rng, 256)
    shape = (height, width, 3) if rng.random() < 0.6 else (height, width)
    low, high = np.sort(rng.integers(0, 257, 2))
    values = rng.integers(low, max(high, low + 2), shape).clip(0, 255)
    return Cover(values.astype(np.uint8), f"noise/{number}", "static")


def _blotches(rng: np.random.Generator, number: str) -> Cover:
    """Smooth noise to blotches, as noise reduction leaves them."""
    height, width = sides(rng)
    noise = rng.standard_normal((height, width, 3), np.float32)
    noise = ndimage.gaussian_filter(noise, (*[rng.uniform(0.5, 3)] * 2, 0))
    values = rng.uniform(40, 210) + noise / noise.std() * rng.uniform(1, 30)
    return Cover(as_uint8(values), f"noise/{number}", "blotches")


def _stretched(rng: np.random.Generator, number: str) -> Cover:
    """Stretch a noisy photograph's levels last of all: gaps in its histogram, and the noise jumps over them."""
    cover = _sensitivity(rng, number) if rng.random() < 0.5 else scene(rng, number, drawn=0)
    pixels, note = stretch(cover.pixels, rng)
    return Cover(pixels, cover.cover_id, f"{cover.processing}; {note}")


_WAYS = {
    "sensitivity": _sensitivity,
    "grain": _grain,
    "dark": _dark,
    "static": _static,
    "blotches": _blotches,
    "stretched": _stretched,
}
_WEIGHTS = (0.27, 0.12, 0.12, 0.08, 0.12, 0.29)
