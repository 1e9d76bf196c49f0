"""JPEG: segments, scans, and what stands behind the picture (ITU-T T.81; CIPA DC-007)."""

from __future__ import annotations

import struct
from collections.abc import Callable

from starlight.findings.account import app_segments
from starlight.findings.account.boxes import film
from starlight.findings.account.fields import binary_field
from starlight.findings.account.ledger import Ledger
from starlight.images.containers import Container

__all__ = ["account"]

_FIXED = {"SOI": 2, "EOI": 2, "DRI": 6, "DNL": 6}


def account(ledger: Ledger, container: Container, inner: Callable) -> None:
    """Note the spans of a JPEG file.

    Parameters
    ----------
    ledger : Ledger
    container : Container
    inner : callable
        `inner(ledger, start, stop, name)` notes a picture within the file; returns where it ends, or `start`.
    """
    segments, stop = _primary(container, len(ledger.data))
    ledger.end = stop
    for i, (name, offset, length) in enumerate(segments):
        following = segments[i + 1][1] if i + 1 < len(segments) else stop
        _segment(ledger, name, offset, length)
        if name == "SOS":
            ledger.known("scan data", offset + length, following)
    app_segments.note(ledger, segments, inner)
    for part in container.behind:
        if part.kind == "picture":
            inner(ledger, part.start, part.stop, part.name)
        elif part.kind == "film":
            film(ledger, part.start, part.stop)
        else:
            if part.kind == "vendor":
                place = f"in the block {part.name}"
                ledger.add(binary_field("raw", place, ledger.data[part.start : part.stop], part.start, even=True))
            ledger.known(part.name, part.start, part.stop)


def _primary(container: Container, size: int) -> tuple[list[tuple[str, int, int]], int]:
    """Segments of the first picture and where it ends."""
    names = [name for name, _, _ in container.segments]
    if "EOI" not in names:
        return list(container.segments), size
    last = names.index("EOI")
    _, offset, length = container.segments[last]
    return list(container.segments[: last + 1]), offset + length


def _segment(ledger: Ledger, name: str, offset: int, length: int) -> None:
    """Note a segment of tables or headers; bytes that its own counts leave over are unknown."""
    data, stop = ledger.data, offset + length
    if name in ("SOI", "EOI"):
        ledger.known(name, offset, stop)
        return
    start = stop - _body_length(data, offset, length)
    used = _used(name, data[start:stop])
    if used is not None and used < stop - start:
        ledger.unknown(f"in the {name} segment, behind what it holds", start + used, stop)
        stop = start + used
    if not name.startswith(("APP", "FF")) and name != "COM":
        ledger.known(name, offset, stop)


def _body_length(data: bytes, offset: int, length: int) -> int:
    at = offset
    while data[at] == 0xFF:
        at += 1
    return max(0, offset + length - at - 3)


def _used(name: str, body: bytes) -> int | None:
    """Bytes of a segment's contents that its own counts name; None where they name none."""
    try:
        if name.startswith("SOF"):
            return 6 + 3 * body[5]
        if name == "SOS":
            return 4 + 2 * body[0]
        if name == "DQT":
            return _tables(body, lambda head, _: 129 if head >> 4 else 65)
        if name == "DHT":
            return _tables(body, lambda _, at: 17 + sum(body[at + 1 : at + 17]))
    except (IndexError, struct.error):
        return None
    return _FIXED[name] - 4 if name in _FIXED else None


def _tables(body: bytes, size: Callable[[int, int], int]) -> int:
    """Bytes of all whole tables; a table's first byte holds class and slot, both under four."""
    at = 0
    while at < len(body) and body[at] >> 4 < 4 and body[at] & 15 < 4:
        after = at + size(body[at], at)
        if after > len(body):
            break
        at = after
    return at
