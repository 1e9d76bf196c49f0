"""What happens to a picture after it was made or tampered with: the same for a forged picture and its twin."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from starlight.images.writing.encode import Encoding
from starlight.sample.covers import words
from starlight.sample.covers.cover import as_uint8
from starlight.sample.tampering.pictures.figures import label, scale_bar
from starlight.sample.tampering.pictures.picture import blurred, compressed

__all__ = ["Processing", "draw", "encoding"]

Step = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Processing:
    """Steps drawn once; applied to both pictures of a pair they do the same to both.

    Attributes
    ----------
    names : tuple of str
    steps : tuple of callable
        uint8 (h, w, 3) to the same, each without a random choice of its own.
    """

    names: tuple[str, ...]
    steps: tuple[Step, ...]

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """The picture after all steps, uint8 (h', w', 3)."""
        for step in self.steps:
            pixels = step(pixels)
        return np.ascontiguousarray(pixels)

    def mask(self, mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """A mask, bool (h, w), at the size that the picture has afterwards."""
        if mask.shape == shape:
            return mask
        scaled = Image.fromarray(mask.astype(np.uint8) * 255).resize(shape[::-1], Image.Resampling.BOX)
        return np.asarray(scaled) > 127


def draw(rng: np.random.Generator) -> Processing:
    """None to three of recompression, resizing, sharpening, blur, tone, noise and annotation, in random order."""
    names = list(_STEPS)
    count = int(rng.choice(4, p=[0.25, 0.4, 0.25, 0.1]))
    chosen = tuple(str(n) for n in rng.choice(names, count, replace=False, p=_WEIGHTS)) if count else ()
    return Processing(chosen, tuple(_STEPS[name](rng) for name in chosen))


def encoding(rng: np.random.Generator) -> Encoding:
    """PNG, or JPEG of quality 65 to 98, for both pictures of a pair."""
    if rng.random() < 0.5:
        return Encoding("png", level=3)
    return Encoding("jpeg", quality=int(rng.integers(65, 99)), subsampling=int(rng.choice([0, 2])))


def _recompress(rng: np.random.Generator) -> Step:
    quality, sampling = int(rng.integers(60, 97)), int(rng.choice([0, 2]))
    return lambda pixels: compressed(pixels, quality, sampling)


def _resize(rng: np.random.Generator) -> Step:
    factor = float(rng.uniform(0.7, 1.25))
    how = (Image.Resampling.BICUBIC, Image.Resampling.LANCZOS, Image.Resampling.BILINEAR)[int(rng.integers(0, 3))]

    def step(pixels: np.ndarray) -> np.ndarray:
        height, width = (max(64, round(side * factor)) for side in pixels.shape[:2])
        return np.asarray(Image.fromarray(pixels).resize((width, height), how))

    return step


def _sharpen(rng: np.random.Generator) -> Step:
    sigma, amount = rng.uniform(0.6, 1.8), rng.uniform(0.3, 1.2)
    return lambda pixels: as_uint8(pixels + amount * (pixels - blurred(pixels, sigma)))


def _blur(rng: np.random.Generator) -> Step:
    sigma = rng.uniform(0.3, 0.9)
    return lambda pixels: as_uint8(blurred(pixels, sigma))


def _tone(rng: np.random.Generator) -> Step:
    gamma, contrast = rng.uniform(0.75, 1.35), rng.uniform(0.85, 1.2)
    curve = as_uint8((255 * (np.arange(256) / 255) ** gamma - 127.5) * contrast + 127.5)
    return lambda pixels: curve[pixels]


def _noise(rng: np.random.Generator) -> Step:
    sigma, seed = float(rng.uniform(0.5, 3.0)), int(rng.integers(0, 1 << 40))

    def step(pixels: np.ndarray) -> np.ndarray:
        grain = np.random.default_rng(seed).standard_normal(pixels.shape[:2], np.float32)
        return as_uint8(pixels + sigma * grain[..., None])

    return step


def _annotate(rng: np.random.Generator) -> Step:
    text, spots = words.word(rng).title(), rng.random((3, 4))
    letter, marks = "ABCDEF"[int(rng.integers(0, 6))], int(rng.integers(0, 3))
    ink = ((255, 0, 0), (255, 255, 0), (255, 255, 255), (0, 0, 0))[int(rng.integers(0, 4))]

    def step(pixels: np.ndarray) -> np.ndarray:
        image = Image.fromarray(pixels)
        pen, (width, height) = ImageDraw.Draw(image), image.size
        label(image, letter, max(12, height // 16))
        scale_bar(image, width // 6)
        for x, y, dx, dy in spots[:marks]:
            start = (x * width, y * height)
            pen.line([start, (start[0] + (dx - 0.5) * 90, start[1] + (dy - 0.5) * 90)], fill=ink, width=2)
        pen.text((width // 3, 4), text, fill=ink, font=ImageFont.load_default(max(11, height // 24)))
        return np.asarray(image)

    return step


_STEPS: dict[str, Callable[[np.random.Generator], Step]] = {
    "recompressed": _recompress,
    "resized": _resize,
    "sharpened": _sharpen,
    "blurred": _blur,
    "toned": _tone,
    "noise": _noise,
    "annotated": _annotate,
}
_WEIGHTS = np.array([0.30, 0.20, 0.15, 0.06, 0.09, 0.06, 0.14])
