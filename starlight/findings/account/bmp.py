"""BMP: the gap before the pixels, the ends of rows, the fourth byte of a pixel."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np

from starlight.findings.account import icc
from starlight.findings.account.ledger import Ledger
from starlight.findings.contents import identify
from starlight.images.containers import Container

__all__ = ["account"]

_HEADER = 14
_PLAIN = (0, 3, 6)  # uncompressed, with masks


def account(ledger: Ledger, container: Container, inner: Callable) -> None:
    """Note the spans of a BMP file.

    Parameters
    ----------
    ledger : Ledger
        Gets the spans and findings.
    container : Container
        Structure of the file.
    inner : callable
        (ledger, start, stop, name) -> end of the file that begins at `start`.
    """
    data = ledger.data
    for name, offset, length in container.segments:
        if name == "pixels":
            _rows(ledger, container, offset, length)
        elif name == "palette" and length % 4 == 0 and int.from_bytes(data[14:18], "little") > 12:
            _speaks(ledger, "in the fourth bytes of the palette", data[offset + 3 : offset + length : 4])
        elif name == "profile":
            icc.note(ledger, data[offset : offset + length], offset)
        ledger.known(name, offset, offset + length)
    header = int.from_bytes(data[14:18], "little")
    compression = int.from_bytes(data[30:34], "little") if header >= 40 else 0
    if header == 40 and compression in (3, 6):
        ledger.known("masks", _HEADER + 40, _HEADER + 40 + (12 if compression == 3 else 16))
    ledger.known("pixels", ledger.end, ledger.end)


def _rows(ledger: Ledger, container: Container, offset: int, length: int) -> None:
    """Bytes that fill rows up to four, and those that fill pixels: equal ones say nothing."""
    data = ledger.data
    header, depth = int.from_bytes(data[14:18], "little"), _depth(data)
    compression = int.from_bytes(data[30:34], "little") if header >= 40 else 0
    stride = (container.width * depth + 31) // 32 * 4
    used = (container.width * depth + 7) // 8
    if compression not in _PLAIN or length < stride * container.height:
        return
    rows = np.frombuffer(data, np.uint8, stride * container.height, offset).reshape(container.height, stride)
    if used < stride:
        ends = [rows[:, used:], *(rows[:, i] for i in range(used, stride))]
        for part in ends if len(ends) > 2 else ends[:1]:
            if _speaks(ledger, "in the ends of rows", part.tobytes()):
                break
    if depth == 32 and compression == 0 and not container.has_alpha:
        fourth = rows[:, 3::4]
        _speaks(ledger, "in the fourth bytes of pixels", fourth.tobytes())
        if int.from_bytes(data[22:26], "little", signed=True) > 0:
            _speaks(ledger, "in the fourth bytes of pixels, from the top", fourth[::-1].tobytes())


def _depth(data: bytes) -> int:
    at = 24 if int.from_bytes(data[14:18], "little") == 12 else 28
    return struct.unpack_from("<H", data, at)[0]


def _speaks(ledger: Ledger, place: str, body: bytes) -> bool:
    """Note a message, and whether there is one: what writers leave there is constant, or repeats the picture."""
    head = body.rstrip(b"\0\xff")
    if len(head) < 8:
        return False
    text = head.split(b"\0", 1)[0]
    if identify(head).kind not in ("bytes", "fill", "empty"):
        ledger.hide(place, head)
    elif len(text) >= 16 and identify(text).kind in ("text", "script", "base64"):
        ledger.hide(place, text)
    else:
        return False
    return True
