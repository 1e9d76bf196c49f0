"""Pixels exactly as a file stores them: nothing resampled, composited, colour-managed or filled in."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

from starlight.errors import BadImage
from starlight.images import png_stream
from starlight.images.containers import Container, Limits, parse
from starlight.images.jpeg.coefficients import Coefficients
from starlight.images.jpeg.decode import jpeg_skeleton
from starlight.images.jpeg.decode import read as read_jpeg
from starlight.images.opener import opened

__all__ = ["Image", "decode", "read", "sample_id"]

_ROW_UNIT = 64  # rows of whole blocks at any JPEG sampling


@dataclasses.dataclass(frozen=True)
class Image:
    """A decoded image file.

    Attributes
    ----------
    container : Container
    pixels : (height, width, channels) uint8
        One channel for grey, three for colour, alpha never applied; the high byte of 16-bit samples; palettes looked
        up; CMYK turned into RGB; the first frame or page. Of a very large image its top rows, see `share_seen`.
    alpha : (height, width) uint8 or None
        As stored; for a transparent palette or colour key what it comes to.
    indices : (height, width) uint8 or None
        As stored, in indexed images.
    palette : (colours, 3) uint8 or None
    data : bytes
        The file.
    kept : dict
        What was computed from the image and is asked for more than once, by the name of what computes it.
    """

    container: Container
    pixels: np.ndarray
    alpha: np.ndarray | None
    indices: np.ndarray | None
    palette: np.ndarray | None
    data: bytes = dataclasses.field(repr=False)
    kept: dict = dataclasses.field(default_factory=dict, init=False, repr=False, compare=False)

    @functools.cached_property
    def coefficients(self) -> Coefficients | None:
        """Quantised DCT coefficients, read on first use; None unless the file is a (lossy) JPEG.

        Raises
        ------
        BadImage
            See `starlight.images.jpeg.decode.read`.
        """
        if self.container.format != "jpeg" or self.container.lossless:
            return None
        return read_jpeg(self.data, self.container, rows=self.pixels.shape[0])

    @property
    def share_seen(self) -> float:
        """Share of the image's rows that `pixels` and all beside it hold; 1 but for very large images."""
        return self.pixels.shape[0] / self.container.height


def sample_id(data: bytes) -> str:
    """First 16 hexadecimal digits of the SHA-256 of a file's bytes."""
    return hashlib.sha256(data).hexdigest()[:16]


def read(path: Path | str, limits: Limits = Limits()) -> Image:  # noqa: B008 (frozen)
    """Read and decode a file; `BadImage` also for one that cannot be opened."""
    try:
        with open(path, "rb") as file:
            expected = min(os.fstat(file.fileno()).st_size, limits.max_bytes)  # `read` sets aside all that it may read
            data = file.read(expected + 1)
            if len(data) > expected:
                data += file.read(limits.max_bytes + 1 - len(data))
    except (OSError, ValueError) as error:
        raise BadImage(f"cannot be opened: {getattr(error, 'strerror', None) or error}") from error
    return decode(data, limits)


def decode(data: bytes, limits: Limits = Limits()) -> Image:  # noqa: B008 (frozen)
    """Parse a file and decode its pixels.

    Raises
    ------
    BadImage
        As `containers.parse`, and for pixel data that are broken or cut short.
    """
    container = parse(data, limits)
    unpacked = png_stream.unpacked(data, container) if container.format == "png" else None
    try:
        stored = _open(unpacked or _pixel_data(data, container), container)
    except BadImage:
        if container.format != "png" or (stream := png_stream.alone(data, container)) is None:
            raise
        stored = _open(stream, container)
    if stored.size != (container.width, container.height):
        raise BadImage(f"{stored.width} x {stored.height} pixels under a header of another size")
    if container.indexed != (stored.mode in ("P", "PA") or container.format == "gif"):
        raise BadImage("palette that its decoder does not see")
    rows = _rows_seen(container, limits)
    if rows < container.height:
        stored = stored.crop((0, 0, container.width, rows))
    image = (_indexed if container.indexed else _direct)(data, container, stored)
    if container.has_alpha != (image.alpha is not None):  # a damaged TIFF tag is read by one and skipped by the other
        raise BadImage("alpha that its decoder does not see")
    image.kept[png_stream.WHOLE] = unpacked is not None
    if container.format == "jpeg" and (rows < container.height or _ends_flat(image.pixels)):
        image.coefficients  # noqa: B018 (raises where the data ended early)
    return image


def _rows_seen(container: Container, limits: Limits) -> int:
    """Rows that are looked at: all, or so many that whole units of any JPEG sampling are kept."""
    if container.width * container.height <= limits.seen_pixels:
        return container.height
    return min(container.height, max(1, limits.seen_pixels // (container.width * _ROW_UNIT)) * _ROW_UNIT)


def _direct(data: bytes, container: Container, stored: PillowImage.Image) -> Image:
    samples = np.asarray(stored)
    if samples.dtype == bool:
        samples = np.where(samples, np.uint8(255), np.uint8(0))
    alpha = _key_alpha(data, container, samples)
    if samples.dtype.itemsize == 2:
        samples = (samples >> 8).astype(np.uint8)
    elif samples.dtype != np.uint8:
        raise BadImage(f"samples of mode {stored.mode}")
    if samples.ndim == 2:
        samples = samples[:, :, None]
    if container.mode == "LA;16":  # which Pillow spreads over four channels
        samples = samples[:, :, [0, -1]]
    if samples.shape[2] in (2, 4):
        if stored.mode != "RGBX":
            alpha = np.ascontiguousarray(samples[:, :, -1])
        samples = samples[:, :, :-1]
    return Image(container, np.ascontiguousarray(samples), alpha, None, None, data)


def _ends_flat(pixels: np.ndarray) -> bool:
    """Whether the last 8x8 block is of one colour, as it is where the decoder had to fill in for missing data."""
    height, width = pixels.shape[:2]
    corner = pixels[(height - 1) // 8 * 8 :, (width - 1) // 8 * 8 :]
    return bool((corner == corner[0, 0]).all())


def _pixel_data(data: bytes, container: Container) -> bytes:
    """The part of the file that a decoder needs: metadata can neither trip it up nor cost it time."""
    if container.format == "jpeg":
        return jpeg_skeleton(data, container)
    if container.format == "png":
        kept = [s for s in container.segments if s[0] in ("IHDR", "PLTE", "IDAT", "IEND")]
        return data[:8] + b"".join(data[at : at + size] for _, at, size in kept)
    return data[: container.end]


def _open(data: bytes, container: Container) -> PillowImage.Image:
    with opened(container.format, data) as image:
        image.load()
        return image.convert("RGB") if image.mode in ("CMYK", "YCbCr", "LAB") else image


def _segment(data: bytes, container: Container, *names: str) -> bytes | None:
    """Bytes of the first segment of one of these names, a PNG chunk without its frame; None where there is none."""
    for name, offset, length in container.segments:
        if name in names:
            frame = (8, 4) if container.format == "png" else (0, 0)
            return data[offset + frame[0] : offset + length - frame[1]]
    return None


def _indexed(data: bytes, container: Container, stored: PillowImage.Image) -> Image:
    samples = np.asarray(stored)
    indices = np.ascontiguousarray(samples if samples.ndim == 2 else samples[:, :, 0]).astype(np.uint8, copy=False)
    palette = _palette(data, container, stored)
    table = np.zeros((256, 3), np.uint8)
    table[: len(palette)] = palette[:256]
    alpha = samples[:, :, 1].copy() if samples.ndim == 3 else None
    if container.has_alpha and alpha is None:
        opacity = np.full(256, 255, np.uint8)
        if container.format == "png":
            given = np.frombuffer(_segment(data, container, "tRNS") or b"", np.uint8)[:256]
            opacity[: len(given)] = given
        else:
            opacity[stored.info.get("transparency", [])] = 0
        alpha = np.take(opacity, indices)
    return Image(container, np.take(table, indices, axis=0), alpha, indices, palette, data)


def _palette(data: bytes, container: Container, stored: PillowImage.Image) -> np.ndarray:
    """Colours as the file lists them."""
    names = {"png": ("PLTE",), "gif": ("LCT", "GCT")}.get(container.format)
    if container.format == "gif":
        before = [s[0] for s in container.segments[: [s[0] for s in container.segments].index("image")]]
        names = ("LCT",) if "LCT" in before else ("GCT",)
    listed = _segment(data, container, *names) if names else bytes(stored.getpalette("RGB") or b"")
    if listed is None:  # a GIF may leave its colours to the viewer; levels of grey are the custom
        return np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    return np.frombuffer(listed[: len(listed) // 3 * 3], np.uint8).reshape(-1, 3)


def _key_alpha(data: bytes, container: Container, samples: np.ndarray) -> np.ndarray | None:
    """Alpha of a PNG's colour key. Sixteen-bit colour is compared by the high byte, all that the decoder keeps."""
    chunk = _segment(data, container, "tRNS") if container.format == "png" else None
    if chunk is None or container.mode in ("LA", "RGBA", "LA;16", "RGBA;16"):
        return None
    key = np.frombuffer(chunk[: len(chunk) // 2 * 2], ">u2").astype(np.int64)
    if len(key) != (3 if samples.ndim == 3 else 1):
        raise BadImage(f"tRNS chunk of {len(chunk)} bytes")
    if samples.dtype == np.uint8:
        key = key >> 8 if container.bit_depth == 16 else key * 255 // (2**container.bit_depth - 1)
    same = samples == (key if samples.ndim == 3 else key[0])
    return np.where(same.all(axis=2) if samples.ndim == 3 else same, 0, 255).astype(np.uint8)
