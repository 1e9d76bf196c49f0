"""Kinds of files that carry covers, and payloads: one function each makes samples and settings from pixels."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from starlight.images.writing.encode import Encoding
from starlight.sample.covers import Cover, alpha, encoders, grey, palettes
from starlight.techniques import group, slow

__all__ = ["KINDS", "Kind"]

Made = tuple[np.ndarray, Encoding, str]  # samples, settings, note

_BYTES = ("comment", "trailer")
_COLOUR = ("rgb", "samples", *_BYTES)


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes
    ----------
    share : float
        Of all covers.
    carriers : tuple of str
        What in it payloads are written to, of `starlight.techniques.carriers.CARRIERS`.
    quick : bool
        It is given no slow technique.
    build : callable
        (cover, rng) -> samples, settings and a note.
    """

    share: float
    carriers: tuple[str, ...]
    build: Callable[[Cover, np.random.Generator], Made]
    quick: bool = False

    @property
    def techniques(self) -> tuple[str, ...]:
        """What it can carry."""
        able = (name for carrier in self.carriers for name in group(carrier))
        return tuple(name for name in able if not (self.quick and slow(name)))


def _png_options(rng: np.random.Generator) -> Encoding:
    return Encoding("png", level=int(rng.choice([1, 3, 6, 9], p=[0.2, 0.2, 0.55, 0.05])))


def _colour(cover: Cover) -> np.ndarray:
    return cover.pixels if cover.pixels.ndim == 3 else np.stack([cover.pixels] * 3, axis=2)


def _with_alpha(colour: np.ndarray, rng: np.random.Generator, opaque: float = 0.8) -> tuple[np.ndarray, str]:
    if rng.random() < 0.45:
        return np.dstack([colour, alpha.uniform(rng, *colour.shape[:2], opaque=opaque)]), "uniform alpha"
    plane, kind = alpha.natural(rng, *colour.shape[:2])
    return np.dstack([colour, plane]), f"alpha {kind}"


def _png_rgb(cover: Cover, rng: np.random.Generator) -> Made:
    return _colour(cover), _png_options(rng), "png rgb"


def _png_grey(cover: Cover, rng: np.random.Generator) -> Made:
    return grey(cover).pixels, _png_options(rng), "png grey"


def _png_rgba(cover: Cover, rng: np.random.Generator) -> Made:
    samples, note = _with_alpha(_colour(cover), rng)
    return samples, _png_options(rng), f"png rgba {note}"


def _png_la(cover: Cover, rng: np.random.Generator) -> Made:
    samples, note = _with_alpha(grey(cover).pixels, rng)
    return samples, _png_options(rng), f"png la {note}"


def _png_indexed(cover: Cover, rng: np.random.Generator) -> Made:
    indices, palette, note = palettes.index(cover.pixels, rng)
    return indices, replace(_png_options(rng), palette=palette), f"png {note}"


def _gif(cover: Cover, rng: np.random.Generator) -> Made:
    indices, palette, note = palettes.index(cover.pixels, rng)
    transparent = int(rng.integers(0, len(palette) // 3)) if rng.random() < 0.15 else -1
    encoding = Encoding("gif", palette=palette, interlace=bool(rng.random() < 0.3), transparent=transparent)
    comment = str(rng.choice(["Created with GIMP", "GIF89a", ""], p=[0.06, 0.02, 0.92]))
    return indices, replace(encoding, comment=comment), f"gif {note}"


def _webp_options(rng: np.random.Generator) -> Encoding:
    return Encoding("webp", level=int(rng.integers(0, 4)), quality=int(rng.integers(0, 80)))


def _webp_lossless(cover: Cover, rng: np.random.Generator) -> Made:
    return _colour(cover), _webp_options(rng), "webp lossless"


def _webp_rgba(cover: Cover, rng: np.random.Generator) -> Made:
    samples, note = _with_alpha(_colour(cover), rng, opaque=0)
    return samples, _webp_options(rng), f"webp {note}"


def _webp_lossy(cover: Cover, rng: np.random.Generator) -> Made:
    quality = int(rng.choice([40, 60, 75, 80, 85, 90, 95]))
    return _colour(cover), Encoding("webp", level=3, quality=quality, lossless=False), f"webp q{quality}"


def _jpeg(cover: Cover, rng: np.random.Generator) -> Made:
    encoding, note = encoders.draw(rng)
    pixels = grey(cover).pixels if rng.random() < 0.12 else cover.pixels
    if rng.random() < 0.35:  # saved before, by a camera, an editor or a server
        pixels, was = encoders.saved_before(pixels, rng)
        note = f"{was}, then {note}"
    return pixels, encoding, f"jpeg {note} s{encoding.subsampling}"


def _jpeg_plain(cover: Cover, rng: np.random.Generator) -> Made:
    encoding, note = encoders.draw(rng)
    encoding = replace(encoding, optimize=bool(rng.random() < 0.5), progressive=bool(rng.random() < 0.4))
    return cover.pixels, encoding, f"jpeg {note} s{encoding.subsampling}"


def _bmp(cover: Cover, rng: np.random.Generator) -> Made:
    return _colour(cover), Encoding("bmp"), "bmp"


def _tiff(cover: Cover, rng: np.random.Generator) -> Made:
    compression = str(rng.choice(["raw", "tiff_lzw", "tiff_adobe_deflate"]))
    return _colour(cover), Encoding("tiff", compression=compression), f"tiff {compression}"


KINDS = {
    "png_rgb": Kind(0.18, _COLOUR, _png_rgb),
    "png_grey": Kind(0.09, ("samples", *_BYTES), _png_grey),
    "png_rgba": Kind(0.11, ("rgba", *_COLOUR), _png_rgba, quick=True),
    "png_la": Kind(0.015, ("rgba", *_BYTES), _png_la),
    "png_indexed": Kind(0.08, ("indexed", *_BYTES), _png_indexed),
    "gif": Kind(0.08, ("indexed", "trailer"), _gif),
    "webp_lossless": Kind(0.05, _COLOUR, _webp_lossless),
    "webp_rgba": Kind(0.03, ("rgba", "rgb", *_BYTES), _webp_rgba),
    "webp_lossy": Kind(0.03, _BYTES, _webp_lossy),
    "jpeg": Kind(0.27, ("jpeg", *_BYTES), _jpeg),
    "jpeg_plain": Kind(0.04, _BYTES, _jpeg_plain),
    "bmp": Kind(0.0125, ("rgb", "samples"), _bmp, quick=True),
    "tiff": Kind(0.0125, ("rgb", "samples"), _tiff, quick=True),
}
