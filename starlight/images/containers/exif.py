"""EXIF blocks: how many tags there are, and the user comment (JEITA CP-3451, section 4.6)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from starlight.images.containers import ifd

__all__ = ["PREFIX", "Tags", "read"]

PREFIX = b"Exif\0\0"
_USER_COMMENT = 0x9286
_MAX_TAGS = 20_000  # a camera writes some hundreds; overlapping directories could name millions


@dataclasses.dataclass(frozen=True)
class Tags:
    """`fields` counts the tags of all directories; maker notes are not opened."""

    fields: int
    user_comment: bytes
    problems: tuple[str, ...]


def read(block: bytes) -> Tags:
    """Read a TIFF-structured EXIF block.

    Parameters
    ----------
    block : bytes
        Without the leading `Exif\\0\\0`; may be empty or broken, which is noted and never an error.
    """
    if not block:
        return Tags(0, b"", ())
    problems: dict[str, None] = {}
    note = problems.setdefault
    tags = count(block, list(ifd.walk(block, _MAX_TAGS, note)), note)
    return dataclasses.replace(tags, problems=tuple(problems))


def count(block: bytes, directories: list[ifd.Ifd], note: Callable[[str], None]) -> Tags:
    """The same for directories that were walked already. The comment is found in whatever directory holds it."""
    comment = b""
    for directory in directories:
        entry = directory.get(_USER_COMMENT)
        if entry is None or comment:
            continue
        comment = ifd.value(block, entry)
        if len(comment) < entry.size:
            note("user comment runs past its block")
    return Tags(sum(len(d.entries) for d in directories), comment, ())
