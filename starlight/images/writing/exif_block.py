"""A small writer of EXIF blocks: TIFF 6.0 image file directories (IFD), as EXIF 2.32 uses them.

`build` makes a block; `set_user_comment` puts one value into any block without moving what is there, because maker
notes point at absolute offsets.
"""

import struct
from dataclasses import dataclass, field

from starlight.errors import StarlightError
from starlight.images.writing.maker_notes import Layout

__all__ = [
    "EXIF_POINTER",
    "GPS_POINTER",
    "INTEROP_POINTER",
    "MAKER_NOTE",
    "USER_COMMENT",
    "Block",
    "ascii_",
    "build",
    "directory_values",
    "rational",
    "set_user_comment",
]

EXIF_POINTER = 0x8769
GPS_POINTER = 0x8825
INTEROP_POINTER = 0xA005
MAKER_NOTE = 0x927C
USER_COMMENT = 0x9286
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_ENTRY = 12
_MAX_ENTRIES = 1000
_EMPTY = {"<": b"II*\0\x08\0\0\0" + bytes(6), ">": b"MM\0*\0\0\0\x08" + bytes(6)}

Entry = tuple[int, bytes]  # (TIFF type, value in the block's byte order)


@dataclass
class Block:
    """The directories of an EXIF block, tag -> (type, value).

    Attributes
    ----------
    order : {"<", ">"}
        Little- or big-endian.
    zeroth, exif, gps, first : dict
        The main image's, the camera's, the position's and the thumbnail's directory.
    thumbnail : bytes
        JPEG of the thumbnail, or nothing.
    interop : dict
        The directory that the camera's one points to (EXIF 2.32, 4.6.3.3).
    layout, note : Layout, dict
        How the maker note begins, and the directory in it; none where the directory is empty.
    """

    order: str = "<"
    zeroth: dict[int, Entry] = field(default_factory=dict)
    exif: dict[int, Entry] = field(default_factory=dict)
    gps: dict[int, Entry] = field(default_factory=dict)
    first: dict[int, Entry] = field(default_factory=dict)
    thumbnail: bytes = b""
    interop: dict[int, Entry] = field(default_factory=dict)
    layout: Layout = Layout()
    note: dict[int, Entry] = field(default_factory=dict)


def ascii_(text: str) -> Entry:
    """Make an ASCII value, ended by NUL."""
    return 2, text.encode("ascii") + b"\0"


def rational(order: str, *pairs: tuple[int, int]) -> Entry:
    """Make an unsigned rational value out of (numerator, denominator) pairs."""
    return 5, b"".join(struct.pack(order + "II", *pair) for pair in pairs)


def build(block: Block) -> bytes:
    """Serialise a block: header, then each directory followed by its values.

    Returns
    -------
    bytes
        Starts with `II` or `MM`; without the `Exif` prefix of JPEG.
    """
    order = block.order
    zeroth, exif, first = dict(block.zeroth), dict(block.exif), dict(block.first)
    if block.note:
        exif[MAKER_NOTE] = (7, _note(block, 0))
    pointers = [(exif, INTEROP_POINTER, block.interop), (zeroth, EXIF_POINTER, exif), (zeroth, GPS_POINTER, block.gps)]
    for holder, tag, directory in pointers:  # to begin with, so that lengths are known
        if directory:
            holder[tag] = (4, bytes(4))
    pointers[:2] = pointers[1::-1]  # the camera's directory lies before the one it points to
    at = 8 + _length(zeroth)
    for holder, tag, directory in pointers:
        if directory:
            holder[tag], at = (4, struct.pack(order + "I", at)), at + _length(directory)
    if block.note:
        exif_at = struct.unpack(order + "I", zeroth[EXIF_POINTER][1])[0]
        exif[MAKER_NOTE] = (7, _note(block, _value_at(exif, MAKER_NOTE, exif_at)))
    if block.thumbnail:
        first |= {0x201: (4, bytes(4)), 0x202: (4, struct.pack(order + "I", len(block.thumbnail)))}
        first[0x201] = (4, struct.pack(order + "I", at + _length(first)))
    out = _EMPTY[order][:8] + _directory(order, zeroth, 8, at if first else 0)
    for holder, tag, directory in pointers:
        if directory:
            out += _directory(order, directory, struct.unpack(order + "I", holder[tag][1])[0], 0)
    if first:
        out += _directory(order, first, at, 0) + block.thumbnail
    return out


def set_user_comment(block: bytes, value: bytes) -> bytes:
    """Set UserComment in a serialised block, adding the directories it needs.

    What is there keeps its offset: a new camera directory goes to the end, and the pointer to it is patched.

    Parameters
    ----------
    block : bytes
        An EXIF block, or nothing.
    value : bytes
        Character code of 8 bytes and the comment.

    Returns
    -------
    bytes

    Raises
    ------
    StarlightError
        If the block is no TIFF structure.
    """
    block = block or _EMPTY["<"]
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        raise StarlightError("EXIF: the block starts with neither II nor MM")
    at = struct.unpack_from(order + "I", block, 4)[0]
    zeroth, following = _entries(order, block, at)
    pointer = zeroth.get(EXIF_POINTER)
    camera = _entries(order, block, struct.unpack_from(order + "I", pointer, 8)[0])[0] if pointer else {}
    out = bytearray(block + bytes(len(block) % 2))
    camera[USER_COMMENT] = struct.pack(order + "HHII", USER_COMMENT, 7, len(value), len(out))
    if len(value) <= 4:
        camera[USER_COMMENT] = camera[USER_COMMENT][:8] + value.ljust(4, b"\0")
    out += value + bytes(len(value) % 2)
    exif_at = len(out)
    out += _raw_directory(order, camera, 0)
    zeroth[EXIF_POINTER] = struct.pack(order + "HHII", EXIF_POINTER, 4, 1, exif_at)
    if pointer:
        slot = at + 2 + list(zeroth).index(EXIF_POINTER) * _ENTRY  # the file's own order, sorted or not
        out[slot : slot + _ENTRY] = zeroth[EXIF_POINTER]
    else:
        out[4:8] = struct.pack(order + "I", len(out))
        out += _raw_directory(order, zeroth, following)
    return bytes(out)


def directory_values(block: bytes, at: int) -> dict[int, bytes]:
    """Read the directory at an offset of a serialised block.

    Returns
    -------
    dict of int to bytes
        Raw values, cut where the block ends.

    Raises
    ------
    StarlightError
        If the directory lies outside the block.
    """
    order = "<" if block[:2] == b"II" else ">"
    values = {}
    for tag, row in _entries(order, block, at)[0].items():
        kind, count, offset = struct.unpack(order + "HII", row[2:])
        size = _SIZES.get(kind, 1) * count
        values[tag] = row[8 : 8 + size] if size <= 4 else block[offset : offset + size]
    return values


def _note(block: Block, at: int) -> bytes:
    """Maker note that begins at a byte of the block."""
    layout, order = block.layout, block.layout.order or block.order
    base = 0 if layout.base < 0 else at + layout.base
    return layout.head + _directory(order, block.note, at + len(layout.head) - base, 0)


def _value_at(directory: dict[int, Entry], tag: int, at: int) -> int:
    """Where a directory that begins at `at` holds a tag's value of more than four bytes."""
    before = [v for t, (_, v) in directory.items() if t < tag and len(v) > 4]
    return at + 6 + _ENTRY * len(directory) + sum(len(v) + len(v) % 2 for v in before)


def _length(directory: dict[int, Entry]) -> int:
    return 6 + sum(_ENTRY + (len(v) + len(v) % 2 if len(v) > 4 else 0) for _, v in directory.values())


def _directory(order: str, directory: dict[int, Entry], at: int, following: int) -> bytes:
    values_at = at + 6 + _ENTRY * len(directory)
    entries, values = b"", b""
    for tag in sorted(directory):
        kind, value = directory[tag]
        head = struct.pack(order + "HHI", tag, kind, len(value) // _SIZES[kind])
        if len(value) > 4:
            entries += head + struct.pack(order + "I", values_at + len(values))
            values += value + bytes(len(value) % 2)
        else:
            entries += head + value.ljust(4, b"\0")
    return struct.pack(order + "H", len(directory)) + entries + struct.pack(order + "I", following) + values


def _raw_directory(order: str, entries: dict[int, bytes], following: int) -> bytes:
    body = b"".join(entries[tag] for tag in sorted(entries))
    return struct.pack(order + "H", len(entries)) + body + struct.pack(order + "I", following)


def _entries(order: str, block: bytes, at: int) -> tuple[dict[int, bytes], int]:
    if at + 2 > len(block):
        raise StarlightError("EXIF: a directory lies outside the block")
    count = struct.unpack_from(order + "H", block, at)[0]
    end = at + 2 + count * _ENTRY
    if count > _MAX_ENTRIES or end > len(block):
        raise StarlightError("EXIF: a directory claims more entries than the block holds")
    rows = [block[i : i + _ENTRY] for i in range(at + 2, end, _ENTRY)]
    following = struct.unpack_from(order + "I", block, end)[0] if end + 4 <= len(block) else 0
    return {struct.unpack(order + "H", row[:2])[0]: row for row in rows}, following
