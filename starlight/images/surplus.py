"""How many bytes of a WEBP bitstream its decoder has no use for: it says where data end too early, no more.

A bitstream cut short by more than its last bits does not decode. One that still does had bytes to spare.
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
    """
    size = len(chunk) - 8
    if size <= _SPARE or not _decodes(chunk, size - _SPARE):
        return 0
    low, high = _SPARE, size  # as many bytes can be spared; as many cannot
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _decodes(chunk, size - middle) else (low, middle)
    return low


def _decodes(chunk: bytes, size: int) -> bool:
    body = chunk[:4] + struct.pack("<I", size) + chunk[8 : 8 + size] + bytes(size & 1)
    try:
        WebPImagePlugin.WebPImageFile(io.BytesIO(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body)).load()
    except (OSError, SyntaxError, ValueError):  # what Pillow raises for data that are cut short
        return False
    return True
