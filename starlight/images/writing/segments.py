"""Put an EXIF block into a JPEG, PNG or WEBP file, and take it out, leaving every other byte as it is.

JPEG: APP1 after SOI and APP0 (EXIF 2.32, 4.7.2). PNG: `eXIf` before the first IDAT (PNG 3, 11.3.4.4). WEBP: `EXIF`
chunk after the image in the extended format, whose VP8X header is made where a simple file has none (RFC 9649, 2.7).
"""

import struct
import zlib

from starlight.errors import StarlightError

__all__ = ["get_exif", "insert", "set_exif", "without_jfif"]

_JPEG_PREFIX = b"Exif\0\0"
_MAX_APP1 = 65533
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_VP8X_EXIF, _VP8X_ALPHA = 0x08, 0x10


def get_exif(data: bytes) -> bytes:
    """Return the raw EXIF block of a file, empty where there is none; raises StarlightError for other formats."""
    if data[:2] == b"\xff\xd8":
        return next((data[a + 10 : b] for a, b in _jpeg_segments(data) if _is_exif(data, a)), b"")
    if data[:8] == _PNG_SIGNATURE:
        return next((data[a + 8 : b - 4] for kind, a, b in _png_chunks(data) if kind == b"eXIf"), b"")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return next((body for kind, body in _webp_chunks(data)[0] if kind == b"EXIF"), b"")
    raise StarlightError("exif: only JPEG, PNG and WEBP files carry EXIF here")


def set_exif(data: bytes, block: bytes) -> bytes:
    """Return the file with this EXIF block in place of any other.

    Raises
    ------
    StarlightError
        For other formats, a broken file, or a block too long for JPEG (65,527 bytes).
    """
    if data[:2] == b"\xff\xd8":
        return _set_jpeg(data, block)
    if data[:8] == _PNG_SIGNATURE:
        return _set_png(data, block)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _set_webp(data, block)
    raise StarlightError("exif: only JPEG, PNG and WEBP files carry EXIF here")


def insert(data: bytes, code: int, body: bytes) -> bytes:
    """Put one marker segment into a JPEG file, behind its JFIF header if it has one.

    Parameters
    ----------
    data : bytes
        The JPEG file.
    code : int
        Second byte of the marker, such as 0xE1 for APP1.
    body : bytes

    Raises
    ------
    StarlightError
        The body is longer than a segment, or the file is broken.
    """
    if len(body) > _MAX_APP1:
        raise StarlightError(f"JPEG: {len(body)} bytes do not fit into one segment")
    at = next((b for a, b in _jpeg_segments(data)[:1] if data[a + 1] == 0xE0), 2)
    return data[:at] + bytes([0xFF, code]) + struct.pack(">H", len(body) + 2) + body + data[at:]


def without_jfif(data: bytes) -> bytes:
    """Leave out the JFIF header of a JPEG file, as cameras do."""
    first = _jpeg_segments(data)[:1]
    return data[:2] + data[first[0][1] :] if first and data[first[0][0] + 1] == 0xE0 else data


def _set_jpeg(data: bytes, block: bytes) -> bytes:
    body = _JPEG_PREFIX + block
    if len(body) > _MAX_APP1:
        raise StarlightError(f"exif: {len(body)} bytes do not fit into one JPEG segment")
    for a, b in reversed([s for s in _jpeg_segments(data) if _is_exif(data, s[0])]):
        data = data[:a] + data[b:]
    return insert(data, 0xE1, body)


def _is_exif(data: bytes, at: int) -> bool:
    return data[at + 1] == 0xE1 and data[at + 4 : at + 10] == _JPEG_PREFIX


def _jpeg_segments(data: bytes) -> list[tuple[int, int]]:
    """List (start, end) of the marker segments before the first scan."""
    found, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        found.append((at, end))
        at = end
    if at + 4 > len(data) or data[at] != 0xFF:
        raise StarlightError("exif: the JPEG file breaks off before its first scan")
    return found


def _set_png(data: bytes, block: bytes) -> bytes:
    chunks = _png_chunks(data)
    at = next((a for kind, a, _ in chunks if kind == b"IDAT"), None)
    if at is None:
        raise StarlightError("exif: the PNG file has no image data")
    head = b"".join(data[a:b] for kind, a, b in chunks if kind != b"eXIf" and b <= at)
    tail = b"".join(data[a:b] for kind, a, b in chunks if kind != b"eXIf" and a >= at)
    end = chunks[-1][2]
    body = b"eXIf" + block
    chunk = struct.pack(">I", len(block)) + body + struct.pack(">I", zlib.crc32(body))
    return _PNG_SIGNATURE + head + chunk + tail + data[end:]


def _png_chunks(data: bytes) -> list[tuple[bytes, int, int]]:
    found, at = [], 8
    while at + 12 <= len(data):
        kind, end = data[at + 4 : at + 8], at + 12 + struct.unpack_from(">I", data, at)[0]
        if end > len(data):
            break
        found.append((kind, at, end))
        if kind == b"IEND":
            return found
        at = end
    raise StarlightError("exif: the PNG file breaks off before IEND")


def _set_webp(data: bytes, block: bytes) -> bytes:
    chunks, end = _webp_chunks(data)
    if not chunks:
        raise StarlightError("exif: the WEBP file has no chunks")
    chunks = [(kind, body) for kind, body in chunks if kind != b"EXIF"]
    if chunks[0][0] != b"VP8X":
        chunks.insert(0, (b"VP8X", _vp8x(*chunks[0])))
    flags = chunks[0][1][0] | _VP8X_EXIF
    chunks[0] = (b"VP8X", bytes([flags]) + chunks[0][1][1:])
    place = next((i for i, (kind, _) in enumerate(chunks) if kind == b"XMP "), len(chunks))
    chunks.insert(place, (b"EXIF", block))
    body = b"WEBP" + b"".join(k + struct.pack("<I", len(b)) + b + bytes(len(b) % 2) for k, b in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body + data[end:]


def _webp_chunks(data: bytes) -> tuple[list[tuple[bytes, bytes]], int]:
    end, found, at = 8 + struct.unpack_from("<I", data, 4)[0], [], 12
    while at + 8 <= min(end, len(data)):
        size = struct.unpack_from("<I", data, at + 4)[0]
        found.append((data[at : at + 4], data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return found, end


def _vp8x(kind: bytes, body: bytes) -> bytes:
    """Make the extended header of a simple file: flags, then width - 1 and height - 1 in 24 bits each."""
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", body, 1)[0]
        width, height, alpha = bits & 0x3FFF, bits >> 14 & 0x3FFF, bits >> 28 & 1
    else:
        width, height = (v - 1 for v in (int.from_bytes(body[i : i + 2], "little") & 0x3FFF for i in (6, 8)))
        alpha = 0
    return bytes([_VP8X_ALPHA * alpha, 0, 0, 0]) + width.to_bytes(3, "little") + height.to_bytes(3, "little")
