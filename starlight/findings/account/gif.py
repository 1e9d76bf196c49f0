"""GIF: blocks, the codes of its frames, comments (GIF89a)."""

from __future__ import annotations

import struct
from collections.abc import Callable

from starlight.findings.account import icc, photoshop, xmp
from starlight.findings.account.fields import binary_field, text_field
from starlight.findings.account.ledger import Ledger
from starlight.findings.account.lzw import read_codes
from starlight.findings.contents import identify
from starlight.images.containers import Container

__all__ = ["account"]

_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_XMP, _ICC = b"XMP DataXMP", b"ICCRGBG1012"
_OPAQUE = (
    b"C2PA_GIF", b"fractint", b"STARDIVI", b"ImageMagick", b"ADOBE:IR1.0", b"GIFCON", b"ZGATE", b"MGKICC", b"pixel",
)  # fmt: skip
_XMP_TAIL = 257
_MOST_BYTES = 4 << 20  # of compressed frames that are followed
_LETTERS = 6  # different delays from which they may spell something
_MOST_CODES = 100_000  # of a frame whose pixels are counted


def account(ledger: Ledger, container: Container, inner: Callable) -> None:
    """Note the spans of a GIF file.

    Parameters
    ----------
    ledger : Ledger
        Gets the spans and findings.
    container : Container
        Structure of the file.
    inner : callable
        (ledger, start, stop, name) -> end of the file that begins at `start`.
    """
    data, followed, delays = ledger.data, 0, []
    ledger.known("header", 0, 13)
    for name, offset, length in container.segments:
        stop = offset + length
        if name == "image" and followed < _MOST_BYTES:
            _frame(ledger, offset, stop)
            followed += length
        elif name == "comment":
            ledger.add(text_field("raw", "in a GIF comment", _joined(data, offset + 2), offset + 3))
        elif name == "application":
            _application(ledger, offset, stop)
        elif name == "text":
            body = _joined(data, offset + 2)[12:]
            ledger.add(text_field("raw", "in a plain text block", body, offset))
        elif name == "GCE":
            ledger.unknown("in a graphic control block, behind what it holds", offset + 8, stop)
            delays.append(int.from_bytes(data[offset + 4 : offset + 6], "little"))
        elif name == "extension":
            body = _joined(data, offset + 2)
            if len(body) >= 4:
                ledger.hide("in a block of no known kind", body, offset)
        ledger.known(name, offset, stop)
    _delays(ledger, delays)


def _delays(ledger: Ledger, delays: list[int]) -> None:
    """Hundredths of a second that frames are shown: what spells a text was not set for the eye."""
    if len(set(delays)) >= _LETTERS and max(delays) < 256 and identify(bytes(delays)).kind in ("text", "base64"):
        ledger.hide("in the delays of frames", bytes(delays))


def _joined(data: bytes, position: int) -> bytes:
    """Contents of the sub-blocks from `position` on."""
    parts = []
    while position < len(data) and data[position]:
        parts.append(data[position + 1 : position + 1 + data[position]])
        position += 1 + data[position]
    return b"".join(parts)


def _frame(ledger: Ledger, offset: int, stop: int) -> None:
    """A frame: what follows the code that ends its picture, or its last row, is no part of it."""
    data, flags = ledger.data, ledger.data[offset + 9]
    width, height = struct.unpack_from("<HH", data, offset + 5)
    at = offset + 10 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    packed = _joined(data, at + 1)
    codes = read_codes(packed, data[at])
    if codes is None:
        return
    rest = packed[codes.end :] if codes.end is not None else b""
    if len(rest.strip(b"\0")) >= 4:
        ledger.hide("behind the codes of a frame", rest, stop - 1 - len(rest))
    if codes.count <= _MOST_CODES and codes.pixels() >= width * height + max(4, width):
        ledger.hide("below the last row of a frame", codes.indices()[width * height :])


def _application(ledger: Ledger, offset: int, stop: int) -> None:
    data = ledger.data
    owner = data[offset + 3 : offset + 3 + data[offset + 2]]
    inside = offset + 3 + data[offset + 2]
    if owner == _XMP:
        xmp.note(ledger, data[inside : max(inside, stop - _XMP_TAIL - 1)], inside)
        return
    body = _joined(data, inside)
    if owner == _ICC:
        icc.note(ledger, body, None)
    elif owner.startswith(b"MGK8BIM"):
        photoshop.note(ledger, body, None)
    elif owner.startswith(b"MGKIPTC"):
        photoshop.iptc(ledger, body)
    elif owner in _LOOPS:
        if len(body) > 8:  # a loop count, a buffer size
            ledger.hide("behind the loop count", body[3:], inside)
    elif owner.startswith(_OPAQUE):
        ledger.add(binary_field("raw", f"in the block of {owner[:11].decode('latin-1')!r}", body, inside))
    elif len(body) >= 4:
        ledger.hide("in an application block of no known program", body, inside)
