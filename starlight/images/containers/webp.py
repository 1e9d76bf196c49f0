"""WEBP: RIFF chunks (RFC 9649)."""

from __future__ import annotations

import struct

from starlight.errors import BadImage
from starlight.images.containers import exif
from starlight.images.containers.model import Container, Walk

__all__ = ["matches", "parse"]


def matches(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def parse(walk: Walk) -> Container:
    """Walk the chunks up to the size that the RIFF header states."""
    end = 8 + struct.unpack_from("<I", walk.data, 4)[0]
    if end > len(walk.data):
        walk.problem("RIFF size runs past the end of the file")
        end = len(walk.data)
    found: dict[str, tuple[int, ...]] = {}
    _chunks(walk, 12, end, found)
    bitstream = found.get("VP8L") or found.get("VP8 ")
    if bitstream is None:
        raise BadImage("truncated WEBP: no image data")
    width, height, *_ = found.get("VP8X", bitstream)
    has_plane = any(name == "ALPH" for name, _, _ in walk.segments)
    alpha = has_plane or bool(found.get("VP8X", (0, 0, 0))[2] & 0x10) or bool(found.get("VP8L", (0, 0, 0))[2])
    return walk.container(
        end=end, format="webp", width=width, height=height, bit_depth=8, mode="RGBA" if alpha else "RGB",
        has_alpha=alpha, lossless="VP8L" in found and "VP8 " not in found,
    )  # fmt: skip


def _chunks(walk: Walk, position: int, end: int, found: dict[str, tuple[int, ...]], depth: int = 0) -> None:
    """Note the chunks between two offsets; `found` gets width, height and alpha of the first of each bitstream."""
    while position + 8 <= end:
        kind, length = struct.unpack_from("<4sI", walk.data, position)
        name, start, stop = kind.decode("latin-1"), position + 8, position + 8 + length
        if stop > end:
            walk.problem(f"{name!r} chunk runs past its parent")
            stop = end
        walk.segment(name, position, stop - position)
        if kind == b"ANMF" and depth == 0:
            walk.frame()
            _chunks(walk, start + 16, stop, found, depth + 1)
        else:
            _content(walk, name, start, stop, found)
        position = stop + (length & 1)
    if position < end:
        walk.problem("bytes after the last chunk")


def _content(walk: Walk, name: str, start: int, stop: int, found: dict[str, tuple[int, ...]]) -> None:
    content = walk.data[start:stop]
    if name == "EXIF":
        walk.exif = content.removeprefix(exif.PREFIX)
    elif name == "XMP ":
        walk.xmp = content
    elif name == "ICCP":
        walk.icc_length = len(content)
    elif name in _HEADERS and name not in found:
        found[name] = _HEADERS[name](content)
        walk.size(*found[name][:2])


def _vp8(content: bytes) -> tuple[int, int, int]:
    mark, width, height = struct.unpack_from("<3sHH", content, 3)
    if mark != b"\x9d\x01\x2a":
        raise BadImage("WEBP whose first frame is no key frame")
    return width & 0x3FFF, height & 0x3FFF, 0


def _vp8l(content: bytes) -> tuple[int, int, int]:
    mark, bits = struct.unpack_from("<BI", content)
    if mark != 0x2F:
        raise BadImage("WEBP without a lossless signature")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bits >> 28 & 1


def _vp8x(content: bytes) -> tuple[int, int, int]:
    flags, low, high = struct.unpack_from("<B3xIH", content)
    return (low & 0xFFFFFF) + 1, (low >> 24 | high << 8) + 1, flags


_HEADERS = {"VP8 ": _vp8, "VP8L": _vp8l, "VP8X": _vp8x}
