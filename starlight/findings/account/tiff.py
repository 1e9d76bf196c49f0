"""TIFF: directories, values, strips and tiles, and what none of them names (TIFF 6.0)."""

from __future__ import annotations

import struct
from collections.abc import Callable

from starlight.findings.account import exif
from starlight.findings.account.ledger import Ledger
from starlight.findings.contents import identify
from starlight.findings.contents.content import BYTES
from starlight.images.containers import Container, ifd

__all__ = ["account"]

_MAX_TAGS = 100_000
_UNCOMPRESSED = 1
_PIECES = (273, 279)
_VALUE = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}  # bytes, by type
_SPARE = 32  # bytes of a former directory beside its rows and values
_MOST_GAP = 4096  # bytes of values before a former directory


def account(ledger: Ledger, container: Container, inner: Callable) -> None:
    """Note the spans of a TIFF file.

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
    ledger.known("header", 0, 16 if data[2:4] in (b"+\0", b"\0+") else 8)
    found = list(ifd.walk(data, _MAX_TAGS, lambda _: None))
    for directory in found:
        _surplus(ledger, directory)
        at = directory.offset
        if ifd.is_tiff(data[at - 8 : at]):  # some writers begin each page like a file
            ledger.known("header", at - 8, at)
    for start, stop in exif.directories(ledger, data, 0, found, inner):
        ledger.known("directories and values", start, min(stop, len(data)))
    ledger.excuse = _former
    for name, offset, length in container.segments:
        ledger.known("picture data" if name == "data" else name, offset, offset + length)


def _surplus(ledger: Ledger, directory: ifd.Ifd) -> None:
    """Uncompressed strips that are longer than their rows need."""
    data = ledger.data

    def number(tag: int, default: int) -> int:
        entry = directory.get(tag)
        values = ifd.integers(data, entry, 1) if entry else ()
        return values[0] if values else default

    at, sizes = (directory.get(tag) for tag in _PIECES)
    if at is None or sizes is None or number(259, 1) != _UNCOMPRESSED or number(284, 1) != 1:
        return
    width, height, samples = number(256, 0), number(257, 0), number(277, 1)
    depth = number(258, 1)
    rows = number(278, height) or height
    row = (width * depth * samples + 7) // 8
    strips = list(zip(ifd.integers(data, at, 100_000), ifd.integers(data, sizes, 100_000), strict=False))
    for i, (offset, size) in enumerate(strips):
        needed = row * min(rows, height - i * rows)
        if number(262, 1) != 6 and 0 < needed < size:
            ledger.unknown("behind the rows of a strip", offset + needed, min(offset + size, len(data)))


def _former(gap: bytes) -> str:
    """A directory that a writer left where it was when it wrote a longer one elsewhere; empty for anything else."""
    if identify(gap).kind != BYTES:
        return ""
    for order in "<>":
        for at in range(0, min(len(gap) - 2, _MOST_GAP), 2):
            count = struct.unpack_from(order + "H", gap, at)[0]
            if 4 <= count <= 200 and at + 2 + 12 * count <= len(gap):
                rows = [struct.unpack_from(order + "HHI", gap, at + 2 + 12 * i) for i in range(count)]
                tags = [tag for tag, *_ in rows]
                values = sum(_VALUE.get(kind, 0) * number for _, kind, number in rows)
                room = len(gap) - 12 * count
                if tags == sorted(set(tags)) and all(kind in _VALUE for _, kind, _ in rows) and room <= values + _SPARE:
                    return "former directory"
    return ""
