"""PNG and APNG: chunks with their checksums (W3C PNG, third edition)."""

from __future__ import annotations

import struct
import zlib

from starlight.errors import BadImage
from starlight.images.containers import exif
from starlight.images.containers.model import Container, Walk

__all__ = ["matches", "parse"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_MODES = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}
_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_RAW_PROFILES = (b"Raw profile type exif", b"Raw profile type APP1")  # how ImageMagick kept EXIF before eXIf


def matches(data: bytes) -> bool:
    return data[:8] == _SIGNATURE


def parse(walk: Walk) -> Container:
    """Walk the chunks from IHDR to IEND."""
    data = walk.data
    if data[12:16] != b"IHDR":
        raise BadImage("PNG without an IHDR chunk")
    width, height, depth, colour, _, _, interlace = struct.unpack_from(">IIBBBBB", data, 16)
    if depth not in _DEPTHS.get(colour, ()):
        raise BadImage(f"PNG of colour type {colour} with {depth} bits")
    walk.size(width, height)
    end = _chunks(walk)
    names = {name for name, _, _ in walk.segments}
    if "IDAT" not in names:
        raise BadImage("truncated PNG: no pixel data")
    if colour == 3 and "PLTE" not in names:
        raise BadImage("indexed PNG without a palette")
    return walk.container(
        end=end, format="png", width=width, height=height, bit_depth=depth, mode=_mode(colour, depth),
        has_alpha=colour in (4, 6) or "tRNS" in names, indexed=colour == 3, interlaced=interlace == 1,
    )  # fmt: skip


def _mode(colour: int, depth: int) -> str:
    if colour == 0 and depth in (1, 16):
        return "1" if depth == 1 else "I;16"
    return _MODES[colour] + (";16" if depth == 16 else "")


def _chunks(walk: Walk) -> int:
    """Note every chunk; returns the offset one past IEND."""
    data, view, position = walk.data, memoryview(walk.data), 8
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        stop = position + 12 + length
        name = kind.decode("latin-1")
        if not (kind.isalpha() and kind.isascii()):
            walk.problem("chunk type that is no name")
            break
        if stop > len(data):
            walk.problem(f"{name} chunk runs past the end of the file")
            break
        if zlib.crc32(view[position + 4 : stop - 4]) != int.from_bytes(data[stop - 4 : stop], "big"):
            walk.problem(f"{name} chunk with a bad CRC")
        walk.segment(name, position, stop - position)
        if kind == b"IEND":
            return stop
        if kind != b"IDAT":
            _content(walk, kind, position + 8, length)
        position = stop
    walk.problem("missing IEND")
    return len(data)


def _content(walk: Walk, kind: bytes, start: int, length: int) -> None:
    if kind in (b"tEXt", b"zTXt", b"iTXt"):
        _text(walk, kind, walk.data[start : start + length])
    elif kind == b"eXIf":
        walk.exif = walk.exif or walk.data[start : start + length].removeprefix(exif.PREFIX)
    elif kind == b"iCCP":
        _, _, packed = walk.data[start : start + length].partition(b"\0")
        walk.icc_length = len(walk.inflate(packed[1:], "iCCP chunk"))
    elif kind == b"fcTL":
        walk.frame()
    elif kind[:1].isupper() and kind not in _CRITICAL:
        walk.problem(f"unknown critical chunk {kind.decode('latin-1')}")


def _text(walk: Walk, kind: bytes, content: bytes) -> None:
    keyword, _, rest = content.partition(b"\0")
    if kind == b"zTXt":
        rest = walk.inflate(rest[1:], "zTXt chunk")
    elif kind == b"iTXt":
        packed, rest = rest[:1] == b"\1", rest[2:].partition(b"\0")[2].partition(b"\0")[2]
        rest = walk.inflate(rest, "iTXt chunk") if packed else rest
    if keyword == b"XML:com.adobe.xmp":
        walk.xmp = rest
    elif keyword in _RAW_PROFILES:
        walk.exif = walk.exif or _raw_profile(walk, rest)
    else:
        walk.comments.append(rest)


def _raw_profile(walk: Walk, text: bytes) -> bytes:
    """Hexadecimal digits after a name and a length, on lines of their own."""
    parts = text.split(None, 2)
    try:
        return bytes.fromhex(parts[2].decode("ascii")).removeprefix(exif.PREFIX)
    except (IndexError, ValueError):
        walk.problem("raw profile that is not hexadecimal")
        return b""
