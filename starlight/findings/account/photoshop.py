"""Photoshop image resources and IPTC (Adobe Photoshop File Formats Specification; IPTC-NAA IIM 4)."""

from __future__ import annotations

from collections.abc import Callable

from starlight.findings.account.fields import binary_field, text_field
from starlight.findings.account.ledger import Ledger

__all__ = ["iptc", "note"]

_IPTC, _XMP, _THUMBNAILS = 0x0404, 0x0424, (0x0409, 0x040C)
_SIGNATURES = (b"8BIM", b"PHUT", b"AgHg", b"DCSR", b"MeSa")
_MOST = 1000


def note(ledger: Ledger, block: bytes, offset: int | None, inner: Callable | None = None) -> None:
    """Note the resources of a block; what is behind the last is hidden.

    Parameters
    ----------
    ledger : Ledger
    block : bytes
    offset : int or None
        Of the block in the file; None where it lies in pieces.
    inner : callable, optional
        (ledger, start, stop, name) -> end of the file that begins at `start`.
    """
    if block[:2] == b"\x1c\x02":  # without the frame of a resource
        iptc(ledger, block, offset)
        return
    at = 0
    for _ in range(_MOST):
        if block[at : at + 4] not in _SIGNATURES or at + 12 > len(block):
            break
        kind = int.from_bytes(block[at + 4 : at + 6], "big")
        named = block[at + 6] + 1
        start = at + 6 + named + (named & 1)
        size = int.from_bytes(block[start : start + 4], "big")
        start, stop = start + 4, start + 4 + size
        body = block[start:stop]
        if kind == _IPTC:
            iptc(ledger, body, None if offset is None else offset + start)
        elif kind not in (_XMP, *_THUMBNAILS):
            place = f"in Photoshop resource {kind:#06x}"
            ledger.add(binary_field("raw", place, body, None if offset is None else offset + start))
        at = stop + (size & 1)
    rest = block[at:]
    if (at and len(rest.strip(b"\0 \xff")) >= 8) or (not at and len(rest.strip(b"\0")) >= 16):
        ledger.hide("behind the Photoshop resources", rest, None if offset is None else offset + at)


def iptc(ledger: Ledger, block: bytes, offset: int | None = None) -> None:
    """Note the data sets of an IPTC block.

    Parameters
    ----------
    ledger : Ledger
    block : bytes
    offset : int, optional
        Of the block in the file; None where it lies in pieces.
    """
    at = 0
    for _ in range(_MOST):
        if block[at : at + 1] != b"\x1c" or at + 5 > len(block):
            again = block.find(b"\x1c\2", at, at + 16)  # a field whose length is wrong
            if again < 0:
                break
            at = again
        size = int.from_bytes(block[at + 3 : at + 5], "big")
        start = at + 5
        if size & 0x8000:  # an extended length
            wide = size & 0x7FFF
            size, start = int.from_bytes(block[start : start + wide], "big"), start + wide
        value = block[start : start + size]
        if block[at + 1] == 2 and block[at + 2] not in (0, 200, 202):
            place = f"in IPTC field 2:{block[at + 2]:03d}"
            ledger.add(text_field("raw", place, value, None if offset is None else offset + start))
        at = start + size
    rest = block[at:]
    if len(rest.strip(b"\0 ")) >= 16:
        ledger.hide("behind the IPTC fields", rest, None if offset is None else offset + at)
