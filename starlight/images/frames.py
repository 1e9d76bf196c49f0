"""Frames and pages after the first, each decoded when it is asked for, as stored: not laid over the ones before."""

from __future__ import annotations

import dataclasses
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from starlight.errors import BadImage
from starlight.images.containers import Limits
from starlight.images.image import Image, decode
from starlight.images.opener import opened

__all__ = ["further_frames"]

_MOST_PIXELS = 64_000_000  # of all further frames together


def further_frames(image: Image, most: int) -> Iterator[tuple[int, Image]]:
    """Frames of an APNG, GIF or animated WEBP and pages of a TIFF after the first.

    A frame that cannot be decoded is left out.

    Parameters
    ----------
    image : Image
    most : int
        Frames that are decoded; so many pixels as one file may have end it, too.

    Yields
    ------
    (int, Image)
        Number of the frame, the first being 0, and what its file would be if it held this frame alone.
    """
    if image.container.frames < 2 and image.container.format != "png":
        return
    split = {"png": _png, "gif": _gif, "webp": _webp, "tiff": _tiff}.get(image.container.format)
    left = _MOST_PIXELS
    for number, frame in zip(range(1, most + 1), split(image) if split else (), strict=False):
        try:
            found = frame if isinstance(frame, Image) else decode(frame, Limits(max_pixels=max(1, left)))
        except BadImage:
            continue
        left -= found.pixels[:, :, 0].size
        yield number, found


def _png(image: Image) -> Iterator[bytes]:
    """PNG files of the frames of an APNG; where the first image is no part of the animation it is left out as well."""
    data, header, shared, packed = image.data, b"", b"", b""
    control: bytes | None = None
    for name, at, size in image.container.segments:
        content = data[at + 8 : at + size - 4]
        if name == "IHDR":
            header = content
        elif name in ("PLTE", "tRNS"):
            shared += data[at : at + size]
        elif name == "fdAT":
            packed += content[4:]
        elif name in ("fcTL", "IEND"):
            if control and packed:
                size_of = control[4:12]
                yield data[:8] + _chunk(b"IHDR", size_of + header[8:]) + shared + _chunk(b"IDAT", packed) + _IEND
            control, packed = content, b""


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


_IEND = _chunk(b"IEND", b"")


def _gif(image: Image) -> Iterator[bytes]:
    """GIF files with one frame each, as large as the frame."""
    data, shared, before, seen = image.data, b"", b"", 0
    for name, at, size in image.container.segments:
        part = data[at : at + size]
        if name == "GCT":
            shared = part
        elif name == "GCE":
            before = part
        elif name == "image":
            seen += 1
            if seen > 1:
                screen = data[:6] + part[5:9] + data[10:13]
                frame = part[:1] + bytes(4) + part[5:]
                yield screen + shared + before + frame + b";"
            before = b""


def _webp(image: Image) -> Iterator[bytes]:
    """WEBP files with one frame each."""
    data, seen = image.data, 0
    for name, at, size in image.container.segments:
        if name != "ANMF":
            continue
        seen += 1
        if seen == 1:
            continue
        head, body = data[at + 8 : at + 24], data[at + 24 : at + size]
        flags = 0x10 if body[:4] == b"ALPH" else 0
        extended = struct.pack("<4sIB3x", b"VP8X", 10, flags) + head[6:12]
        content = b"WEBP" + (extended if flags else b"") + body
        yield b"RIFF" + struct.pack("<I", len(content)) + content


def _tiff(image: Image) -> Iterator[Image]:
    """Pages of a TIFF in eight bits; those of other kinds are left out."""
    for page in range(1, image.container.frames):
        found = None
        try:
            with opened("tiff", image.data[: image.container.end]) as stored:
                stored.seek(page)
                if stored.size[0] * stored.size[1] <= _MOST_PIXELS:
                    found = _page(image, stored.mode, np.asarray(stored))
        except BadImage:  # no more pages can be read
            return
        if found is not None:
            yield found


def _page(image: Image, mode: str, samples: np.ndarray) -> Image | None:
    if mode not in ("L", "P", "RGB", "RGBA", "LA") or samples.dtype != np.uint8:
        return None
    height, width = samples.shape[:2]
    alpha = np.ascontiguousarray(samples[:, :, -1]) if mode in ("LA", "RGBA") else None
    channels = samples.reshape(height, width, -1)
    channels = channels[:, :, :-1] if alpha is not None else channels
    container = dataclasses.replace(
        image.container, width=width, height=height, mode=mode, has_alpha=alpha is not None, indexed=mode == "P",
        frames=1,
    )  # fmt: skip
    indices = samples if mode == "P" else None
    palette = np.zeros((256, 3), np.uint8) if mode == "P" else None
    return Image(container, np.ascontiguousarray(channels), alpha, indices, palette, b"")
