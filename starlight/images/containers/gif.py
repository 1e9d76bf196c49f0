"""GIF: blocks and sub-blocks (GIF89a specification)."""

from __future__ import annotations

import struct
from typing import NamedTuple

from starlight.errors import BadImage
from starlight.images.containers.model import Container, Walk

__all__ = ["matches", "parse"]

_XMP = b"XMP DataXMP"
_XMP_TAIL = 257  # bytes that lead a reader of sub-blocks out of the packet, which is stored without them


def matches(data: bytes) -> bool:
    return data[:6] in (b"GIF87a", b"GIF89a")


def parse(walk: Walk) -> Container:
    """Walk the blocks up to the trailer byte."""
    data = walk.data
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    walk.size(width, height)
    position = _table(walk, "GCT", 13, flags)
    end, first = _blocks(walk, position)
    if first is None:
        raise BadImage("truncated GIF: no image")
    if first.right > width or first.bottom > height:
        walk.problem("frame reaches past the canvas")  # which viewers widen
    return walk.container(
        end=end, format="gif", width=max(width, first.right), height=max(height, first.bottom), mode="P",
        bit_depth=first.depth or (flags & 7) + 1, indexed=True, has_alpha=first.transparent,
        interlaced=first.interlaced,
    )  # fmt: skip


class _Frame(NamedTuple):
    """What is kept of the first frame; `depth` is that of its own colour table, 0 for none."""

    right: int
    bottom: int
    transparent: bool
    interlaced: bool
    depth: int


def _table(walk: Walk, name: str, position: int, flags: int) -> int:
    """Note the colour table that the flags announce; returns what follows it."""
    if not flags & 0x80:
        return position
    size = 3 << ((flags & 7) + 1)
    if position + size > len(walk.data):
        raise BadImage("truncated GIF: colour table")
    walk.segment(name, position, size)
    return position + size


def _blocks(walk: Walk, position: int) -> tuple[int, _Frame | None]:
    """Offset one past the trailer byte, and the first frame."""
    data, transparent, first = walk.data, False, None
    while position < len(data):
        start, kind = position, data[position]
        if kind == 0x3B:
            walk.segment("trailer", position, 1)
            return position + 1, first
        if kind == 0x21:
            label = data[position + 1] if position + 1 < len(data) else -1
            position = _extension(walk, start, label)
            if label == 0xF9:
                transparent = bool(data[start + 3 : start + 4] and data[start + 3] & 1)
        elif kind == 0x2C:
            frame, position = _image(walk, start, transparent)
            first, transparent = first or frame, False
        elif kind == 0:
            walk.problem("zero bytes between blocks")
            position += 1
            walk.step()
        else:  # what the format does not know is no part of the image
            walk.problem("missing trailer byte")
            return start, first
    walk.problem("missing trailer byte")
    return len(data), first


def _image(walk: Walk, start: int, transparent: bool) -> tuple[_Frame, int]:
    """Note one frame; returns it and the offset of what follows."""
    left, top, width, height, flags = struct.unpack_from("<HHHHB", walk.data, start + 1)
    walk.frame()
    walk.size(width, height)
    position = _table(walk, "LCT", start + 10, flags)
    _, end = _sub_blocks(walk, position + 1)
    walk.segment("image", start, end - start)
    depth = (flags & 7) + 1 if flags & 0x80 else 0
    return _Frame(left + width, top + height, transparent, bool(flags & 0x40), depth), end


def _extension(walk: Walk, start: int, label: int) -> int:
    """Note one extension, keep comments and XMP; returns what follows it."""
    data = walk.data
    parts, end = _sub_blocks(walk, start + 2)
    if label == 0xFE:
        walk.comments.append(b"".join(data[a:b] for a, b in parts))
    elif label == 0xFF and parts and data[parts[0][0] : parts[0][1]] == _XMP:
        walk.xmp = data[parts[0][1] : max(parts[0][1], end - _XMP_TAIL - 1)]
    walk.segment({0xF9: "GCE", 0xFE: "comment", 0xFF: "application", 0x01: "text"}.get(label, "extension"),
                 start, end - start)  # fmt: skip
    return end


def _sub_blocks(walk: Walk, position: int) -> tuple[list[tuple[int, int]], int]:
    """Bounds of the sub-blocks and the offset one past their terminator."""
    data, parts, size = walk.data, [], len(walk.data)
    while position < size:
        length = data[position]
        if not length:
            return parts, position + 1
        parts.append((position + 1, min(position + 1 + length, size)))
        if len(parts) % 4096 == 0:
            walk.check_time()
        position += 1 + length
    walk.problem("sub-blocks run past the end of the file")
    return parts, size
