"""An authentic picture that can be tampered with, and the helpers that rendered ones share."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from starlight.sample.covers.cover import as_uint8

__all__ = ["Box", "Picture", "blurred", "coloured", "compressed", "resized", "sensed", "side"]

Box = tuple[int, int, int, int]  # top, left, height, width


@dataclass(frozen=True)
class Picture:
    """An authentic picture.

    Attributes
    ----------
    pixels : uint8 (h, w, 3)
        Grey pictures have three equal channels.
    cover_id : str
        The photograph's name, or the scene's number: what shares it must not be split.
    source : str
        What kind of picture it is.
    boxes : tuple of Box
        Things in it (bands, cells, panels) that somebody may want to copy or erase; may be empty.
    """

    pixels: np.ndarray
    cover_id: str
    source: str
    boxes: tuple[Box, ...] = ()


def side(rng: np.random.Generator, low: int = 288, high: int = 640) -> int:
    """A side in pixels: small pictures are as common as large ones are rare.

    Parameters
    ----------
    rng : Generator
    low, high : int
        Pixels.

    Returns
    -------
    int
    """
    return int(np.exp(rng.uniform(np.log(low), np.log(high))))


def blurred(values: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur over the first two axes, float32."""
    return ndimage.gaussian_filter(values.astype(np.float32), (sigma, sigma, 0)[: values.ndim], truncate=3)


def coloured(grey: np.ndarray, low: tuple[float, ...], high: tuple[float, ...]) -> np.ndarray:
    """Grey as a ramp between two colours.

    Parameters
    ----------
    grey : ndarray, shape (h, w), in [0, 1]
    low, high : tuple of float
        Colours in [0, 255].

    Returns
    -------
    ndarray, shape (h, w, 3), float32
    """
    low_, high_ = np.asarray(low, np.float32), np.asarray(high, np.float32)
    return low_ + (high_ - low_) * grey[..., None].astype(np.float32)


def sensed(values: np.ndarray, rng: np.random.Generator, *, shot: float, read: float, blur: float = 0.6) -> np.ndarray:
    """What a sensor makes of light: optics, then noise that grows with the light.

    Parameters
    ----------
    values : ndarray, shape (h, w) or (h, w, 3), in [0, 255]
        Grey ones get one noise for all three channels.
    rng : Generator
    shot : float
        Variance per grey level.
    read : float
        Deviation of the dark, in grey levels.
    blur : float
        Of the optics, in pixels.

    Returns
    -------
    ndarray, shape (h, w, 3), uint8
    """
    light = np.clip(blurred(values, blur) if blur else values, 0, 255)
    spread = np.sqrt(shot * light + read * read, dtype=np.float32)
    made = as_uint8(light + spread * rng.standard_normal(light.shape, np.float32))
    return made if made.ndim == 3 else np.repeat(made[..., None], 3, axis=2)


def compressed(pixels: np.ndarray, quality: int, subsampling: int) -> np.ndarray:
    """Pixels as a JPEG file of theirs holds them.

    Parameters
    ----------
    pixels : ndarray, shape (h, w, 3), uint8
    quality : int
        1 to 100.
    subsampling : {0, 2}
        Of the colours: none, or half of each side.

    Returns
    -------
    ndarray of uint8
    """
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(buffer))


def resized(
    pixels: np.ndarray, height: int, width: int, how: Image.Resampling = Image.Resampling.LANCZOS
) -> np.ndarray:
    """Pixels at another size.

    Parameters
    ----------
    pixels : ndarray, shape (h, w) or (h, w, 3), uint8
    height, width : int
    how : Image.Resampling
        The filter.

    Returns
    -------
    ndarray of uint8
    """
    return np.asarray(Image.fromarray(pixels).resize((width, height), how))
