"""ISO base media boxes (ISO/IEC 14496-12, and QuickTime before it): films behind pictures, C2PA manifests in JUMBF."""

from __future__ import annotations

from collections.abc import Iterator

from starlight.findings.account.fields import binary_field
from starlight.findings.account.ledger import Ledger
from starlight.findings.contents import identify

__all__ = ["film", "jumbf_end", "walk_boxes"]

_TOP = frozenset((b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid", b"moof", b"mfra", b"sidx",
                  b"styp", b"meta", b"udta", b"ssix", b"prft", b"emsg", b"PICT", b"thum", b"idat", b"mvex"))  # fmt: skip
_OWN_AFFAIR = (b"uuid", b"udta", b"meta", b"PICT", b"thum", b"pnot", b"emsg")
_EMPTY = (b"free", b"skip", b"wide")
_MOST = 10_000


def walk_boxes(data: bytes, start: int, stop: int) -> Iterator[tuple[bytes, int, int, int]]:
    """Type, offset, offset of the contents and end of the boxes from `start` on, as long as they fit."""
    for _ in range(_MOST):
        if start + 8 > stop:
            return
        size, kind, head = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = stop - start
        if size < head or start + size > stop:
            return
        yield kind, start, start + head, start + size
        start += size


def film(ledger: Ledger, start: int, stop: int, name: str = "film") -> int:
    """Note the boxes of a film or of a picture in boxes.

    Returns
    -------
    int
        Where what reads as one ends; `start` where there is none.
    """
    data, found, end = ledger.data, [], start
    for kind, at, inside, after in walk_boxes(data, start, stop):
        if kind not in _TOP:
            break
        found.append((kind, at, inside, after))
        end = after
    kinds = {kind for kind, *_ in found}
    begins = bool(found) and found[0][0] in (b"ftyp", b"wide", b"mdat", b"moov")
    if not begins or not kinds & {b"mdat", b"idat", b"moof"} or not kinds & {b"moov", b"moof", b"meta"}:
        return start
    for kind, at, inside, after in found:
        place = f"in the {kind.decode('latin-1')} box of a {name}"
        if kind in _EMPTY and identify(data[inside:after]).kind not in ("empty", "fill", "bytes"):
            ledger.unknown(place, inside, after)
            after = inside
        elif kind in _OWN_AFFAIR:
            ledger.add(binary_field("raw", place, data[inside + 16 * (kind == b"uuid") : after], inside))
        ledger.known(f"{name}: {kind.decode('latin-1')}", at, after)
    return end


def jumbf_end(data: bytes, start: int, stop: int) -> int:
    """Where the superboxes of JUMBF (ISO/IEC 19566-5) end; `start` where there are none."""
    for kind, _, inside, after in walk_boxes(data, start, stop):
        if kind != b"jumb" or data[inside + 4 : inside + 8] != b"jumd":
            break
        start = after
    return start
