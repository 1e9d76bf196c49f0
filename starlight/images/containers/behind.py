"""What stands behind a JPEG picture because the file says so: further pictures, films, vendors' blocks.

What is announced is read to its end. Where something else stands in its place, or more follows, nothing is listed.
Layouts: Google's GContainer and MicroVideo, and, as ExifTool documents them, Samsung's trailer, Canon VRD,
PhotoMechanic, Insta360, Vivo and Xiaomi, and previews that maker notes point to.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from starlight.images.containers.boxes import film_boxes

__all__ = ["Part", "announced"]

_SOI = b"\xff\xd8\xff"
_STILL = ("image/jpeg", "image/jpg")
_ITEM = re.compile(rb"<(?:\w+:)?Item\b([^>]*)>|<rdf:li\b[^>]*>\s*<rdf:Description\b([^>]*:(?:Mime|Semantic)=[^>]*)>")
_FIELD = re.compile(rb"(?:\w+:)?(Mime|Semantic|Length|Padding)\s*=\s*[\"']([^\"']*)[\"']")
_ELEMENT = re.compile(rb"<(?:\w+:)?(Mime|Semantic|Length|Padding)>([^<]*)<")
_OFFSET = re.compile(rb"MicroVideoOffset(?:\s*=\s*[\"']|>)\s*(\d{1,12})")
_DISTANCE = re.compile(rb"\boffset=(?:[\"']|&quot;)(\d{1,10})(?:[\"']|&quot;)\s+length=(?:[\"']|&quot;)(\d{1,10})")
_MOST = 256  # blocks of a vendor, items of a directory

PictureEnd = Callable[[int], int]


class Part(NamedTuple):
    """Bytes behind a picture.

    Attributes
    ----------
    kind : str
        `picture`, `film`, `vendor` (a block whose inside is its owner's affair) or `frame` (its own head or foot).
    name : str
    start, stop : int
    """

    kind: str
    name: str
    start: int
    stop: int


class _Item(NamedTuple):
    """A file that a directory in XMP lists, the first picture among them."""

    mime: str
    semantic: str
    length: int
    padding: int


def announced(data: bytes, end: int, xmp: bytes, exif: bytes, picture_end: PictureEnd) -> tuple[Part, ...]:
    """List what a file announces behind its picture, MPF aside.

    Parameters
    ----------
    data : bytes
        The file.
    end : int
        Where the picture ends.
    xmp, exif : bytes
        Its metadata.
    picture_end : callable
        Offset of a JPEG picture -> where it ends; 0 where there is none.
    """
    if end >= len(data):
        return ()
    parts = list(_vendors(data, end))
    stop = min((part.start for part in parts), default=len(data))
    parts += _listed(data, end, stop, _items(xmp), picture_end)
    parts += _xiaomi(data, end, stop, xmp)
    match = _OFFSET.search(xmp)
    if match:
        parts += _film(data, end, stop, int(match.group(1)))
    if exif and not parts:
        parts += _previews(data, end, exif, picture_end)
    return tuple(parts)


def _items(packet: bytes) -> list[_Item]:
    """Files of a GContainer directory in order; a field may be an attribute or an element."""
    starts, found = list(_ITEM.finditer(packet))[:_MOST], []
    for i, match in enumerate(starts):
        stop = starts[i + 1].start() if i + 1 < len(starts) else len(packet)
        fields = dict(_FIELD.findall(match.group(1) or match.group(2) or b""))
        fields = fields or dict(_ELEMENT.findall(packet[match.start() : stop]))
        mime, semantic = (fields.get(name, b"").decode("latin-1") for name in (b"Mime", b"Semantic"))
        found.append(_Item(mime, semantic, _number(fields.get(b"Length")), _number(fields.get(b"Padding"))))
    return found


def _number(text: bytes | None) -> int:
    return int(text) if text and text.strip().isdigit() and len(text) < 13 else 0


def _listed(data: bytes, end: int, stop: int, items: list[_Item], picture_end: PictureEnd) -> Iterator[Part]:
    """The files of a directory: one after another from the end of the picture, or up to the end of the file."""
    if not items:
        return
    primary = next((i for i in items if i.semantic == "Primary"), items[0])
    rest = [i for i in items if i is not primary and i.length]
    total = sum(i.length + i.padding for i in rest)
    anchors = (end + primary.padding, end, len(data) - total, stop - total)
    at = next((a for a in anchors if rest and a >= end and _begins(data, rest[0], a)), -1)
    if at < 0:
        return
    if end < at <= end + primary.padding:
        yield Part("frame", "padding", end, at)
    for item in rest:
        after = min(at + item.length, stop)
        if item.mime in _STILL:
            inside = picture_end(at) if data[at : at + 3] == _SOI else 0
            if at < inside <= after:
                yield Part("picture", item.semantic or "picture", at, inside)
        elif found := film_boxes(data, at, after):
            yield Part("film", "film", at, found[-1][3])
        at += item.length + item.padding


def _begins(data: bytes, item: _Item, at: int) -> bool:
    return data[at : at + 3] == _SOI if item.mime in _STILL else bool(film_boxes(data, at, len(data)))


def _film(data: bytes, end: int, stop: int, length: int) -> Iterator[Part]:
    """A film at its announced place, or, where bytes were added behind it, at the end of the picture."""
    for at in (len(data) - length, end):
        if end <= at < stop and (found := film_boxes(data, at, min(at + length, stop))):
            yield Part("film", "film", at, found[-1][3])
            return


def _xiaomi(data: bytes, end: int, stop: int, xmp: bytes) -> Iterator[Part]:
    """Pictures and tables whose distance from the end of the file, and length, stand in Xiaomi's XMP."""
    for match in list(_DISTANCE.finditer(xmp))[:_MOST]:
        at = len(data) - int(match.group(1))
        if end <= at <= at + int(match.group(2)) <= stop:
            yield Part("vendor", "Xiaomi", at, at + int(match.group(2)))


def _previews(data: bytes, end: int, block: bytes, picture_end: PictureEnd) -> Iterator[Part]:
    """A picture whose offset stands in the EXIF block, as maker notes have it. Minolta's lacks its first byte."""
    base, at = data.find(block[:64]), data.find(b"\xd8\xff", end)
    for _ in range(8):
        start = at - 1
        if at <= end:
            return
        words = {struct.pack(o + "I", start - origin) for o in "<>" for origin in (0, base) if start > origin}
        if any(word in block for word in words):
            stop = picture_end(start)
            if stop:
                yield Part("picture", "preview", start, stop)
            return
        at = data.find(b"\xd8\xff", at + 2)


def _vendors(data: bytes, start: int) -> Iterator[Part]:
    """Blocks at the end of a file that a directory or a word of their own closes, the last first."""
    stop = len(data)
    for read in (_samsung, _canon, _photo_mechanic, _huawei, _insta360, _vivo, _samsung):
        parts = list(read(data, start, stop))
        yield from parts
        stop = min((part.start for part in parts), default=stop)


def _samsung(data: bytes, start: int, stop: int) -> Iterator[Part]:
    """Blocks, their directory (SEFH), its length, SEFT. A block: two zeros, type, length of name, name, contents."""
    head = stop - 8 - int.from_bytes(data[stop - 8 : stop - 4], "little")
    if stop - start < 20 or data[stop - 4 : stop] != b"SEFT" or head < start or data[head : head + 4] != b"SEFH":
        return
    count = int.from_bytes(data[head + 8 : head + 12], "little")
    if not 0 < count <= _MOST or head + 12 + 12 * count > stop - 8:
        return
    yield Part("frame", "Samsung directory", head, head + 12 + 12 * count)
    yield Part("frame", "Samsung directory", stop - 8, stop)
    for i in range(count):
        tag, back, size = struct.unpack_from("<III", data, head + 12 + 12 * i)
        at = head - back
        if not start <= at <= at + size <= head or size < 8 or data[at : at + 4] != struct.pack("<I", tag):
            continue  # then nothing explains its bytes
        inside = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        if inside > at + size:
            continue
        name = "Samsung " + data[at + 8 : min(inside, at + 72)].decode("latin-1")
        yield Part("frame", name, at, inside)
        found = film_boxes(data, inside, at + size)
        if "MotionPhoto_Data" in name and found:
            yield Part("film", "film", inside, found[-1][3])
        elif "MotionPhoto_Data" not in name:
            yield Part("vendor", name, inside, at + size)


def _canon(data: bytes, start: int, stop: int) -> Iterator[Part]:
    """Canon VRD: a header of 28 bytes, and a footer of 64 with the length of what lies between them."""
    word, foot = b"CANON OPTIONAL DATA\0", stop - 64
    if foot < start or data[foot : foot + 20] != word:
        return
    at = foot - 28 - int.from_bytes(data[foot + 20 : foot + 24], "big")
    if at >= start and data[at : at + 20] == word:
        yield Part("vendor", "Canon VRD", at, stop)


def _photo_mechanic(data: bytes, start: int, stop: int) -> Iterator[Part]:
    """Closed by its length and a word."""
    size = int.from_bytes(data[stop - 12 : stop - 8], "big")
    if stop - start >= 12 and data[stop - 8 : stop] == b"cbipcbbl" and 12 + size <= stop - start:
        yield Part("vendor", "PhotoMechanic", stop - 12 - size, stop)


def _insta360(data: bytes, start: int, stop: int) -> Iterator[Part]:
    """Records, closed by 78 bytes with their length and a word of 32 digits."""
    size = int.from_bytes(data[stop - 40 : stop - 36], "little")
    if data[stop - 32 : stop] == b"8db42d694ccc418790edff439fe026bf" and 78 <= size <= stop - start:
        yield Part("vendor", "Insta360", stop - size, stop)


def _vivo(data: bytes, start: int, stop: int) -> Iterator[Part]:
    """JSON behind the maker's name, closed by a fixed word."""
    at = data.find(b'vivo{"', max(start, stop - (1 << 16)), stop)
    if at >= 0 and data.endswith(b"\x1b*9HWfu\x84\x93\xa2\xb1"):
        yield Part("vendor", "Vivo", at, stop)


def _huawei(data: bytes, start: int, stop: int) -> Iterator[Part]:
    """A film, a line of version and times, and `LIVE_` with the length back to the film's start, padded to 20."""
    word = data[stop - 20 : stop]
    digits = word[5:].strip(b" \0")
    if stop - start < 60 or not word.startswith(b"LIVE_") or not digits.isdigit():
        return
    for back in (int(digits), int(digits) + 20, int(digits) + 40):
        at = stop - back
        found = film_boxes(data, at, stop - 20) if at >= start else []
        if found and stop - 20 - found[-1][3] <= 40:
            yield Part("film", "film", at, found[-1][3])
            yield Part("frame", "Huawei motion photograph", found[-1][3], stop)
            return
