"""TIFF and BigTIFF: pages, strips and tiles (TIFF 6.0)."""

from __future__ import annotations

from starlight.errors import BadImage
from starlight.images.containers import exif, ifd
from starlight.images.containers.model import Container, Walk

__all__ = ["matches", "parse"]

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _EXTRA = 256, 257, 258, 259, 262, 277, 338
_PIECES = ((273, 279), (324, 325), (513, 514))  # offsets and byte counts of strips, tiles, an old-style JPEG stream
_ICC, _XMP = 34675, 700
_LOSSY = (6, 7, 33003, 33005, 34712, 34892, 34927, 50001, 50002)  # JPEG, JPEG 2000, WEBP and the like
_MODES = {0: "L", 1: "L", 2: "RGB", 3: "P", 5: "CMYK", 6: "RGB", 8: "LAB"}


def matches(data: bytes) -> bool:
    return ifd.is_tiff(data)


def parse(walk: Walk) -> Container:
    """Walk all directories; the image ends where the last thing that one of them points to does."""
    data = walk.data
    directories, end = [], 8
    for directory in ifd.walk(data, walk.limits.max_segments, walk.problem):
        directories.append(directory)
        walk.segment(directory.kind, directory.offset, directory.end - directory.offset)
        if directory.kind == "main":
            walk.frame()
        end = max(end, directory.end, _reach(walk, directory))
    pages = [d for d in directories if d.kind == "main"]
    if not pages:
        raise BadImage("truncated TIFF: no directory")
    tags = exif.count(data, directories, walk.problem)
    if end > len(data):
        walk.problem("image data run past the end of the file")
    facts = _page(walk, pages[0])
    return walk.container(
        end=min(end, len(data)), format="tiff", exif_fields=tags.fields, user_comment=tags.user_comment, **facts
    )


def _reach(walk: Walk, directory: ifd.Ifd) -> int:
    """Offset one past the farthest value, strip or tile of a directory."""
    data, end = walk.data, 0
    walk.check_time()
    for entry in directory.entries:
        end = max(end, entry.offset + entry.size)
    for where, sizes in _PIECES:
        at, length = directory.get(where), directory.get(sizes)
        if at is None or length is None:
            continue
        limit = walk.limits.max_segments
        for offset, size in zip(ifd.integers(data, at, limit), ifd.integers(data, length, limit), strict=False):
            walk.segment("data", offset, size)
            end = max(end, offset + size)
    return end


def _page(walk: Walk, page: ifd.Ifd) -> dict:
    """Facts of the first page."""
    data = walk.data

    def numbers(tag: int, default: tuple[int, ...]) -> tuple[int, ...]:
        entry = page.get(tag)
        return (ifd.integers(data, entry, 64) if entry else ()) or default

    width, height = numbers(_WIDTH, (0,))[0], numbers(_HEIGHT, (0,))[0]
    walk.size(width, height)
    depth, photometric = max(numbers(_BITS, (1,))), numbers(_PHOTOMETRIC, (1,))[0]
    mode = _MODES.get(photometric, "L")
    colours = {"L": 1, "P": 1, "CMYK": 4}.get(mode, 3)
    alpha = numbers(_SAMPLES, (1,))[0] > colours and numbers(_EXTRA, (2,))[0] != 0
    for tag in (_ICC, _XMP):
        entry = page.get(tag)
        if entry is not None and tag == _ICC:
            walk.icc_length = len(ifd.value(data, entry))
        elif entry is not None:
            walk.xmp = ifd.value(data, entry)
    return {
        "width": width, "height": height, "bit_depth": depth, "mode": _name(mode, depth, alpha),
        "has_alpha": alpha, "indexed": mode == "P", "lossless": numbers(_COMPRESSION, (1,))[0] not in _LOSSY,
    }  # fmt: skip


def _name(mode: str, depth: int, alpha: bool) -> str:
    if mode == "L" and not alpha:
        return {1: "1", 16: "I;16", 32: "I"}.get(depth, "L")
    mode += "A" if alpha else ""
    return mode + (";16" if depth == 16 and mode[0] != "P" else "")
