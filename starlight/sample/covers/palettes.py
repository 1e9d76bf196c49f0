"""From pixels to indices and a palette, in the ways of web tools."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from starlight.sample.covers.cover import as_uint8, luma

__all__ = ["KINDS", "index"]

_BAYER4 = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16 - 0.5


def index(pixels: np.ndarray, rng: np.random.Generator, *, kind: str | None = None) -> tuple[np.ndarray, bytes, str]:
    """Reduce an image to at most 256 colours.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (H, W) or (H, W, 3)
    rng : numpy.random.Generator
    kind : str, optional
        One of `KINDS`; at random unless told.

    Returns
    -------
    indices : ndarray of uint8, shape (H, W)
    palette : bytes
        R, G, B, R, … with an even number of colours, 2 to 256.
    note : str
    """
    kind = kind or str(rng.choice(list(KINDS), p=_WEIGHTS))
    indices, palette, note = KINDS[kind](pixels, rng)
    palette = palette[: int(indices.max()) + 1] if len(palette) > 256 else palette
    order = str(rng.choice(["as made", "by luma", "shuffled"], p=[0.5, 0.3, 0.2])) if kind != "grey" else "as made"
    if order != "as made":
        by_luma = np.argsort(luma(palette[None])[0], kind="stable")
        rank = by_luma if order == "by luma" else rng.permutation(len(palette))
        inverse = np.empty(len(rank), np.uint8)
        inverse[rank] = np.arange(len(rank), dtype=np.uint8)
        indices, palette = inverse[indices], palette[rank]
    if len(palette) % 2:
        palette = np.concatenate([palette, np.zeros((1, 3), np.uint8)])
    return indices, palette.tobytes(), f"palette {note} {len(palette)} {order}"


def _rgb(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(pixels).convert("RGB")


def _unpack(image: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    palette = np.array(image.getpalette() or [0, 0, 0], np.uint8).reshape(-1, 3)
    indices = np.asarray(image)
    return indices, palette[: max(int(indices.max()) + 1, 2)]


def _adaptive(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, str]:
    colours = int(rng.choice([256, 256, 256, 192, 128, 64, 48, 32, 16, 8]))
    method = int(rng.choice([0, 1, 2], p=[0.5, 0.2, 0.3]))  # median cut, maximum coverage, fast octree
    image = _rgb(pixels)
    palette = image.quantize(colours, method, dither=Image.Dither.NONE)
    dither = rng.random() < 0.5
    if dither:
        palette = image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    return *_unpack(palette), f"adaptive {colours} method {method} {'dithered' if dither else 'plain'}"


def _web(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, str]:
    dither = Image.Dither.FLOYDSTEINBERG if rng.random() < 0.7 else Image.Dither.NONE
    image = _rgb(pixels).convert("P", palette=Image.Palette.WEB, dither=dither)
    return *_unpack(image), f"web {'dithered' if dither == Image.Dither.FLOYDSTEINBERG else 'plain'}"


def _grey(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, str]:
    """Use a ramp of greys: the index then is the grey value, or its highest bits."""
    bits = int(rng.choice([8, 8, 8, 7, 6, 5, 4]))
    ramp = np.rint(np.arange(2**bits) * 255 / (2**bits - 1)).astype(np.uint8)
    indices = as_uint8(luma(pixels)) >> (8 - bits)
    return indices, np.stack([ramp] * 3, axis=1), f"grey {bits} bits"


def _cube(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, str]:
    """Use a colour cube with ordered dithering, as screens of few colours did."""
    levels = np.array([(6, 7, 6), (8, 8, 4), (4, 4, 4), (2, 2, 2)][int(rng.integers(0, 4))])
    values = np.asarray(_rgb(pixels), np.float32) / 255 * (levels - 1)
    height, width = values.shape[:2]
    tile = np.tile(_BAYER4, (-(-height // 4), -(-width // 4)))[:height, :width, None]
    digits = np.clip(np.rint(values + (tile if rng.random() < 0.8 else 0)), 0, levels - 1).astype(np.int32)
    indices = (digits[..., 0] * levels[1] + digits[..., 1]) * levels[2] + digits[..., 2]
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in levels], indexing="ij"), axis=-1).reshape(-1, 3)
    palette = np.rint(grid * 255 / (levels - 1)).astype(np.uint8)
    return indices.astype(np.uint8), palette, f"cube {'x'.join(map(str, levels))}"


def _bilevel(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, str]:
    image = _rgb(pixels).convert("1", dither=Image.Dither.FLOYDSTEINBERG if rng.random() < 0.7 else Image.Dither.NONE)
    return np.asarray(image).astype(np.uint8), np.array([[0, 0, 0], [255, 255, 255]], np.uint8), "bilevel"


KINDS: dict[str, Callable[[np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray, str]]] = {
    "adaptive": _adaptive,
    "web": _web,
    "grey": _grey,
    "cube": _cube,
    "bilevel": _bilevel,
}
_WEIGHTS = [0.62, 0.10, 0.18, 0.08, 0.02]
