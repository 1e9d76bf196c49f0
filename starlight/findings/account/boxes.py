"""Films behind pictures, and C2PA manifests in JUMBF: what lies inside their boxes."""

from __future__ import annotations

from starlight.findings.account.fields import binary_field
from starlight.findings.account.ledger import Ledger
from starlight.findings.contents import identify
from starlight.images.containers.boxes import boxes, film_boxes

__all__ = ["film", "jumbf_end"]

_OWN_AFFAIR = (b"uuid", b"udta", b"meta", b"PICT", b"thum", b"pnot", b"emsg", b"sefd")
_HEAD = 1 << 16  # bytes of samples that are looked at
_ZIP_COMMENT = (1 << 16) + 22  # bytes behind an archive's directory, at most, and those of its end
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
            body = data[inside + 16 * (kind == b"uuid") : after]
            ledger.add(binary_field("raw", place, body, inside, even=True))
        elif kind == b"mdat":
            _media(ledger, inside, after)
        ledger.known(f"film: {word}", at, after)


def _media(ledger: Ledger, start: int, stop: int) -> None:
    """Samples are their codec's affair; a file in their place, or an archive at their end, is none."""
    data = ledger.data
    content = identify(data[start : min(stop, start + _HEAD)])
    if content.signed or content.kind in ("text", "script", "base64"):
        ledger.unknown("where the samples of a film should be", start, stop)
        return
    end = data.rfind(b"PK\5\6", max(start, stop - _ZIP_COMMENT), stop)
    if end < 0 or end + 22 > stop:
        return
    size, offset = (int.from_bytes(data[end + i : end + i + 4], "little") for i in (12, 16))
    first = end - size - offset
    if start <= first and data[end - size : end - size + 4] == b"PK\1\2" and data[first : first + 4] == b"PK\3\4":
        ledger.unknown("among the samples of a film", first, stop)


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
