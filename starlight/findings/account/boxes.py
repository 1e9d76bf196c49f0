"""Films behind pictures, and C2PA manifests in JUMBF: what lies inside their boxes."""

from __future__ import annotations

from starlight.findings.account.fields import binary_field
from starlight.findings.account.ledger import Ledger
from starlight.findings.contents import identify
from starlight.images.containers.boxes import boxes, film_boxes

__all__ = ["film", "jumbf_end"]

_OWN_AFFAIR = (b"uuid", b"udta", b"meta", b"PICT", b"thum", b"pnot", b"emsg", b"sefd")
_EMPTY = (b"free", b"skip", b"wide")


def film(ledger: Ledger, start: int, stop: int) -> None:
    """Note the boxes of a film; those that should be empty and are not hide something.

    Parameters
    ----------
    ledger : Ledger
    start, stop : int
        Offsets of the film in the file.
    """
    data = ledger.data
    for kind, at, inside, after in film_boxes(data, start, stop):
        word = kind.decode("latin-1")
        place = f"in the {word} box of a film"
        if kind in _EMPTY and identify(data[inside:after]).kind not in ("empty", "fill", "bytes"):
            ledger.unknown(place, inside, after)
        elif kind in _OWN_AFFAIR:
            ledger.add(binary_field("raw", place, data[inside + 16 * (kind == b"uuid") : after], inside))
        ledger.known(f"film: {word}", at, after)


def jumbf_end(data: bytes, start: int, stop: int) -> int:
    """Where the superboxes of JUMBF (ISO/IEC 19566-5) end; `start` where there are none.

    Parameters
    ----------
    data : bytes
    start, stop : int
        Offsets between which they may lie.
    """
    for kind, _, inside, after in boxes(data, start, stop):
        if kind != b"jumb" or data[inside + 4 : inside + 8] != b"jumd":
            break
        start = after
    return start
