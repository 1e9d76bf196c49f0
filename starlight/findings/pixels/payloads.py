"""From the place where a text or a signature was found to the whole payload, without its framing."""

from __future__ import annotations

import numpy as np

from starlight.findings.pixels.codepoints import curve
from starlight.findings.pixels.endings import likely_end
from starlight.findings.pixels.extents import extent
from starlight.findings.pixels.lengths import frame
from starlight.findings.pixels.screen import LANGUAGE
from starlight.streams.readable import text
from starlight.streams.readable.text_models import PRINTABLE, log_odds
from starlight.techniques.readable.protocol import MARK

__all__ = ["before", "signed_payload", "text_payload"]

_PIECE = 4096  # bytes of a text that are judged at a time
_WIDE = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}
_TAIL = 24  # bytes that may be unlikely at the end of a text that a zero ends
_STEGPY = b"stegv3"


def text_payload(data: bytes, start: int, encoding: str, shown: bool = False) -> tuple[int, int]:
    """Where the payload around a text begins and ends.

    A count in front of it tells where it ends, if one fits; else its terminator, or where text becomes unlikely.

    Parameters
    ----------
    data : bytes
    start : int
        About where the text begins.
    encoding : str
        Such as `utf-8`.
    shown : bool
        Whether the bytes are what a picture shows: they may be printable behind the text, too.

    Returns
    -------
    begin, end : int
        First byte, and one past the last.
    """
    if encoding == "utf-8":
        start = _whole(data, start)
        stop = _end(data, start, LANGUAGE if shown else slice(None))
    else:
        stop = start + _end_of(data[start:], encoding)
    if data.startswith(_STEGPY):  # then a count, the length of a file's name, and that name
        begin = 11 + data[10]
        return begin, begin + int.from_bytes(data[6:10], "big")
    framed = frame(data, start, stop, _WIDE.get(encoding, 1))
    if framed:
        return framed
    marked = data[start : start + len(MARK)] == MARK
    return start + len(MARK) * marked, stop


def _whole(data: bytes, start: int) -> int:
    """First byte of a text whose first letters were taken for a header: nothing or zeros are in front of it."""
    at = start
    while at and start - at < 16 and PRINTABLE[data[at - 1]]:
        at -= 1
    return at if at == 0 or data[at - 1] == 0 else start


def before(data: bytes, at: int) -> int:
    """First byte of the text that a byte in the midst of it belongs to."""
    start = at - len(text.tail(data[:at], at))
    capital = data[start - 1 : start].isupper() and data[start : start + 1].islower()
    return start - 1 if start and capital else _whole(data, start)


def _end(data: bytes, start: int, models: list[int] | slice) -> int:
    """Where text in UTF-8 becomes unlikely, its terminating zero at the latest."""
    sums: np.ndarray | None = None
    best, end = -np.inf, start
    at = start
    while at < len(data):
        piece = np.frombuffer(data[at : at + _PIECE], np.uint8)
        steps = np.cumsum(log_odds(piece[None])[models, 0], axis=1, dtype=np.float64)
        steps += 0 if sums is None else sums[:, None]
        highest = float(steps.max())
        if highest <= best:
            break
        best = highest
        end = at + 1 + int(steps.max(axis=0).argmax())
        sums = steps[:, -1]
        at += len(piece)
        if at - end > _PIECE // 2:
            break
    zero = data.find(b"\0", start + 1, end + _TAIL)
    if 0 <= zero <= end or (zero > end and PRINTABLE[np.frombuffer(data[end:zero], np.uint8)].all()):
        return zero
    return likely_end(data, start, end)


def _end_of(data: bytes, encoding: str) -> int:
    """As `_end`, of bytes from the first of a text in another encoding on."""
    size = _PIECE
    while True:
        stop = int(curve(data[:size], encoding).argmax())
        if stop < size - 64 or size >= len(data):
            break
        size *= 8
    wide = _WIDE.get(encoding, 1)
    for at in range(0, min(stop + _TAIL, len(data)) - wide + 1, wide):
        if data[at : at + wide] == bytes(wide) and (at <= stop or _sound(data[stop:at], encoding)):
            return at
    return stop


def _sound(data: bytes, encoding: str) -> bool:
    """Whether bytes are printable characters in an encoding."""
    return data.decode(encoding, "replace").isprintable()


def signed_payload(data: bytes, start: int) -> tuple[int, int]:
    """Bounds of a payload whose signature is at `start`."""
    size = extent(data[start:])
    stop = len(data) if size is None else start + size
    if size is None:
        for width in (4, 2, 3, 8):
            for order in ("big", "little"):
                number = int.from_bytes(data[max(0, start - width) : start], order)
                for count in (number, number // 8):
                    if start >= width and 16 < count <= len(data) - start:
                        return start, start + count
    return start, stop
