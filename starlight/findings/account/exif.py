"""EXIF blocks: fields of text, the user comment, maker notes, thumbnails, and what lies between them (CIPA DC-008)."""

from __future__ import annotations

from collections.abc import Callable

from starlight.findings.account import icc, photoshop, xmp
from starlight.findings.account.fields import binary_field, text_field, user_comment
from starlight.findings.account.ledger import Ledger
from starlight.findings.contents import identify
from starlight.images.containers import ifd

__all__ = ["account", "directories"]

_NAMES = {0x010E: "ImageDescription", 0x010F: "Make", 0x0110: "Model", 0x0131: "Software", 0x013B: "Artist",
          0x8298: "Copyright", 0x9C9B: "XPTitle", 0x9C9C: "XPComment", 0x9C9D: "XPAuthor", 0x9C9E: "XPKeywords",
          0x9C9F: "XPSubject", 0xA420: "ImageUniqueID", 0x9286: "UserComment", 0x927C: "MakerNote",
          0x001B: "GPSProcessingMethod", 0x001C: "GPSAreaInformation"}  # fmt: skip
_NOTED = frozenset(_NAMES) - {0x010F, 0x0110, 0xA420}  # the make and model, dates and numbers are nobody's note
_WIDE = range(0x9C9B, 0x9CA0)
_COMMENT, _MAKER, _THUMB_AT, _THUMB_SIZE = 0x9286, 0x927C, 0x0201, 0x0202
_XMP, _IPTC, _IRB, _ICC = 0x02BC, 0x83BB, 0x8649, 0x8773
_ASCII, _OPAQUE = 2, (1, 7)
_WORTH = 64  # bytes of a binary value from which it is looked at
_CODED = (0x001B, 0x001C)
_MAX_TAGS = 5000


def account(ledger: Ledger, start: int, stop: int, inner: Callable) -> None:
    """Note what an EXIF block holds.

    Parameters
    ----------
    ledger : Ledger
    start, stop : int
        Offsets of the block in the file.
    inner : callable
        (ledger, start, stop, name) -> end of the file that begins at `start`.
    """
    block = ledger.data[start:stop]
    if not ifd.is_tiff(block):
        if block.strip(b"\0 \xff"):
            ledger.hide("where an EXIF block should be", block, start, technique="exif")
        return
    found = list(ifd.walk(block, _MAX_TAGS, lambda _: None))
    used = directories(ledger, block, start, found, inner)
    _gaps(ledger, block, start, used)


def directories(
    ledger: Ledger, block: bytes, base: int, found: list[ifd.Ifd], inner: Callable
) -> list[tuple[int, int]]:
    """Note the fields of directories.

    Parameters
    ----------
    ledger : Ledger
    block : bytes
    base : int
        Offset of the block in the file.
    found : list of Ifd
    inner : callable
        (ledger, start, stop, name) -> end of the file that begins at `start`.

    Returns
    -------
    list of (int, int)
        First byte, and one past the last, of each stretch of the block that they use.
    """
    used = [(0, 8)]
    places = [directory.offset for directory in found]
    for directory in found:
        used.append((directory.offset, directory.end))
        for entry in directory.entries:
            stop = entry.offset + entry.size
            used.append((entry.offset, stop))
            if not any(entry.offset <= at < stop for at in places):  # else its type or its length is broken
                _entry(ledger, block, base, directory, entry)
        at, size = directory.get(_THUMB_AT), directory.get(_THUMB_SIZE)
        if at is not None and size is not None:
            where, length = (ifd.integers(block, e, 1) for e in (at, size))
            if where and length:
                used.append((where[0], where[0] + length[0]))
                _thumbnail(ledger, base + where[0], min(base + where[0] + length[0], base + len(block)), inner)
    return used


def _entry(ledger: Ledger, block: bytes, base: int, directory: ifd.Ifd, entry: ifd.Entry) -> None:
    value, at = ifd.value(block, entry), base + entry.offset
    place = f"in the EXIF field {_NAMES.get(entry.tag, hex(entry.tag))}"
    if entry.tag == _COMMENT:
        ledger.add(user_comment(value, at))
    elif entry.tag == _XMP:
        xmp.note(ledger, value, at)
    elif entry.tag == _ICC:
        icc.note(ledger, value, at)
    elif entry.tag == _IRB:
        photoshop.note(ledger, value, at)
    elif entry.tag == _IPTC:
        photoshop.iptc(ledger, value, at)
    elif entry.tag in _WIDE or (entry.type == _ASCII and entry.size > 4):
        found = text_field("exif", place, value, at)
        if found is not None and (found.hidden or entry.tag in _NOTED):
            ledger.add(found)
    elif directory.kind == "gps" and entry.tag in _CODED:
        ledger.add(text_field("exif", place, value[8:], at + 8))
    elif entry.type in _OPAQUE and entry.size >= _WORTH:
        headed = entry.tag == _MAKER and value[:4].isascii() and value[:4].isalnum()  # then packed as its maker likes
        ledger.add(binary_field("exif", place, value, at, even=headed))


def _thumbnail(ledger: Ledger, start: int, stop: int, inner: Callable) -> None:
    """A thumbnail, and what stands behind it where its length says that it goes on."""
    end = inner(ledger, start, stop, "thumbnail")
    rest = ledger.data[max(end, start) : stop]
    content = identify(rest)
    if content.signed or (content.kind in ("script", "base64", "text") and len(rest) >= _WORTH // 2):
        place = "behind the thumbnail" if end > start else "where a thumbnail should be"
        ledger.hide(place, rest, max(end, start))


def _gaps(ledger: Ledger, block: bytes, base: int, used: list[tuple[int, int]]) -> None:
    """What no field names. Maker notes point outside of themselves, so that binary tables there are ordinary."""
    end = 0
    for at, stop in [*sorted(used), (len(block), len(block))]:
        gap = block[end:at] if at > end else b""
        if len(gap.strip(b"\0\xff ")) >= 8:
            ledger.add(binary_field("exif", "between the EXIF fields", gap.strip(b"\0"), base + end, even=True))
        end = max(end, stop)
