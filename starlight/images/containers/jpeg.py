"""JPEG: markers walked forward (ITU-T T.81, annex B), MPF images after the first (CIPA DC-007)."""

from __future__ import annotations

import re
import struct

from starlight.errors import BadImage
from starlight.images.containers import exif, ifd
from starlight.images.containers.behind import Part, announced
from starlight.images.containers.model import Container, Walk

__all__ = ["ZIGZAG", "find_scan_end", "frame_components", "matches", "parse"]

_NO_FILL = re.compile(rb"[^\xff]")
_SCAN_END = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")  # not a stuffed zero, a restart, a fill byte or a reserved code
_XMP, _XMP_MORE = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_NAMES = {0xC4: "DHT", 0xCC: "DAC", 0xD8: "SOI", 0xD9: "EOI", 0xDA: "SOS", 0xDB: "DQT", 0xDC: "DNL", 0xDD: "DRI",
          0xFE: "COM"} | {c: f"SOF{c - 0xC0}" for c in _FRAMES} | {0xE0 + i: f"APP{i}" for i in range(16)}  # fmt: skip
_SAMPLING = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (1, 2): "4:4:0", (4, 1): "4:1:1", (4, 2): "4:1:0"}
_MAX_SCAN_PIXELS = 1 << 30  # pixels times scans: a decoder visits every block once for each scan
_MAX_MPF = 64

ZIGZAG = (
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61,
    54, 47, 55, 62, 63,
)  # fmt: skip


def matches(data: bytes) -> bool:
    return data[:3] == b"\xff\xd8\xff"


def parse(walk: Walk) -> Container:
    """Walk from SOI to EOI, then over the images that an MPF index names."""
    end = _markers(walk, 0)
    headers = [s for s in walk.segments if s[0].startswith("SOF")]
    if not headers:
        raise BadImage("JPEG without a frame header")
    if not any(name == "SOS" for name, _, _ in walk.segments):
        raise BadImage("truncated JPEG: no scan")
    if len(headers) > 1:
        walk.problem("more than one frame header")
    facts = _frame_header(walk, *headers[0])
    scans = sum(name == "SOS" for name, _, _ in walk.segments)
    if scans * facts["width"] * facts["height"] > max(_MAX_SCAN_PIXELS, 32 * facts["width"] * facts["height"]):
        raise BadImage(f"{scans} scans of {facts['width']} x {facts['height']}")
    tables, mpf = _metadata(walk)
    parts = [Part("picture", "picture of the MPF index", *found) for found in _mpf_images(walk, mpf, end)]
    first_end, end = end, max([end, *(part.stop for part in parts)])
    listed = announced(walk.data, first_end, walk.xmp, walk.exif, lambda at: _picture_end(walk, at))
    parts += [part for part in listed if not any(one.start <= part.start < one.stop for one in parts)]
    for part in parts:
        walk.segment("MPF" if "MPF" in part.name else part.kind, part.start, part.stop - part.start)
    end = max([end, *(part.stop for part in parts)])
    return walk.container(end=end, format="jpeg", quant_tables=tables, mpf=mpf, behind=tuple(parts), **facts)


def _markers(walk: Walk, start: int) -> int:
    """Note the segments of one image that begins at `start`; returns the offset one past its EOI."""
    data, position, in_scans = walk.data, start + 2, False
    walk.segment("SOI", start, 2)
    while True:
        found = data.find(b"\xff", position)
        if found != position and not in_scans:
            walk.problem("bytes between segments")
        last = _NO_FILL.search(data, found) if found >= 0 else None
        if last is None:
            break
        mark = last.start()
        if mark > found + 1:
            walk.problem("fill bytes")
        code = data[mark]
        if code == 0xD9:
            walk.segment("EOI", found, mark + 1 - found)
            return mark + 1
        if code <= 0x01 or 0xD0 <= code <= 0xD8:  # stand-alone, or data of a damaged scan
            position = mark + 1
            walk.step()
            continue
        if mark + 3 > len(data):
            break
        length = int.from_bytes(data[mark + 1 : mark + 3], "big")
        position = mark + 1 + max(length, 2)
        if position > len(data):
            break
        walk.segment(_NAMES.get(code, f"FF{code:02X}"), found, position - found)
        if code == 0xDA:
            in_scans, position = True, find_scan_end(data, position)
    if not in_scans:
        raise BadImage("truncated JPEG: ends before its first scan")
    walk.problem("missing EOI")
    return len(data)


def find_scan_end(data: bytes, position: int) -> int:
    """Offset of the marker that ends the entropy-coded data from `position` on; the file's length if none does."""
    found = _SCAN_END.search(data, position)
    return found.start() if found else len(data)


def frame_components(data: bytes, container: Container) -> list[tuple[int, int]]:
    """Horizontal and vertical sampling factors of the components of a parsed JPEG."""
    _, offset, length = next(s for s in container.segments if s[0].startswith("SOF"))
    return _factors(_body(data, offset, length))


def _body(data: bytes, offset: int, length: int) -> bytes:
    """Content of a segment, behind its marker (with any fill bytes) and its length."""
    start = offset + 1
    while data[start] == 0xFF:
        start += 1
    return data[start + 3 : offset + length]


def _factors(body: bytes) -> list[tuple[int, int]]:
    return [divmod(body[7 + 3 * i], 16) for i in range(body[5])]


def _frame_header(walk: Walk, name: str, offset: int, length: int) -> dict:
    body = _body(walk.data, offset, length)
    depth, height, width, components = struct.unpack_from(">BHHB", body)
    if len(body) < 6 + 3 * components or not components:
        raise BadImage(f"frame header of {length} bytes for {components} components")
    if height == 0:
        raise BadImage("JPEG without a height")
    factors = _factors(body)
    if any(not (1 <= h <= 4 and 1 <= v <= 4) for h, v in factors):
        raise BadImage(f"sampling factors {factors}")
    walk.size(width, height)
    mode = {1: "L", 3: "RGB", 4: "CMYK"}.get(components)
    if mode is None:
        raise BadImage(f"JPEG of {components} components")
    return {
        "width": width, "height": height, "bit_depth": depth, "mode": mode, "sampling": _sampling(factors),
        "progressive": name in ("SOF2", "SOF6", "SOF10", "SOF14"),
        "lossless": name in ("SOF3", "SOF7", "SOF11", "SOF15"),
    }  # fmt: skip


def _sampling(factors: list[tuple[int, int]]) -> str:
    if len(factors) == 1:
        return "grey"
    (h, v), (ch, cv) = factors[0], factors[1]
    if factors[2] != factors[1] or h % ch or v % cv:
        return ",".join(f"{a}x{b}" for a, b in factors)
    return _SAMPLING.get((h // ch, v // cv), f"{h // ch}x{v // cv}")


def _metadata(walk: Walk) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, int], ...]]:
    """Collect comments, EXIF, XMP and ICC of the segments noted; returns quantisation tables and MPF images."""
    data, tables, mpf = walk.data, {}, ()
    for name, offset, length in walk.segments:
        if name not in ("DQT", "COM", "APP1", "APP2"):
            continue
        content = _body(data, offset, length)
        if name == "DQT":
            _tables(walk, content, tables)
        elif name == "COM":
            walk.comments.append(content)
        elif content.startswith(exif.PREFIX[:5]) and name == "APP1":
            walk.exif = walk.exif or content[6:]
        elif content.startswith(_XMP):
            walk.xmp = content[len(_XMP) :] + walk.xmp
        elif content.startswith(_XMP_MORE):
            walk.xmp += content[len(_XMP_MORE) + 40 :]
        elif content.startswith(b"ICC_PROFILE\0"):
            walk.icc_length += max(0, len(content) - 14)
        elif content.startswith(b"MPF\0") and not mpf:
            mpf = _mpf_index(walk, content[4:], offset + length - len(content) + 4)
    return tuple(tables[slot] for slot in sorted(tables)), mpf


def _tables(walk: Walk, content: bytes, tables: dict[int, tuple[int, ...]]) -> None:
    position = 0
    while position < len(content):
        wide, slot = divmod(content[position], 16)
        size = 128 if wide else 64
        if wide > 1 or slot > 3 or position + 1 + size > len(content):
            walk.problem("broken quantisation table")
            return
        values = struct.unpack_from(">64H" if wide else ">64B", content, position + 1)
        natural = [0] * 64
        for place, number in zip(ZIGZAG, values, strict=True):
            natural[place] = number
        tables[slot] = tuple(natural)
        position += 1 + size


def _mpf_index(walk: Walk, block: bytes, base: int) -> tuple[tuple[int, int], ...]:
    """Offset and length of the images after the first that really begin with SOI. `base`: the block's offset."""
    entry = next((e for d in ifd.walk(block, 1000, walk.problem) for e in d.entries if e.tag == 0xB002), None)
    if entry is None:
        return ()
    order, found = ("<" if block[:1] == b"I" else ">"), []
    rows = ifd.value(block, entry)[: 16 * _MAX_MPF]
    for _, length, offset, *_ in struct.iter_unpack(order + "IIIHH", rows[: len(rows) // 16 * 16]):
        if offset == 0:
            continue
        if walk.data[base + offset : base + offset + 3] != b"\xff\xd8\xff":
            walk.problem("MPF index points to no image")
        else:
            found.append((base + offset, length))
    return tuple(dict.fromkeys(found))


def _mpf_images(walk: Walk, mpf: tuple[tuple[int, int], ...], end: int) -> list[tuple[int, int]]:
    """Where the images of an MPF index behind the first begin and end."""
    found = []
    for offset, _ in sorted(mpf):
        stop = _picture_end(walk, offset)
        if not stop:
            walk.problem("broken MPF image")
            continue
        if offset > end and any(walk.data[end:offset]):
            walk.problem("bytes before an MPF image")
        found.append((offset, stop))
        end = max(end, stop)
    return found


def _picture_end(walk: Walk, offset: int) -> int:
    """End of a JPEG image within the file, 0 where there is none; its segments are not those of the container."""
    inner = walk.inner()
    try:
        end = _markers(inner, offset)
    except BadImage:
        return 0
    return 0 if "missing EOI" in inner.problems else end
