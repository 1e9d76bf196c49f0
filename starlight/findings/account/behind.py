"""What stands behind a JPEG picture because the file says so: further pictures, films, vendors' blocks.

What is announced is read to its end. Where something else stands there, or more follows, nothing explains it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from starlight.findings.account.boxes import film
from starlight.findings.account.ledger import Ledger
from starlight.findings.account.vendors import vendor_start
from starlight.findings.account.xmp import Item, items, micro_video
from starlight.images.containers import Container

__all__ = ["announced"]

_SOI = b"\xff\xd8\xff"
_STILL = ("image/jpeg", "image/jpg")


def announced(ledger: Ledger, container: Container, end: int, inner: Callable) -> None:
    """Note what the file announces behind its first picture.

    Parameters
    ----------
    ledger : Ledger
    container : Container
        With the XMP, the EXIF block and the MPF index.
    end : int
        Where the first picture ends.
    inner : callable
        `inner(ledger, start, stop, name)` notes a picture within the file and returns where it ends, or `start`.
    """
    size = len(ledger.data)
    if end >= size:
        return
    stop = vendor_start(ledger, end)
    for offset, length in container.mpf:
        if offset >= end:
            inner(ledger, offset, min(offset + length, size) if length else size, "picture of the MPF index")
    listed = items(container.xmp)
    if listed:
        _listed(ledger, listed, end, stop, inner)
    back = micro_video(container.xmp)
    if back:
        _film(ledger, size - back, end, stop, back)
    _previews(ledger, container.exif, end, stop, inner)


def _film(ledger: Ledger, start: int, end: int, stop: int, length: int) -> None:
    """A film at its announced place, or, where bytes were added behind it, at the end of the picture."""
    for at in (start, end):
        if end <= at < stop and film(ledger, at, min(at + length, stop)) > at:
            return


def _listed(ledger: Ledger, listed: list[Item], end: int, stop: int, inner: Callable) -> None:
    """The files of a directory: one after another from the end of the first picture, or up to the end of the file."""
    primary = next((i for i in listed if i.semantic == "Primary"), listed[0])
    rest = [i for i in listed if i is not primary and i.length]
    total = sum(i.length + i.padding for i in rest)
    for anchor in dict.fromkeys((end + primary.padding, end, len(ledger.data) - total, stop - total)):
        if anchor >= end and rest and _begins(ledger.data, rest[0], anchor):
            break
    else:
        return
    ledger.known("padding", end, min(anchor, end + primary.padding))
    for item in rest:
        after = min(anchor + item.length, stop)
        if item.mime in _STILL:
            inner(ledger, anchor, after, item.semantic or "picture")
        elif _boxed(ledger.data, anchor):
            film(ledger, anchor, after)
        anchor += item.length + item.padding


def _begins(data: bytes, item: Item, at: int) -> bool:
    return data[at : at + 3] == _SOI if item.mime in _STILL else _boxed(data, at)


def _boxed(data: bytes, at: int) -> bool:
    return data[at + 4 : at + 8] in (b"ftyp", b"wide", b"mdat", b"moov")


def _previews(ledger: Ledger, block: bytes, end: int, stop: int, inner: Callable) -> None:
    """Pictures whose offset and length stand in the EXIF block: previews of maker notes. Some lack their first byte."""
    if not block:
        return
    data, base = ledger.data, ledger.data.find(block[:64])
    at = data.find(b"\xd8\xff", end, stop)
    for _ in range(8):
        if at <= end:
            return
        start = at - 1
        for order in "<>":
            if any(struct.pack(order + "I", start - origin) in block for origin in (0, base) if start > origin):
                inner(ledger, start, stop, "preview of the maker note")
                return
        at = data.find(b"\xd8\xff", at + 2, stop)
