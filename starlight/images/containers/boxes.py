"""ISO base media boxes (ISO/IEC 14496-12, and QuickTime before it): where a film ends."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["Box", "boxes", "film_boxes"]

_TOP = frozenset((
    b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid", b"moof", b"mfra", b"sidx", b"styp", b"meta",
    b"udta", b"ssix", b"prft", b"emsg", b"PICT", b"thum", b"idat", b"mvex", b"sefd", b"mpvd",
))  # fmt: skip
_FIRST = (b"ftyp", b"wide", b"mdat", b"moov", b"styp")
_MOST = 10_000

Box = tuple[bytes, int, int, int]


def boxes(data: bytes, start: int, stop: int) -> Iterator[Box]:
    """Boxes one after another, as long as they fit.

    Parameters
    ----------
    data : bytes
    start, stop : int
        Offsets between which they lie.

    Yields
    ------
    (bytes, int, int, int)
        Type, offset, offset of the contents, and end.
    """
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


def film_boxes(data: bytes, start: int, stop: int) -> list[Box]:
    """Boxes of a film, or of a picture in boxes, that begins at `start`; none where there is none.

    It has what every film has: samples and what describes them. The list ends where no box of a film follows.

    Parameters
    ----------
    data : bytes
    start, stop : int
        Offset at which it begins, and up to which it may reach.
    """
    if data[start + 4 : start + 8] not in _FIRST:
        return []
    found: list[Box] = []
    for box in boxes(data, start, stop):
        if box[0] not in _TOP:
            break
        found.append(box)
    kinds = {kind for kind, *_ in found}
    whole = kinds & {b"mdat", b"idat", b"moof"} and kinds & {b"moov", b"moof", b"meta"}
    return found if whole else []
