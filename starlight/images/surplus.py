"""How many bytes of a WEBP bitstream its decoder has no use for: it says where data end too early, no more.

A bitstream cut short by more than its last bits does not decode. One that decodes to the same had bytes to spare.
"""

from __future__ import annotations

import io
import struct

from PIL import WebPImagePlugin

__all__ = ["webp_surplus"]

_SPARE = 8  # bytes without which no bitstream decodes; that of an encoder may end in two that say nothing


def webp_surplus(chunk: bytes) -> int:
    """Bytes behind the end of the picture in a chunk.

    Parameters
    ----------
    chunk : bytes
        `VP8 ` or `VP8L` with its header.

    Returns
    -------
    int
        0 where there are none, give or take the last `_SPARE`.

    Notes
    -----
    A lossless picture may end in one copy of many pixels, whose length and distance take up to 58 bits. Cut short
    there it decodes as well, for zeros are read in their place, but to another picture.
    """
    size = len(chunk) - 8
    if size <= _SPARE or (spared := _picture(chunk, size - _SPARE)) is None or spared != _picture(chunk, size):
        return 0
    low, high = _SPARE, size  # as many bytes can be spared; as many cannot
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _picture(chunk, size - middle) == spared else (low, middle)
    return low


def _picture(chunk: bytes, size: int) -> bytes | None:
    """Pixels that so many bytes decode to, None where they are too few."""
    body = chunk[:4] + struct.pack("<I", size) + chunk[8 : 8 + size] + bytes(size & 1)
    try:
        return WebPImagePlugin.WebPImageFile(
            io.BytesIO(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body)
        ).tobytes()
    except (OSError, SyntaxError, ValueError):  # what Pillow raises for data that are cut short
        return None
