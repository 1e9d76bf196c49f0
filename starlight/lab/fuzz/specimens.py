"""Small valid image files of every format and variant that the containers know, made from a seed.

They are what the fuzz target mutates and what the tests of containers and images read.
"""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image as PillowImage

__all__ = ["encode", "make", "png", "png_chunk", "with_mpf"]

_ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def encode(pixels: np.ndarray | PillowImage.Image, format: str, **options) -> bytes:
    """Pillow's encoding of an array or an image as `PNG`, `JPEG`, ..."""
    image = PillowImage.fromarray(pixels) if isinstance(pixels, np.ndarray) else pixels
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """A PNG chunk with its length and checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(samples: np.ndarray, colour: int, *, interlaced: bool = False, extra: bytes = b"") -> bytes:
    """A PNG file.

    Parameters
    ----------
    samples : ndarray, shape (height, width, channels), uint8 or uint16
    colour : int
        Colour type of the format.
    interlaced : bool
    extra : bytes
        Chunks before its pixel data.

    Returns
    -------
    bytes
    """
    height, width, _ = samples.shape
    depth = 8 * samples.dtype.itemsize
    big = samples.astype(">u2" if depth == 16 else np.uint8)
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    rows = [row for y, x, down, right in passes for row in big[y::down, x::right] if row.size]
    packed = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [png_chunk(b"IHDR", header), extra, png_chunk(b"IDAT", packed), png_chunk(b"IEND", b"")]
    )


def with_mpf(primary: bytes, second: bytes) -> bytes:
    """Two JPEG files as one, in the manner of CIPA DC-007: an index in APP2, then the second after the first."""

    def index(size: int, offset: int) -> bytes:
        entries = struct.pack("<IIIHH", 0x20030000, size, 0, 0, 0) + struct.pack("<IIIHH", 0, len(second), offset, 0, 0)
        fields = struct.pack("<HHI4s", 0xB000, 7, 4, b"0100") + struct.pack("<HHII", 0xB001, 4, 1, 2)
        directory = struct.pack("<H", 3) + fields + struct.pack("<HHII", 0xB002, 7, 32, 50) + bytes(4)
        block = b"MPF\0II*\0\x08\0\0\0" + directory + entries
        return b"\xff\xe2" + struct.pack(">H", len(block) + 2) + block

    size = len(primary) + len(index(0, 0))
    base = 2 + 8  # SOI, then the marker, the length and the name of the segment
    return primary[:2] + index(size, size - base) + primary[2:] + second


def make(seed: int = 0, size: tuple[int, int] = (24, 40)) -> dict[str, bytes]:
    """Specimens by name; the name begins with the format.

    Parameters
    ----------
    seed : int
    size : (height, width)
    """
    rng = np.random.default_rng(seed)
    height, width = size
    coarse = rng.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
    smooth = np.asarray(PillowImage.fromarray(coarse).resize((width, height), PillowImage.Resampling.BICUBIC))
    rgb = np.clip(smooth + rng.normal(0, 4, smooth.shape), 0, 255).astype(np.uint8)
    alpha = rng.integers(0, 256, size, dtype=np.uint8)
    image = PillowImage.fromarray(rgb)
    exif = PillowImage.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8769).update({0x9286: b"ASCII\0\0\0a remark", 0x829A: 0.004})
    exif.get_ifd(0x8825).update({1: "N"})
    return (
        _png(image, rgb, alpha, exif) | _jpeg(image, exif) | _animated(image, alpha) | _webp(image, alpha, exif)
        | _bmp(image, alpha) | _tiff(image, alpha)
    )  # fmt: skip


def _png(image: PillowImage.Image, rgb: np.ndarray, alpha: np.ndarray, exif: PillowImage.Exif) -> dict[str, bytes]:
    deep = rgb.astype(np.uint16) * 256 + rgb[:, :, ::-1]
    text = png_chunk(b"tEXt", b"Comment\0words") + png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"more words"))
    text += png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta/>")
    found = {
        "png rgb": encode(image, "PNG", exif=exif), "png text": png(rgb, 2, extra=text),
        "png rgba": encode(np.dstack([rgb, alpha]), "PNG"), "png grey": encode(alpha, "PNG"),
        "png grey alpha": encode(np.dstack([alpha, rgb[:, :, 0]]), "PNG"),
        "png 1-bit": encode(image.convert("1"), "PNG"),
        "png 16-bit grey": png(deep[:, :, :1], 0), "png 16-bit rgb": png(deep, 2),
        "png interlaced": png(rgb, 2, interlaced=True),
        "png key": encode(image, "PNG", transparency=tuple(rgb[0, 0].tolist())),
        "png animated": encode(image, "PNG", save_all=True, append_images=[image.transpose(0), image.transpose(1)]),
        "png profile": encode(image, "PNG", icc_profile=b"profile " * 40),
    }  # fmt: skip
    for bits in (1, 2, 4, 8):
        indexed = image.quantize(2**bits)
        found[f"png palette {bits}"] = encode(indexed, "PNG", bits=bits)
        found[f"png palette {bits} alpha"] = encode(indexed, "PNG", bits=bits, transparency=bytes(range(2**bits)))
    return found


def _jpeg(image: PillowImage.Image, exif: PillowImage.Exif) -> dict[str, bytes]:
    thumbnail = encode(image.resize((16, 16)), "JPEG", quality=40)
    plain = encode(image, "JPEG", quality=85)
    block = b"Exif\0\0II*\0\x08\0\0\0" + bytes(6) + thumbnail
    segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    return {
        "jpeg 4:2:0": plain, "jpeg 4:4:4": encode(image, "JPEG", subsampling=0, quality=95, exif=exif),
        "jpeg 4:2:2": encode(image, "JPEG", subsampling=1, comment=b"a remark"),
        "jpeg progressive": encode(image, "JPEG", progressive=True, icc_profile=b"profile " * 40),
        "jpeg grey": encode(image.convert("L"), "JPEG"), "jpeg cmyk": encode(image.convert("CMYK"), "JPEG"),
        "jpeg restarts": encode(image, "JPEG", restart_marker_blocks=1),
        "jpeg thumbnail": plain[:2] + segment + plain[2:], "jpeg mpf": with_mpf(plain, thumbnail),
    }  # fmt: skip


def _animated(image: PillowImage.Image, alpha: np.ndarray) -> dict[str, bytes]:
    frames = [image.transpose(0), image.transpose(1)]
    indexed = image.quantize(64)
    return {
        "gif": encode(indexed, "GIF", comment=b"a remark"), "gif small palette": encode(image.quantize(4), "GIF"),
        "gif transparent": encode(indexed, "GIF", transparency=3, interlace=0),
        "gif grey": encode(alpha, "GIF"),
        "gif animated": encode(image, "GIF", save_all=True, append_images=frames, duration=50, loop=0),
        "webp animated": encode(image, "WEBP", save_all=True, append_images=frames, lossless=True),
    }  # fmt: skip


def _webp(image: PillowImage.Image, alpha: np.ndarray, exif: PillowImage.Exif) -> dict[str, bytes]:
    rgba = np.dstack([np.asarray(image), alpha])
    return {
        "webp lossy": encode(image, "WEBP"), "webp lossless": encode(image, "WEBP", lossless=True),
        "webp lossless alpha": encode(rgba, "WEBP", lossless=True, exact=True),
        "webp lossy alpha": encode(rgba, "WEBP"),
        "webp exif": encode(image, "WEBP", exif=exif, icc_profile=b"profile " * 40),
    }  # fmt: skip


def _bmp(image: PillowImage.Image, alpha: np.ndarray) -> dict[str, bytes]:
    return {
        "bmp rgb": encode(image, "BMP"), "bmp grey": encode(alpha, "BMP"),
        "bmp 1-bit": encode(image.convert("1"), "BMP"),
        "bmp palette": encode(image.quantize(100), "BMP"), "bmp 32-bit": encode(image.convert("RGBA"), "BMP"),
    }  # fmt: skip


def _tiff(image: PillowImage.Image, alpha: np.ndarray) -> dict[str, bytes]:
    rgba = np.dstack([np.asarray(image), alpha])
    return {
        "tiff rgb": encode(image, "TIFF"), "tiff grey": encode(alpha, "TIFF"),
        "tiff 1-bit": encode(image.convert("1"), "TIFF"),
        "tiff rgba": encode(rgba, "TIFF"), "tiff palette": encode(image.quantize(50), "TIFF"),
        "tiff cmyk": encode(image.convert("CMYK"), "TIFF"), "tiff lzw": encode(image, "TIFF", compression="tiff_lzw"),
        "tiff deflate": encode(image, "TIFF", compression="tiff_adobe_deflate"),
        "tiff jpeg": encode(image, "TIFF", compression="jpeg"), "tiff big": encode(image, "TIFF", big_tiff=True),
        "tiff grey alpha": encode(np.dstack([alpha, alpha[::-1]]), "TIFF"),
        "tiff 16-bit": encode(alpha.astype(np.uint16) * 257, "TIFF"),
        "tiff pages": encode(image, "TIFF", save_all=True, append_images=[image.convert("L")]),
    }  # fmt: skip
