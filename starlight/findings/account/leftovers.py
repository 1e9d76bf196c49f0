"""What programs, transfers and file systems leave between structures, and behind a file, without anybody's will."""

from __future__ import annotations

import re

from starlight.findings.contents import identify
from starlight.findings.contents.content import FILL

__all__ = ["harmless"]

_FEWEST = 4  # bytes under which the end of a line may be any
_ENDS = frozenset((b"\n", b"\r\n", b"\n\n", b"\r\n\r\n", b"\x1a", b"\r\n\x1a"))  # what transfers as text append
_CLUSTER, _SECTOR = 4096, 512  # bytes, of file systems
_SECTORS = re.compile(rb"\0*\xff*\0*")  # zeros to the end of a sector, then of a card that was never written


def harmless(body: bytes, offset: int, *, alone: bool, last: bool) -> str:
    """What some bytes are that no structure explains: padding, a line's end, or what a file system left.

    Parameters
    ----------
    body : bytes
    offset : int
        Of the bytes in their file.
    alone : bool
        Whether that file lies in no other.
    last : bool
        Whether it does, and they lie behind the image and end the file.

    Returns
    -------
    str
        Empty for anything else.
    """
    if alone and len(body) < _FEWEST and body in _ENDS:
        return "line end"
    content = identify(body) if len(body) < 64 or body[:64].count(body[0]) == 64 else None
    if content is not None and content.kind == FILL and body[0] in (0, 0xFF, 0x20):
        return "padding"
    if body[:1] == b"\0" and _SECTORS.fullmatch(body):
        return "padding"
    if body in _ENDS:
        return "line end"
    return "slack of a file system" if last and _slack(body, offset) else ""


def _slack(body: bytes, offset: int) -> bool:
    """Whether a recovered file ends like this: zeros to the end of a sector, older data to that of a cluster."""
    first = -offset % _SECTOR
    if (offset + len(body)) % _CLUSTER or not 0 < first <= len(body) or any(body[:first]):
        return False
    content = identify(body[first:].lstrip(b"\0"))
    return content.kind not in ("archive", "program", "key", "document")
