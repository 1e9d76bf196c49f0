"""A count in front of a payload that says how long it is: what open tools and home-made ones write first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from starlight.streams.readable.text_models import PRINTABLE

__all__ = ["Framed", "frame"]

_WIDTHS = (8, 4, 3, 2, 1)  # bytes of a binary count
_DECIMAL = re.compile(rb"(\d{1,10})[:;,|#\n ]")
_SLACK = 3  # bytes by which the end of a text may have been misjudged
_NAMED = (b"stealth_pnginfo", b"stealth_pngcomp", b"stealth_rgbinfo", b"stealth_rgbcomp")  # then a count of bits

Framed = tuple[int, int]  # first byte of the payload, and one past its last


def frame(data: bytes, start: int, stop: int, wide: int = 1) -> Framed | None:
    """Bounds of a payload by a count of its bytes, bits or characters that stands in front of it.

    Parameters
    ----------
    data : bytes
    start, stop : int
        Where it seems to begin and to end.
    wide : int
        Bytes of a character.

    Returns
    -------
    (int, int) or None
        None where no count fits.
    """
    for name in _NAMED:
        if data.startswith(name):
            bits = int.from_bytes(data[15:19], "big")
            return (19, 19 + bits // 8) if bits % 8 == 0 and 19 + bits // 8 <= len(data) else None
    told = _DECIMAL.match(data[start : start + 12])
    if told:
        begin = start + told.end()
        for size in (int(told[1]), wide * int(told[1])):
            if abs(begin + size - stop) <= _SLACK and begin + size <= len(data) and size:
                return begin, begin + size
    fits = [bounds for bounds in _binary(data, start, wide) if -1 <= stop - bounds[1] <= _SLACK]
    # Of two counts that share bytes, such as 158 in one byte and in two, the one that the text begins behind.
    return min(fits, key=lambda bounds: abs(stop - bounds[1]) + abs(start - bounds[0]), default=None)


def _binary(data: bytes, start: int, wide: int) -> Iterator[Framed]:
    """Bounds of what binary counts of all kinds that end about `start` announce, the widest counts first.

    A single letter that a text begins with is no count of those behind it, though in one text of twenty it fits.
    """
    for width in _WIDTHS:
        for begin in range(max(width, start - 1), start + width + 1):
            if width == 1 and begin > start and PRINTABLE[data[begin - 1]]:
                continue
            for order in ("big", "little"):
                number = int.from_bytes(data[begin - width : begin], order)
                for size in (number, number // 8 if number % 8 == 0 else 0, number * wide):
                    if 2 * width < size <= len(data) - begin:
                        yield begin, begin + size
