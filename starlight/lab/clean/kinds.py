"""Kinds of lossless images that are made from a photograph: each a function of a crop and a source of randomness."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageFilter, ImageOps

__all__ = ["KINDS"]


def _png(image: PillowImage.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _bmp(image: PillowImage.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "BMP")
    return buffer.getvalue()


def _scaled(factor: float, how: PillowImage.Resampling) -> Callable:
    def make(image: PillowImage.Image, _: np.random.Generator) -> bytes:
        return _bmp(image.resize(tuple(max(32, round(n * factor)) for n in image.size), how))

    return make


def _scan(image: PillowImage.Image, _: np.random.Generator) -> bytes:
    return _png(image.convert("1"))


def _indexed(image: PillowImage.Image, rng: np.random.Generator) -> bytes:
    return _png(
        image.quantize(int(rng.choice([4, 16, 64, 128, 256])), dither=PillowImage.Dither(int(rng.choice([0, 3]))))
    )


def _gif(image: PillowImage.Image, rng: np.random.Generator) -> bytes:
    buffer = io.BytesIO()
    image.quantize(int(rng.choice([32, 256]))).save(buffer, "GIF")
    return buffer.getvalue()


def _transparent(image: PillowImage.Image, rng: np.random.Generator) -> bytes:
    grey = np.asarray(image.convert("L"))
    ramp = np.add.outer(np.arange(image.height), np.arange(image.width)).astype(np.uint8)
    alphas = (grey, np.where(grey > 128, 255, 0).astype(np.uint8), ramp, grey // 16 * 16)
    out = image.convert("RGBA")
    out.putalpha(PillowImage.fromarray(alphas[int(rng.integers(len(alphas)))]))
    return _png(out)


def _tiff(image: PillowImage.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "TIFF")
    return buffer.getvalue()


def _rescaled(image: PillowImage.Image, rng: np.random.Generator) -> bytes:
    """By any factor and filter."""
    size = tuple(max(32, round(n * float(rng.uniform(0.25, 1.6)))) for n in image.size)
    return _bmp(image.resize(size, PillowImage.Resampling(int(rng.integers(6)))))


def _rotated(image: PillowImage.Image, rng: np.random.Generator) -> bytes:
    how = PillowImage.Resampling(int(rng.choice([0, 2, 3])))  # nearest, bilinear, bicubic
    width, height = image.size
    corners = (width // 6, height // 6, width - width // 6, height - height // 6)
    return _bmp(image.rotate(float(rng.uniform(-30, 30)), how).crop(corners))


def _deep(image: PillowImage.Image, rng: np.random.Generator) -> bytes:
    """Grey of 16 bits: luma exactly, eight bits stretched, or a gradation of it."""
    luma = np.asarray(image, np.float64) @ [0.299, 0.587, 0.114]
    ways = (
        luma * 257,
        np.round(luma) * 257,
        np.round(luma) * 256,
        65535 * (luma / 255) ** float(rng.uniform(0.4, 2.4)),
    )
    stored = PillowImage.fromarray(np.round(ways[int(rng.integers(4))]).clip(0, 65535).astype(np.uint16))
    return (_png, _tiff)[int(rng.integers(2))](stored)


def _graded(image: PillowImage.Image, rng: np.random.Generator) -> bytes:
    """A histogram with gaps and peaks: equalised, stretched, of another gamma."""
    gamma = float(rng.uniform(0.4, 2.4))
    ways = (ImageOps.equalize, ImageOps.autocontrast, lambda i: i.point(lambda v: round(255 * (v / 255) ** gamma)))
    return _bmp(ways[int(rng.integers(3))](image))


def _filtered(image: PillowImage.Image, rng: np.random.Generator) -> bytes:
    ways = (ImageFilter.GaussianBlur(1.2), ImageFilter.UnsharpMask(2, 120), ImageFilter.MedianFilter(3),
            ImageFilter.EDGE_ENHANCE, ImageFilter.EMBOSS, ImageFilter.FIND_EDGES)  # fmt: skip
    return _bmp(image.filter(ways[int(rng.integers(len(ways)))]))


def _converted(image: PillowImage.Image, rng: np.random.Generator) -> bytes:
    """Through another space of colours, or five and six bits a colour, and back."""
    if rng.random() < 0.5:
        return _bmp(image.convert(str(rng.choice(["YCbCr", "HSV"]))).convert("RGB"))
    high = np.asarray(image) & np.array([0xF8, 0xFC, 0xF8], np.uint8)
    return _bmp(PillowImage.fromarray(high | high >> np.array([5, 6, 5], np.uint8)))


def _recompressed(image: PillowImage.Image, rng: np.random.Generator) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, str(rng.choice(["JPEG", "WEBP"])), quality=int(rng.integers(20, 98)))
    return _bmp(PillowImage.open(buffer).convert("RGB"))


def _tinted(image: PillowImage.Image, rng: np.random.Generator) -> bytes:
    colours = rng.integers(0, 256, (2, 3)).tolist()
    return _bmp(ImageOps.colorize(image.convert("L"), *map(tuple, colours)))


def _framed(image: PillowImage.Image, rng: np.random.Generator) -> bytes:
    """Within a border, or beside itself."""
    if rng.random() < 0.5:
        return _bmp(ImageOps.expand(image, int(rng.integers(1, 40)), tuple(rng.integers(0, 256, 3).tolist())))
    return _bmp(PillowImage.fromarray(np.tile(np.asarray(image.resize((96, 80))), (2, 2, 1))))


def _webp(image: PillowImage.Image, _: np.random.Generator) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", lossless=True, method=0)
    return buffer.getvalue()


def _levels(image: PillowImage.Image, rng: np.random.Generator) -> bytes:
    factor = float(rng.uniform(0.4, 1.6))
    return _bmp(image.point(lambda value: min(255, int(value * factor))))


KINDS: dict[str, Callable[[PillowImage.Image, np.random.Generator], bytes]] = {
    "crop": lambda image, _: _bmp(image),
    "mirrored": lambda image, _: _bmp(ImageOps.mirror(image)),
    "turned": lambda image, _: _bmp(image.transpose(PillowImage.Transpose.TRANSPOSE)),
    "halved": _scaled(0.5, PillowImage.Resampling.LANCZOS),
    "nearest": _scaled(0.67, PillowImage.Resampling.NEAREST),
    "enlarged": _scaled(1.5, PillowImage.Resampling.BICUBIC),
    "grey": lambda image, _: _bmp(image.convert("L")),
    "scan": _scan,
    "indexed": _indexed,
    "gif": _gif,
    "posterised": lambda image, rng: _bmp(ImageOps.posterize(image, int(rng.integers(1, 7)))),
    "levels": _levels,
    "transparent": _transparent,
    "rescaled": _rescaled,
    "rotated": _rotated,
    "deep": _deep,
    "graded": _graded,
    "filtered": _filtered,
    "converted": _converted,
    "recompressed": _recompressed,
    "tinted": _tinted,
    "framed": _framed,
    "webp": _webp,
}
