"""Pictures for tests of tampering: texture with noise of its own, tiles, a page, and copies within them."""

import io

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

__all__ = ["copy_within", "encoded", "filled", "page", "texture", "tiles"]


def texture(seed: int, height: int = 320, width: int = 400, noise: float = 3.0) -> np.ndarray:
    """(h, w) uint8: shapes and blurred noise at several scales, then noise in each pixel."""
    rng = np.random.default_rng(seed)
    plane = np.full((height, width), 120.0, np.float32)
    for sigma, size in ((1.5, 30), (4, 40), (12, 50), (30, 60)):
        octave = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), sigma)
        plane += size * octave / octave.std() / 2
    return np.clip(plane + rng.normal(0, noise, plane.shape), 0, 255).astype(np.uint8)


def copy_within(
    plane: np.ndarray, box: tuple[int, int, int, int], to: tuple[int, int], change=lambda part: part
) -> tuple[np.ndarray, np.ndarray]:
    """Paste a box (top, left, height, width), changed, at another place; the picture and the mask of the copy."""
    top, left, height, width = box
    part = change(plane[top : top + height, left : left + width])
    out, mask = plane.copy(), np.zeros(plane.shape[:2], bool)
    inside = np.s_[to[0] : to[0] + part.shape[0], to[1] : to[1] + part.shape[1]]
    out[inside], mask[inside] = part, True
    return out, mask


def filled(plane: np.ndarray, box: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A box (top, left, height, width) painted over with its blurred surroundings."""
    mask = np.zeros(plane.shape, bool)
    mask[box[0] : box[0] + box[2], box[1] : box[1] + box[3]] = True
    return np.where(mask, cv2.GaussianBlur(plane, (0, 0), 12), plane), mask


def tiles(seed: int, noise: float = 3.0) -> np.ndarray:
    """A smooth tile repeated 5 x 6 times, each repeat with noise of its own."""
    rng = np.random.default_rng(seed)
    tile = ndimage.gaussian_filter(texture(seed, 64, 64, noise=0).astype(np.float32), 2, mode="wrap")
    wall = np.tile(tile, (5, 6))
    return np.clip(wall + rng.normal(0, noise, wall.shape), 0, 255).astype(np.uint8)


def page(seed: int) -> np.ndarray:
    """A page of text: the same letters and words over and over."""
    rng = np.random.default_rng(seed)
    sheet = Image.new("L", (480, 400), 250)
    words = ["control", "sample", "figure", "lane", "cell", "dose", "mean", "day"]
    for row in range(14):
        text = " ".join(rng.choice(words, 7))
        ImageDraw.Draw(sheet).text((20, 15 + 27 * row), text, fill=20, font=ImageFont.load_default(18))
    return np.asarray(sheet).copy()


def encoded(pixels: np.ndarray, quality: int | None = None) -> bytes:
    """A PNG file, or a JPEG file of a quality."""
    out = io.BytesIO()
    picture = Image.fromarray(pixels)
    picture.save(out, "PNG") if quality is None else picture.save(out, "JPEG", quality=quality)
    return out.getvalue()
