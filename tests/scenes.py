"""Photograph-like images from a seed, and files of them, for tests of streams and attacks."""

import io

import numpy as np
from PIL import Image as PillowImage
from scipy.ndimage import gaussian_filter

from starlight.images.image import Image, decode

TEXT = b"It was a bright cold day in April, and the clocks were striking thirteen."


def scene(seed: int, height: int = 256, width: int = 256, channels: int = 3) -> np.ndarray:
    """Blurred noise at several scales under sensor noise that colours share; uint8 (H, W, C)."""
    rng = np.random.default_rng(seed)
    shape = (height, width)
    base = sum(s * gaussian_filter(rng.normal(size=shape), s) * s for s in (2, 6, 16))
    tint = [gaussian_filter(rng.normal(size=shape), 16) * 120 for _ in range(channels)]
    shared = rng.normal(size=shape)
    planes = [120 + 10 * base + t + shared + 0.5 * rng.normal(size=shape) for t in tint]
    return np.clip(np.rint(np.stack(planes, axis=2)), 0, 255).astype(np.uint8)


def replace_lsb(samples: np.ndarray, rate: float, seed: int = 0) -> np.ndarray:
    """LSB replacement of random bits at a rate in bits per sample, at random places."""
    rng = np.random.default_rng(seed)
    chosen = rng.random(samples.shape) < rate
    bits = rng.integers(0, 2, samples.shape, dtype=np.uint8)
    return np.where(chosen, samples & 0xFE | bits, samples)


def match_lsb(samples: np.ndarray, rate: float, seed: int = 0) -> np.ndarray:
    """LSB matching: changes up or down."""
    rng = np.random.default_rng(seed)
    step = rng.choice(np.array([-1, 1]), samples.shape) * (rng.random(samples.shape) < rate / 2)
    return np.clip(samples.astype(int) + step, 0, 255).astype(np.uint8)


def file(samples: np.ndarray, form: str = "PNG", mode: str | None = None, **options) -> bytes:
    """Encode samples of shape (H, W) or (H, W, C)."""
    squeezed = samples[:, :, 0] if samples.ndim == 3 and samples.shape[2] == 1 else samples
    picture = PillowImage.fromarray(squeezed, mode) if mode else PillowImage.fromarray(squeezed)
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def indexed(indices: np.ndarray, palette: np.ndarray) -> bytes:
    """Encode an indexed PNG."""
    picture = PillowImage.fromarray(indices, "P")
    picture.putpalette(palette.astype(np.uint8).tobytes())
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def image(samples: np.ndarray, form: str = "PNG", **options) -> Image:
    """Encode and decode samples."""
    return decode(file(samples, form, **options))
