"""Files followed by bytes that devices, memory cards and servers leave: padding, thumbnails, films, vendor blocks."""

import io
import struct
from dataclasses import replace

import numpy as np
from PIL import Image

from starlight.covers import metadata, palettes
from starlight.encoders import Encoding
from starlight.lookalikes.lookalike import Lookalike, colour, pack, scene

__all__ = ["CONSTRAINT", "SHARE", "make"]

CONSTRAINT = "what follows the image is padding or a known structure, not a message"
SHARE = 1.2


def make(rng: np.random.Generator, number: str) -> Lookalike:
    """Append a benign trailer to a JPEG, PNG, GIF or WEBP file, or a second picture as MPF lists it."""
    cover = scene(rng, number, drawn=0.1)
    name = str(rng.choice(["jpeg", "png", "gif", "webp"], p=[0.55, 0.2, 0.1, 0.15]))
    encoding = Encoding(name, level=3, quality=int(rng.integers(60, 97)), lossless=bool(rng.random() < 0.5))
    samples = colour(cover.pixels)
    if name == "gif":
        samples, palette, _ = palettes.index(cover.pixels, rng)
        encoding = replace(encoding, palette=palette)
    made = pack(samples, encoding, cover, name)
    second = _small_jpeg(cover.pixels)
    if name == "jpeg" and rng.random() < 0.2:
        data, kind, length = _with_mpf(made.data, second), "mpf", len(second)
    else:
        trailer, kind = metadata.benign_trailer(rng, thumbnail=second)
        data, length = made.data + trailer, len(trailer)
    facts = made.metadata | {"trailer": kind, "trailer_bytes": length}
    return replace(made, data=data, metadata=facts, processing=f"{made.processing}; trailer {kind}")


def _small_jpeg(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((96, 72), Image.Resampling.BOX).save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


def _with_mpf(data: bytes, second: bytes) -> bytes:
    """List a second picture in an APP2 segment (CIPA DC-007): size and offset from the segment's TIFF header."""
    at = 4 + struct.unpack_from(">H", data, 4)[0]  # behind JFIF
    count, entries_at = 3, 8 + 2 + 3 * 12 + 4
    segment_bytes = 4 + 4 + entries_at + 32
    first_bytes, header_at = len(data) + segment_bytes, at + 8
    directory = struct.pack("<H", count)
    directory += struct.pack("<HHI4s", 0xB000, 7, 4, b"0100") + struct.pack("<HHII", 0xB001, 4, 1, 2)
    directory += struct.pack("<HHII", 0xB002, 7, 32, entries_at) + bytes(4)
    entries = struct.pack("<IIIHH", 0x030000, first_bytes, 0, 0, 0)
    entries += struct.pack("<IIIHH", 0x020002, len(second), first_bytes - header_at, 0, 0)
    body = b"MPF\0" + b"II*\0\x08\0\0\0" + directory + entries
    return data[:at] + b"\xff\xe2" + struct.pack(">H", len(body) + 2) + body + data[at:] + second
