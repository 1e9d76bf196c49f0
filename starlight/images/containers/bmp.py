"""BMP: headers, palette and the end of the pixel array (Windows bitmap, core to version 5)."""

from __future__ import annotations

import struct

from starlight.errors import BadImage
from starlight.images.containers.model import Container, Walk

__all__ = ["matches", "parse"]

_RGB, _RLE8, _RLE4, _BITFIELDS, _ALPHABITFIELDS = 0, 1, 2, 3, 6
_PADDING = 3  # zero bytes that some writers add and count in the file size


def matches(data: bytes) -> bool:
    return data[:2] == b"BM" and len(data) >= 26 and data[14] in (12, 16, 40, 52, 56, 64, 108, 124)


def parse(walk: Walk) -> Container:
    """Read the headers; the image ends where its rows or its colour profile do."""
    data = walk.data
    stated, _, pixels, header = struct.unpack_from("<IIII", data, 2)
    if header == 12:
        width, height, _, depth = struct.unpack_from("<HHHH", data, 18)
        compression = packed = used = 0
    else:
        width, height, _, depth = struct.unpack_from("<iiHH", data, 18)
        compression, packed, used = struct.unpack_from("<II8xI", data, 30) if header >= 40 else (0, 0, 0)
    if depth not in (1, 2, 4, 8, 16, 24, 32):
        raise BadImage(f"BMP of {depth} bits")
    walk.size(width, abs(height))
    walk.segment("header", 0, 14 + header)
    grey = depth <= 8 and _palette(walk, 14 + header, 3 if header == 12 else 4, min(used or 1 << depth, 256))
    rle = compression in (_RLE8, _RLE4)
    size = packed if rle or compression > _ALPHABITFIELDS else (width * depth + 31) // 32 * 4 * abs(height)
    end = _end(walk, stated, pixels, size, header)
    alpha = depth == 32 and _alpha_mask(data, header, compression)
    mode = {True: "RGBA", False: "RGB"}[alpha] if depth > 8 else "P" if not grey else "1" if depth == 1 else "L"
    return walk.container(
        end=end, format="bmp", width=width, height=abs(height), bit_depth=depth if depth <= 8 else 8, mode=mode,
        has_alpha=alpha, indexed=mode == "P",
    )  # fmt: skip


def _palette(walk: Walk, start: int, width: int, colours: int) -> bool:
    """Note the palette; returns whether it is no more than a ramp of greys, in which case values are stored."""
    count = min(colours, max(0, len(walk.data) - start) // width)
    walk.segment("palette", start, count * width)
    rows = [walk.data[start + width * i : start + width * i + 3] for i in range(count)]
    ramp = (0, 255) if count == 2 else range(count)
    return rows == [bytes([level]) * 3 for level in ramp]


def _end(walk: Walk, stated: int, pixels: int, size: int, header: int) -> int:
    data = walk.data
    end = pixels + size if size else stated
    if header >= 124 and len(data) >= 14 + 124:
        kind, profile, length = struct.unpack_from("<4s52xII", data, 14 + 56)
        if kind in (b"DEBM", b"KNIL") and 14 + profile + length <= len(data):
            walk.segment("profile", 14 + profile, length)
            walk.icc_length = length
            end = max(end, 14 + profile + length)
    if end < stated <= min(len(data), end + _PADDING) and not any(data[end:stated]):
        end = stated
    if end != stated:
        walk.problem(f"header states {stated} bytes")
    if end > len(data):
        walk.problem("pixel array runs past the end of the file")
    walk.segment("pixels", pixels, max(0, min(pixels + size, len(data)) - pixels))
    return min(end, len(data))


def _alpha_mask(data: bytes, header: int, compression: int) -> bool:
    """Whether the masks of a 32-bit image name an alpha channel."""
    if compression not in (_BITFIELDS, _ALPHABITFIELDS) or (header < 56 and compression == _BITFIELDS):
        return False
    masks = struct.unpack_from("<IIII", data, 54)
    return masks[3] != 0 or not any(masks)  # no masks at all: the customary order, alpha last
