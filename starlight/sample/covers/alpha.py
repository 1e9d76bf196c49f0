"""Alpha channels as programs make them: cut-outs, feathered edges, shadows, gradients, smoke, or nothing at all."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from starlight.sample.covers import words
from starlight.sample.covers.cover import as_uint8
from starlight.sample.covers.scene import fractal_noise

__all__ = ["KINDS", "natural", "uniform"]


def natural(rng: np.random.Generator, height: int, width: int, *, kind: str | None = None) -> tuple[np.ndarray, str]:
    """Make an alpha channel that varies.

    Parameters
    ----------
    rng : numpy.random.Generator
    height, width : int
        Pixels.
    kind : str, optional
        One of `KINDS`; at random unless told.

    Returns
    -------
    alpha : ndarray of uint8, shape (height, width)
    kind : str
    """
    kind = kind or str(rng.choice(list(KINDS)))
    plane = as_uint8(KINDS[kind](rng, height, width))
    if plane.min() == plane.max():  # a shape that missed the canvas
        plane[height // 4 : height * 3 // 4 + 1, width // 4 : width * 3 // 4 + 1] ^= 0x80
    return plane, kind


def uniform(rng: np.random.Generator, height: int, width: int, *, opaque: float = 0.7) -> np.ndarray:
    """Make an alpha channel of one value, 255 with probability `opaque`, below it otherwise.

    WEBP files lose an opaque channel: libwebp leaves out what says nothing.

    Parameters
    ----------
    rng : Generator
    height, width : int
    opaque : float
        Probability.

    Returns
    -------
    ndarray, shape (height, width), uint8
    """
    if rng.random() < opaque:
        return np.full((height, width), 255, np.uint8)
    value = int(rng.choice([0, 1, 127, 128, 200, 253, 254, int(rng.integers(0, 255))]))
    return np.full((height, width), value, np.uint8)


def _cutout(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Cut out smooth blobs; the edge is a pixel or a few wide."""
    field = fractal_noise(rng, height, width, rng.uniform(1.4, 2))
    edge = rng.uniform(0.01, 0.15)
    return 255 * np.clip(0.5 + (field - rng.uniform(-0.8, 0.6)) / edge, 0, 1)


def _feather(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Fade to the borders, as vignettes and feathered selections do."""
    y, x = np.abs(np.linspace(-1, 1, height))[:, None], np.abs(np.linspace(-1, 1, width))
    power, soft = rng.uniform(1.5, 8), rng.uniform(0.05, 0.6)
    return 255 * np.clip((1 - (y**power + x**power) ** (1 / power)) / soft, 0, 1)


def _shapes(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Draw discs, boxes and text at four times the size and scale down: the smooth edges of icons."""
    image = Image.new("L", (width * 2, height * 2), 0 if rng.random() < 0.7 else int(rng.integers(0, 256)))
    pen = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(1, 7))):
        x, y = rng.uniform(0, 1.6) * width, rng.uniform(0, 1.6) * height
        w, h = rng.uniform(0.2, 1.2) * width, rng.uniform(0.2, 1.2) * height
        fill = 255 if rng.random() < 0.6 else int(rng.integers(30, 255))
        draw = pen.ellipse if rng.random() < 0.5 else pen.rectangle
        draw([x, y, x + w, y + h], fill=fill)
    if rng.random() < 0.6:
        pen.text((width // 4, height // 2), words.word(rng).title(), fill=255, font=ImageFont.load_default(height // 3))
    return np.asarray(image.resize((width, height), Image.Resampling.BOX), np.float32)


def _shadow(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Lay a blurred shadow beside a shape."""
    body = _shapes(rng, height, width) > 127
    far = (int(rng.integers(2, 12)), int(rng.integers(2, 12)))
    cast = ndimage.gaussian_filter(np.roll(body, far, (0, 1)).astype(np.float32), rng.uniform(2, 9))
    return np.maximum(255.0 * body, rng.uniform(90, 220) * cast)


def _gradient(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    angle, (low, high) = rng.uniform(0, 2 * np.pi), np.sort(rng.uniform(0, 255, 2))
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
    ramp = np.clip(0.5 + 0.5 * (x * np.cos(angle) + y * np.sin(angle)), 0, 1)
    return low + (high - low) * ramp + (rng.uniform(-0.5, 0.5, (height, width)) if rng.random() < 0.3 else 0)


def _smoke(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    return rng.uniform(80, 200) + rng.uniform(20, 90) * fractal_noise(rng, height, width, rng.uniform(0.7, 1.8))


def _noise(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Leave noise, as a matte from a video key does, at one level or around the opaque end."""
    level, spread = rng.choice([250.0, 200.0, 128.0]), float(np.exp(rng.uniform(np.log(0.5), np.log(20))))
    return level + spread * rng.standard_normal((height, width))


def _steps(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Use a few levels alone: 0 and 255, or 254 beside 255 where a program was careless."""
    levels = ([0, 255], [254, 255], [0, 128, 255], [252, 253, 254, 255])[int(rng.integers(0, 4))]
    field = fractal_noise(rng, height, width, rng.uniform(0.6, 1.9))
    return np.array(levels, float)[np.digitize(field, np.linspace(-1, 1, len(levels) + 1)[1:-1])]


KINDS: dict[str, Callable[[np.random.Generator, int, int], np.ndarray]] = {
    "cutout": _cutout,
    "feather": _feather,
    "shapes": _shapes,
    "shadow": _shadow,
    "gradient": _gradient,
    "smoke": _smoke,
    "noise": _noise,
    "steps": _steps,
}
