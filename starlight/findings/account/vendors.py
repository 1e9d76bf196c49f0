"""What vendors' programs and devices append to a file, closed by a directory or a word of their own.

Layouts as ExifTool documents them (Samsung, Canon VRD, PhotoMechanic, FotoStation, AFCP, OnePlus, Vivo, Insta360).
"""

from __future__ import annotations

import struct

from starlight.findings.account.boxes import film
from starlight.findings.account.fields import binary_field
from starlight.findings.account.ledger import Ledger

__all__ = ["vendor_start"]

_MOST = 256


def vendor_start(ledger: Ledger, start: int) -> int:
    """Note vendors' blocks at the end of a file, the last first.

    Parameters
    ----------
    ledger : Ledger
    start : int
        Where the image ends; no block begins before it.

    Returns
    -------
    int
        Where the first of them begins; the file's length if there are none.
    """
    stop = len(ledger.data)
    for _ in range(8):
        before = stop
        for read in _READERS:
            stop = min(stop, read(ledger, start, stop))
        if stop == before:
            break
    return stop


def _samsung(ledger: Ledger, start: int, stop: int) -> int:
    """Blocks, their directory (SEFH), its length, SEFT. A block: two zeros, type, length of name, name, contents."""
    data = ledger.data
    if stop - start < 20 or data[stop - 4 : stop] != b"SEFT":
        return stop
    head = stop - 8 - int.from_bytes(data[stop - 8 : stop - 4], "little")
    if head < start or data[head : head + 4] != b"SEFH":
        return stop
    count = int.from_bytes(data[head + 8 : head + 12], "little")
    if not 0 < count <= _MOST or head + 12 + 12 * count > stop - 8:
        return stop
    first = head
    for i in range(count):
        _, kind, back, size = struct.unpack_from("<HHII", data, head + 12 + 12 * i)
        at = head - back
        if at < start or at + size > head or size < 8 or data[at : at + 4] != struct.pack("<HH", 0, kind):
            continue  # then nothing explains its bytes
        named = int.from_bytes(data[at + 4 : at + 8], "little")
        if named <= 64 and 8 + named <= size:
            _samsung_block(ledger, data[at + 8 : at + 8 + named].decode("latin-1"), at, at + 8 + named, at + size)
            first = min(first, at)
    ledger.known("Samsung directory", head, head + 12 + 12 * count)
    ledger.known("Samsung directory", stop - 8, stop)
    return first


def _samsung_block(ledger: Ledger, name: str, at: int, inside: int, stop: int) -> None:
    ledger.known(f"Samsung {name}", at, inside)
    if name.startswith("MotionPhoto_Data"):
        film(ledger, inside, stop)
        return
    ledger.add(binary_field("raw", f"in the Samsung block {name}", ledger.data[inside:stop], inside))
    ledger.known(f"Samsung {name}", inside, stop)


def _canon(ledger: Ledger, start: int, stop: int) -> int:
    """Canon VRD: a header of 28 bytes with the length of what lies before the footer of 64."""
    data, word = ledger.data, b"CANON OPTIONAL DATA\0"
    foot = stop - 64
    if foot < start or data[foot : foot + 20] != word:
        return stop
    size = int.from_bytes(data[foot + 20 : foot + 24], "big") + 28 + 64
    at = stop - size
    if at < start or data[at : at + 20] != word:
        return stop
    ledger.known("Canon VRD", at, stop)
    return at


def _footer(word: bytes, name: str, order: str, width: int, extra: int):
    """Blocks closed by their length and a word, or by a word and their length before it."""

    def read(ledger: Ledger, start: int, stop: int) -> int:
        data = ledger.data
        if stop - start < len(word) + width or data[stop - len(word) : stop] != word:
            return stop
        size = int.from_bytes(data[stop - len(word) - width : stop - len(word)], order) + extra
        if not len(word) + width <= size <= stop - start:
            return stop
        ledger.add(binary_field("raw", f"in the block of {name}", data[stop - size : stop - len(word)], stop - size))
        ledger.known(name, stop - size, stop)
        return stop - size

    return read


def _huawei(ledger: Ledger, start: int, stop: int) -> int:
    """A film, 20 bytes of version and times, and `LIVE_` with the length back to the film's start, padded to 20."""
    data = ledger.data
    word = data[stop - 20 : stop]
    if stop - start < 60 or not word.startswith(b"LIVE_"):
        return stop
    digits = word[5:].strip(b" \0")
    if not digits.isdigit():
        return stop
    for back in (int(digits), int(digits) + 20, int(digits) + 40):
        at = stop - back
        if at >= start and (end := film(ledger, at, stop - 20)) > at and stop - 20 - end <= 40:
            ledger.known("Huawei motion photograph", end, stop)
            return at
    return stop


_READERS = (
    _samsung,
    _canon,
    _footer(b"cbipcbbl", "PhotoMechanic", "big", 4, 12),
    _footer(b"\xa1\xb2\xc3\xd4", "FotoStation", "big", 4, 0),
    _huawei,
)
