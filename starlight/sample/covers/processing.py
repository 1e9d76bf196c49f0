"""Random chains of the processing that images meet between camera and web.

Each step takes and returns uint8 pixels of shape (H, W) or (H, W, 3) and keeps the size; `crop_and_scale` comes first.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter
from scipy import ndimage

from starlight.sample.covers import encoders
from starlight.sample.covers.cover import as_uint8, luma

__all__ = ["STEPS", "chain", "crop_and_scale", "jpeg_roundtrip", "orient", "stretch"]

_RESAMPLERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
_RESAMPLER_WEIGHTS = (0.04, 0.10, 0.22, 0.08, 0.30, 0.26)

Step = Callable[[np.ndarray, np.random.Generator], tuple[np.ndarray, str]]


def crop_and_scale(
    pixels: np.ndarray, rng: np.random.Generator, height: int, width: int, *, factor: float | None = None
) -> tuple[np.ndarray, str]:
    """Cut a region out of a photograph and bring it to size.

    Parameters
    ----------
    pixels : ndarray of uint8
    rng : numpy.random.Generator
    height, width : int
        Pixels wanted.
    factor : float, optional
        Source pixels per pixel made; drawn at random unless told, 1 (no resampling) in a quarter of the cases.

    Returns
    -------
    pixels : ndarray of uint8, shape (height, width[, 3])
    step : str
    """
    largest = min(pixels.shape[0] / height, pixels.shape[1] / width)
    if factor is None:
        factor = 1.0 if rng.random() < 0.25 else float(np.exp(rng.uniform(np.log(0.7), np.log(4.0))))
    factor = min(factor, largest)
    rows, columns = min(round(height * factor), pixels.shape[0]), min(round(width * factor), pixels.shape[1])
    top, left = rng.integers(0, pixels.shape[0] - rows + 1), rng.integers(0, pixels.shape[1] - columns + 1)
    region = np.ascontiguousarray(pixels[top : top + rows, left : left + columns])
    name = f"crop {columns}x{rows}+{left}+{top}"
    if (rows, columns) == (height, width):
        return region, name
    kind = str(rng.choice(list(_RESAMPLERS), p=_RESAMPLER_WEIGHTS))
    scaled = Image.fromarray(region).resize((width, height), _RESAMPLERS[kind])
    return np.asarray(scaled), f"{name}; {kind} {1 / factor:.3f}"


def orient(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """Flip, or turn by 180 degrees, at random."""
    kind = rng.integers(0, 4)
    rows, columns = slice(None, None, -1 if kind & 1 else 1), slice(None, None, -1 if kind & 2 else 1)
    return np.ascontiguousarray(pixels[rows, columns]), ("as is", "flip rows", "flip columns", "turn 180")[kind]


def jpeg_roundtrip(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """Compress and decompress by some encoder, the block grid shifted half of the time."""
    encoding, note = encoders.draw(rng)
    dy, dx = rng.integers(0, 8, 2) if rng.random() < 0.5 else (0, 0)
    padded = np.pad(pixels, ((dy, 0), (dx, 0)) + ((0, 0),) * (pixels.ndim - 2), mode="reflect")
    return encoders.saved(padded, encoding)[dy:, dx:], f"jpeg {note} s{encoding.subsampling} shift {dx},{dy}"


def chain(pixels: np.ndarray, rng: np.random.Generator, *, most: int = 4) -> tuple[np.ndarray, str]:
    """Apply up to `most` random steps, each at most once, in random order.

    Parameters
    ----------
    pixels : ndarray of uint8
    rng : Generator
    most : int

    Returns
    -------
    pixels : ndarray of uint8
    steps : str
        Separated by `; `; empty if there was none.
    """
    count = int(rng.choice(most + 1, p=_counts(most)))
    names = rng.choice(list(STEPS), count, replace=False, p=_WEIGHTS) if count else []
    notes = []
    for name in names:
        pixels, note = STEPS[str(name)](pixels, rng)
        notes.append(note)
    return np.ascontiguousarray(pixels), "; ".join(notes)


def _counts(most: int) -> np.ndarray:
    weights = np.array([0.22] + [0.78 * 0.55**k for k in range(most)])
    return weights / weights.sum()


def _blur(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    sigma = rng.uniform(0.3, 1.2)
    return as_uint8(_gaussian(pixels, sigma)), f"blur {sigma:.2f}"


def _median(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.MedianFilter(3))), "median 3"


def _denoise(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """Shrink towards the local mean where the local variance is low (Lee's filter), as cameras do."""
    values, strength = pixels.astype(np.float32), rng.uniform(1.5, 8.0)
    mean = _gaussian(values, 1.2)
    variance = np.maximum(_gaussian(values * values, 1.2) - mean * mean, 0)
    return as_uint8(mean + (values - mean) * variance / (variance + strength**2)), f"denoise {strength:.1f}"


def _sharpen(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    sigma, amount = rng.uniform(0.5, 2.0), rng.uniform(0.3, 1.5)
    values = pixels.astype(np.float32)
    return as_uint8(values + amount * (values - _gaussian(values, sigma))), f"sharpen {sigma:.2f} {amount:.2f}"


def _tone(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """Apply a look-up table, which leaves gaps and peaks in the histogram as editors do."""
    gamma, contrast, lift = rng.uniform(0.6, 1.6), rng.uniform(0.7, 1.35), rng.uniform(-18, 18)
    curve = 255 * (np.arange(256) / 255) ** gamma
    return as_uint8((curve - 127.5) * contrast + 127.5 + lift)[pixels], f"gamma {gamma:.2f} contrast {contrast:.2f}"


def stretch(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """Spread the levels in use over all 256, by their range or by their ranks: fewer levels with gaps between them.

    Neighbouring levels then differ in how often they occur, which estimates of LSB replacement take for a message.
    """
    counts = np.bincount(pixels.ravel(), minlength=256)
    if rng.random() < 0.3:
        curve, note = 255 * (counts.cumsum() - counts / 2) / counts.sum(), "equalise"
    else:
        cut = rng.uniform(0, 0.03, 2)
        low, high = np.quantile(pixels, [cut[0], 1 - cut[1]])
        width = max(high - low, 24.0) / rng.uniform(0.7, 1.1)
        curve, note = (np.arange(256) - low) * 255 / width, f"stretch {255 / width:.2f}"
    if rng.random() < 0.3:
        levels = int(rng.integers(24, 128))
        curve, note = np.round(curve * levels / 255) * 255 / levels, f"{note} to {levels} levels"
    return as_uint8(curve)[pixels], note


def _colour(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    if pixels.ndim == 2:
        return _tone(pixels, rng)
    saturation, gains = rng.uniform(0.3, 1.6), rng.uniform(0.88, 1.12, 3).astype(np.float32)
    grey = luma(pixels)[..., None]
    return as_uint8((grey + saturation * (pixels - grey)) * gains), f"saturation {saturation:.2f}"


def _noise(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """Add noise; not so weak that it would be steps of one here and there, which is what LSB matching leaves."""
    sigma = float(np.exp(rng.uniform(np.log(2), np.log(8))))
    shape = pixels.shape if rng.random() < 0.6 else pixels.shape[:2] + (1,) * (pixels.ndim - 2)
    return as_uint8(pixels + sigma * rng.standard_normal(shape, np.float32)), f"noise {sigma:.2f}"


def _vignette(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    height, width = pixels.shape[:2]
    y, x = np.linspace(-1, 1, height, dtype=np.float32)[:, None], np.linspace(-1, 1, width, dtype=np.float32)
    fall = rng.uniform(0.05, 0.35)
    shade = 1 - fall * (y * y + x * x) / 2
    return as_uint8(pixels * (shade[..., None] if pixels.ndim == 3 else shade)), f"vignette {fall:.2f}"


def _rotate(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """Turn by a few degrees inside a mirrored margin, so that no corner is empty."""
    angle, margin = rng.uniform(-12, 12), max(pixels.shape[:2]) // 4
    margin = min(margin, min(pixels.shape[:2]) - 1)
    padded = np.pad(pixels, ((margin, margin),) * 2 + ((0, 0),) * (pixels.ndim - 2), mode="reflect")
    turned = np.asarray(Image.fromarray(padded).rotate(angle, Image.Resampling.BICUBIC))
    height, width = pixels.shape[:2]
    return turned[margin : margin + height, margin : margin + width], f"rotate {angle:.1f}"


def _rescale(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """Shrink or enlarge and come back, as thumbnails shown large do."""
    factor, height, width = rng.uniform(0.55, 1.6), *pixels.shape[:2]
    small = Image.fromarray(pixels).resize((max(2, round(width * factor)), max(2, round(height * factor))), 3)
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC)), f"rescale {factor:.2f}"


def _gaussian(values: np.ndarray, sigma: float) -> np.ndarray:
    sigmas = (sigma, sigma, 0)[: values.ndim]
    return ndimage.gaussian_filter(values.astype(np.float32), sigmas, truncate=3)


STEPS: dict[str, Step] = {
    "jpeg": jpeg_roundtrip,
    "blur": _blur,
    "median": _median,
    "denoise": _denoise,
    "sharpen": _sharpen,
    "tone": _tone,
    "stretch": stretch,
    "colour": _colour,
    "noise": _noise,
    "vignette": _vignette,
    "rotate": _rotate,
    "rescale": _rescale,
}
_WEIGHTS = np.array([0.26, 0.06, 0.04, 0.10, 0.14, 0.06, 0.06, 0.08, 0.08, 0.05, 0.04, 0.03])
