"""Films behind pictures, and C2PA manifests in JUMBF: what lies inside their boxes."""

from __future__ import annotations

import numpy as np

from starlight.findings.account.fields import binary_field
from starlight.findings.account.ledger import Ledger
from starlight.findings.contents import identify
from starlight.findings.contents.content import BYTES, EMPTY, FILL
from starlight.images.containers.boxes import Box, boxes, film_boxes
from starlight.images.containers.samples import sample_spans

__all__ = ["film", "jumbf_end"]

_OWN_AFFAIR = (b"uuid", b"udta", b"meta", b"PICT", b"thum", b"pnot", b"emsg", b"sefd")
_HEAD = 1 << 16  # bytes of samples that are looked at
_ZIP_COMMENT = (1 << 16) + 22  # bytes behind an archive's directory, at most, and those of its end
_GAP, _MUCH = 16, 64  # bytes among samples that may be something, and that are it whatever they hold
_EMPTY = (b"free", b"skip", b"wide")


def film(ledger: Ledger, start: int, stop: int) -> None:
    """Note the boxes of a film; those that should be empty and are not hide something.

    Parameters
    ----------
    ledger : Ledger
    start, stop : int
        Offsets of the film in the file.
    """
    data, found = ledger.data, film_boxes(ledger.data, start, stop)
    told = _told(data, start, found)
    for kind, at, inside, after in found:
        word = kind.decode("latin-1")
        place = f"in the {word} box of a film"
        if kind in _EMPTY and identify(data[inside:after]).kind not in ("empty", "fill", "bytes"):
            ledger.unknown(place, inside, after)
        elif kind in _OWN_AFFAIR:
            body = data[inside + 16 * (kind == b"uuid") : after]
            ledger.add(binary_field("raw", place, body, inside, even=True))
        elif kind == b"mdat" and not _between(ledger, told, inside, after):
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


def _told(data: bytes, start: int, found: list[Box]) -> np.ndarray | None:
    """Spans of samples in the file, (n, 2), as the tables of a film have them; None where they do not say it."""
    tables = [sample_spans(data, at, after) for kind, at, _, after in found if kind == b"moov"]
    if any(kind == b"moof" for kind, *_ in found) or len(tables) != 1 or tables[0] is None or not len(tables[0]):
        return None
    media = [(inside, after) for kind, _, inside, after in found if kind == b"mdat"]
    for base in (start, 0):  # most count from where the film begins
        spans = tables[0] + base
        if all(any(low <= first and last <= high for low, high in media) for first, last in spans.tolist()):
            return spans
    return None


def _between(ledger: Ledger, told: np.ndarray | None, start: int, stop: int) -> bool:
    """Note bytes among samples that no table names, where they are more than padding; whether there are such."""
    if told is None:
        return False
    at, found = start, False
    for first, last in (*told[(told[:, 0] >= start) & (told[:, 1] <= stop)].tolist(), (stop, stop)):
        if first - at >= _GAP:
            content = identify(ledger.data[at : min(first, at + _HEAD)])
            if content.kind not in (EMPTY, FILL) and (content.kind != BYTES or first - at >= _MUCH):
                ledger.unknown("among the samples of a film, where no table names any", at, first)
                found = True
        at = max(at, last)
    return found


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
