"""Image file directories, the structure that TIFF, EXIF and MPF share (TIFF 6.0, section 2; BigTIFF)."""

from __future__ import annotations

import collections
import dataclasses
import struct
from collections.abc import Callable, Iterator

__all__ = ["POINTERS", "Entry", "Ifd", "integers", "is_tiff", "value", "walk"]

POINTERS = {0x014A: "sub", 0x8769: "exif", 0x8825: "gps", 0xA005: "interop"}
_MAX_POINTERS = 16
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_LETTERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}


@dataclasses.dataclass(frozen=True)
class Entry:
    """One tag: where its value lies (offset from the start of the block) and how many bytes it has."""

    tag: int
    type: int
    count: int
    offset: int
    size: int


@dataclasses.dataclass(frozen=True)
class Ifd:
    """One directory: `kind` is `main`, `sub`, `exif`, `gps` or `interop`."""

    kind: str
    offset: int
    end: int
    entries: tuple[Entry, ...]

    def get(self, tag: int) -> Entry | None:
        return next((entry for entry in self.entries if entry.tag == tag), None)


def is_tiff(block: bytes) -> bool:
    """Whether the block opens with a TIFF or BigTIFF header."""
    return block[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def walk(block: bytes, max_tags: int, note: Callable[[str], None]) -> Iterator[Ifd]:
    """All directories that can be reached, each once, in the order in which they are pointed to.

    Parameters
    ----------
    block : bytes
        From the TIFF header on.
    max_tags : int
        Entries and directories after which the walk ends.
    note : callable
        Is told of loops, cut directories and the like.
    """
    if not is_tiff(block) or len(block) < (16 if b"+" in block[2:4] else 8):
        note("no TIFF header in the block")
        return
    order, big = ("<" if block[:1] == b"I" else ">"), b"+" in block[2:4]
    first = struct.unpack_from(order + ("Q" if big else "I"), block, 8 if big else 4)[0]
    waiting = collections.deque([("main", first)] if first else [])
    seen: set[int] = set()
    tags = 0
    while waiting:
        kind, offset = waiting.popleft()
        if offset in seen:
            note("IFD loop")
            continue
        seen.add(offset)
        ifd, following = _directory(block, kind, offset, order, big, max_tags - tags, note)
        if ifd is None:
            continue
        tags += len(ifd.entries) + 1
        yield ifd
        if tags >= max_tags:
            note(f"over {max_tags} IFD entries")
            return
        waiting += [(kind, following)] if following else []
        for entry in ifd.entries:
            if entry.tag in POINTERS:
                waiting += [(POINTERS[entry.tag], at) for at in integers(block, entry, _MAX_POINTERS) if at]


def _directory(block, kind, offset, order, big, room, note) -> tuple[Ifd | None, int]:
    """The directory at `offset` and the offset of the one that follows in its chain."""
    head, row = (order + "Q", order + "HHQ") if big else (order + "H", order + "HHI")
    width, inline = (20, 8) if big else (12, 4)
    start = offset + struct.calcsize(head)
    if start > len(block):
        note("IFD outside of the block")
        return None, 0
    declared = struct.unpack_from(head, block, offset)[0]
    count = min(declared, (len(block) - start) // width, max(room, 0))
    if count < declared:
        note("IFD cut short")
    entries = []
    for at in range(start, start + count * width, width):
        tag, kind_of_value, length = struct.unpack_from(row, block, at)
        size = _SIZES.get(kind_of_value, 0) * length
        where = at + width - inline
        if size > inline:
            where = struct.unpack_from(order + ("Q" if big else "I"), block, where)[0]
        entries.append(Entry(tag, kind_of_value, length, where, size))
    end = start + count * width
    complete = count == declared and end + inline <= len(block)
    following = struct.unpack_from(order + ("Q" if big else "I"), block, end)[0] if complete else 0
    return Ifd(kind, offset, end + (inline if complete else 0), tuple(entries)), following


def value(block: bytes, entry: Entry) -> bytes:
    """Bytes of the value, cut where the block ends."""
    return block[entry.offset : entry.offset + entry.size]


def integers(block: bytes, entry: Entry, limit: int) -> tuple[int, ...]:
    """Whole numbers of a field.

    Parameters
    ----------
    block : bytes
        That the directory lies in.
    entry : Entry
    limit : int
        Most numbers.

    Returns
    -------
    tuple of int
        Empty where the field holds none.
    """
    letter = _LETTERS.get(entry.type)
    if letter is None:
        return ()
    order = "<" if block[:1] == b"I" else ">"
    room = max(0, len(block) - entry.offset) // _SIZES[entry.type]
    return struct.unpack_from(f"{order}{min(entry.count, room, limit)}{letter}", block, min(entry.offset, len(block)))
