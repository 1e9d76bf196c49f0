"""Shapes of regions: what somebody would cut out, from a rectangle to a blob drawn by hand."""

import numpy as np
from PIL import Image, ImageDraw

from starlight.sample.tampering.pictures.picture import Picture

__all__ = ["LARGEST", "SMALLEST", "region"]

SMALLEST, LARGEST = 0.002, 0.20  # share of the image
_SMALLEST_SIDE = 12  # pixels; what is smaller nobody copies


def region(rng: np.random.Generator, picture: Picture, *, share: float | None = None) -> np.ndarray:
    """Draw a region of a picture.

    Parameters
    ----------
    rng : numpy.random.Generator
    picture : Picture
        Two regions in three lie around one of its things, where it names any.
    share : float, optional
        Of the image, about; drawn between the limits unless told, small ones as often as large ones.

    Returns
    -------
    bool (h, w)
        Inside the image, touching no border; its share of it may lie a little beyond the limits.
    """
    height, width = picture.pixels.shape[:2]
    mask = np.zeros((height, width), bool)
    if picture.boxes and share is None and rng.random() < 0.67:
        top, left, high, wide = picture.boxes[int(rng.integers(0, len(picture.boxes)))]
        grow = rng.uniform(0.9, 1.4)
        high, wide, middle = int(high * grow), int(wide * grow), (top + high / 2 / grow, left + wide / 2 / grow)
    else:
        share = float(np.exp(rng.uniform(np.log(SMALLEST * 1.3), np.log(LARGEST)))) if share is None else share
        ratio = np.exp(rng.uniform(-0.5, 0.5))
        high, wide = (int(np.sqrt(share * height * width * 1.35 * r)) for r in (ratio, 1 / ratio))
        middle = (rng.uniform(0, height), rng.uniform(0, width))
    high, wide = (int(np.clip(s, _SMALLEST_SIDE, limit - 4)) for s, limit in ((high, height), (wide, width)))
    top = int(np.clip(middle[0] - high / 2, 1, height - high - 1))
    left = int(np.clip(middle[1] - wide / 2, 1, width - wide - 1))
    mask[top : top + high, left : left + wide] = _shape(rng, high, wide)
    return mask


def _shape(rng: np.random.Generator, high: int, wide: int) -> np.ndarray:
    """A rectangle, an ellipse, a polygon or a blob that fills a box."""
    kind = rng.choice(4, p=[0.3, 0.2, 0.2, 0.3])
    if kind == 0:
        return np.ones((high, wide), bool)
    canvas = Image.new("L", (wide, high))
    pen = ImageDraw.Draw(canvas)
    if kind == 1:
        pen.ellipse([0, 0, wide - 1, high - 1], fill=1)
        return np.asarray(canvas, bool)
    corners = int(rng.integers(4, 9)) if kind == 2 else 48
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners)) if kind == 2 else np.linspace(0, 2 * np.pi, corners, False)
    reach = np.full(corners, 0.98)
    for k in (2, 3, 5) if kind == 3 else ():
        reach -= rng.uniform(0, 0.14) * (1 + np.sin(k * angles + rng.uniform(0, 6)))
    points = [
        (wide / 2 * (1 + r * np.cos(a)), high / 2 * (1 + r * np.sin(a))) for a, r in zip(angles, reach, strict=True)
    ]
    pen.polygon(points, fill=1)
    return np.asarray(canvas, bool)
