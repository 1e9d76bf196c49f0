"""WEBP: RIFF chunks (RFC 9649)."""

from __future__ import annotations

from collections.abc import Callable

from starlight.findings.account import exif, icc, xmp
from starlight.findings.account.boxes import jumbf_end
from starlight.findings.account.ledger import Ledger
from starlight.images.containers import Container
from starlight.images.surplus import webp_surplus

__all__ = ["account"]

_SIZES = {"VP8X": 10, "ANIM": 6}
_MOST_FRAMES = 8  # of an animation, whose bitstreams are followed to their end
_FRAME = 16  # bytes of an animation frame's own fields


def account(ledger: Ledger, container: Container, inner: Callable) -> None:
    """Note the spans of a WEBP file.

    Parameters
    ----------
    ledger : Ledger
        Gets the spans and findings.
    container : Container
        Structure of the file.
    inner : callable
        (ledger, start, stop, name) -> end of the file that begins at `start`.
    """
    ledger.known("RIFF header", 0, 12)
    followed = 0
    for name, offset, length in container.segments:
        start, stop = offset + 8, offset + length
        if name == "ANMF":
            ledger.known("ANMF", offset, start + _FRAME)
            continue  # its chunks are noted by themselves
        followed += name in ("VP8 ", "VP8L")
        if followed <= _MOST_FRAMES or not name.startswith("VP8"):
            _chunk(ledger, name, start, stop, inner)
        ledger.known(name, offset, stop)
        if stop & 1 and stop < container.end and ledger.data[stop : stop + 1] == b"\0":
            ledger.known("padding", stop, stop + 1)


def _chunk(ledger: Ledger, name: str, start: int, stop: int, inner: Callable) -> None:
    data = ledger.data
    if name in _SIZES:
        ledger.unknown(f"in the {name} chunk, behind what it holds", start + _SIZES[name], stop)
    elif name == "EXIF":
        exif.account(ledger, start + 6 * (data[start : start + 6] == b"Exif\0\0"), stop, inner)
    elif name == "XMP ":
        xmp.note(ledger, data[start:stop], start)
    elif name == "ICCP":
        icc.note(ledger, data[start:stop], start)
    elif name == "C2PA":
        end = jumbf_end(data, start, stop)
        ledger.unknown("behind a provenance manifest" if end > start else "in a chunk of no known program", end, stop)
        ledger.note("in a C2PA chunk", data[start:end], "provenance manifest (C2PA)", start)
    elif name in ("VP8 ", "VP8L"):
        _bitstream(ledger, start, stop)
    elif name != "ALPH":
        ledger.unknown(f"in a chunk of no known program, {name!r}", start, stop)


def _bitstream(ledger: Ledger, start: int, stop: int) -> None:
    """A picture: what follows its last pixel is no part of it."""
    count = webp_surplus(ledger.data[start - 8 : stop])
    if len(set(ledger.data[stop - count : stop])) > 1:
        ledger.unknown("behind the picture in its chunk", stop - count, stop)
