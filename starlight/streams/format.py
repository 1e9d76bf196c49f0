"""Stream `format`: facts about the container, one float32 vector.

Lengths and sizes are log2(1 + x); shares lie in [0, 1]; facts that an image does not have (a palette, quantisation
tables) are NaN.
"""

from __future__ import annotations

import math

import numpy as np

from starlight.images.image import Image

__all__ = ["BLOCKS", "FEATURES", "NAME", "VERSION", "compute", "to_model"]

NAME = "format"
VERSION = 1
_FORMATS = ("png", "jpeg", "gif", "webp", "bmp", "tiff")
_SAMPLINGS = ("4:4:4", "4:2:2", "4:2:0", "4:4:0", "grey")
_NAN = math.nan


def compute(image: Image, tiles: list[tuple[int, int]]) -> np.ndarray:
    """Facts of FEATURES as float32 (d,); `tiles` plays no part."""
    return np.array(list(_facts(image).values()), np.float32)


def to_model(stored: np.ndarray, tile: int = 0) -> np.ndarray:
    """The vector as it is stored."""
    return stored


def _log(count: int) -> float:
    return math.log2(1 + count)


def _facts(image: Image) -> dict[str, float]:
    return _shape(image) | _lengths(image) | _alpha(image) | _palette(image) | _jpeg(image)


def _shape(image: Image) -> dict[str, float]:
    container, pixels = image.container, image.pixels
    samples = container.width * container.height * max(1, container.frames)
    facts = {f"is_{name}": float(container.format == name) for name in _FORMATS}
    return facts | {
        "colour": float(pixels.shape[2] == 3 and not container.indexed),
        "indexed": float(container.indexed),
        "lossless": float(container.lossless),
        "interlaced": float(container.interlaced),
        "progressive": float(container.progressive),
        "bit_depth": float(container.bit_depth),
        "frames": _log(container.frames - 1),
        "width": _log(container.width),
        "height": _log(container.height),
        "bits_per_pixel": 8.0 * container.end / samples,
    }


def _lengths(image: Image) -> dict[str, float]:
    container = image.container
    return {
        "exif_bytes": _log(len(container.exif)),
        "exif_fields": _log(container.exif_fields),
        "comment_bytes": _log(len(container.user_comment)),
        "xmp_bytes": _log(len(container.xmp)),
        "text_bytes": _log(sum(map(len, container.comments))),
        "icc_bytes": _log(container.icc_length),
        "trailer_bytes": _log(len(container.trailer)),
        "trailer_share": len(container.trailer) / max(1, len(image.data)),
        "mpf_images": _log(len(container.mpf)),
        "segments": _log(len(container.segments)),
        "problems": _log(len(container.problems)),
    }


def _alpha(image: Image) -> dict[str, float]:
    alpha = image.alpha
    facts = {"alpha": float(alpha is not None)}
    if alpha is None:
        return facts | dict.fromkeys(("alpha_varied", "alpha_low", "alpha_high", "alpha_mean", "alpha_spread",
                                      "alpha_opaque", "alpha_clear"), _NAN)  # fmt: skip
    counts = np.bincount(alpha.reshape(-1), minlength=256) / alpha.size
    present, levels = np.flatnonzero(counts), np.arange(256) / 255
    mean = float(counts @ levels)
    return facts | {
        "alpha_varied": float(len(present) > 1),
        "alpha_low": present[0] / 255,
        "alpha_high": present[-1] / 255,
        "alpha_mean": mean,
        "alpha_spread": math.sqrt(max(0.0, float(counts @ (levels - mean) ** 2))),
        "alpha_opaque": float(counts[255]),
        "alpha_clear": float(counts[0]),
    }


def _palette(image: Image) -> dict[str, float]:
    names = ("palette_colours", "palette_used", "palette_grey", "palette_luma_step")
    if image.palette is None or image.indices is None or not len(image.palette):
        return dict.fromkeys(names, _NAN)
    colours = image.palette.astype(np.float32)
    luma = colours @ np.array([0.299, 0.587, 0.114], np.float32)
    used = np.count_nonzero(np.bincount(image.indices.reshape(-1), minlength=256))
    step = float(np.abs(np.diff(luma)).mean()) / 255 if len(luma) > 1 else _NAN
    values = (_log(len(colours)), _log(used), float((np.ptp(colours, axis=1) == 0).mean()), step)
    return dict(zip(names, values, strict=True))


def _jpeg(image: Image) -> dict[str, float]:
    container = image.container
    facts = {f"sampling_{name}": float(container.sampling == name) for name in _SAMPLINGS}
    tables = [np.asarray(table, np.float32) for table in container.quant_tables]
    facts["quant_tables"] = float(len(tables))
    facts["quant_luma"] = math.log2(float(tables[0].mean())) if tables and tables[0].any() else _NAN
    facts["quant_chroma"] = math.log2(float(tables[1].mean())) if len(tables) > 1 and tables[1].any() else _NAN
    return facts


FEATURES = (
    *(f"is_{name}" for name in _FORMATS),
    "colour", "indexed", "lossless", "interlaced", "progressive", "bit_depth", "frames", "width", "height",
    "bits_per_pixel", "exif_bytes", "exif_fields", "comment_bytes", "xmp_bytes", "text_bytes", "icc_bytes",
    "trailer_bytes", "trailer_share", "mpf_images", "segments", "problems",
    "alpha", "alpha_varied", "alpha_low", "alpha_high", "alpha_mean", "alpha_spread", "alpha_opaque", "alpha_clear",
    "palette_colours", "palette_used", "palette_grey", "palette_luma_step",
    *(f"sampling_{name}" for name in _SAMPLINGS),
    "quant_tables", "quant_luma", "quant_chroma",
)  # fmt: skip
BLOCKS = {"facts": slice(0, len(FEATURES))}
