"""Where a payload of a known format ends, so that it comes out whole and nothing else with it."""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable

__all__ = ["extent"]


def extent(data: bytes) -> int | None:
    """Length of the file that some bytes begin with.

    Parameters
    ----------
    data : bytes
        Whose signature is known.

    Returns
    -------
    int or None
        None where the format does not say it, or the file is not whole.
    """
    for magic, measure in _MEASURES:
        if data.startswith(magic):
            try:
                size = measure(data)
            except (struct.error, IndexError, ValueError, zlib.error, OSError, EOFError, lzma.LZMAError):
                return None
            return size if size is not None and 0 < size <= len(data) else None
    return None


def _zip(d: bytes) -> int | None:
    """Of the first end of a central directory that tells its own place."""
    at = d.find(b"PK\5\6")
    while at >= 0:
        size, offset, comment = struct.unpack_from("<IIH", d, at + 12)
        if offset + size == at:
            return at + 22 + comment
        at = d.find(b"PK\5\6", at + 4)
    return None


def _unpacked(stream: Callable) -> Callable[[bytes], int | None]:
    def measure(d: bytes) -> int | None:
        unpacker = stream()
        for at in range(0, len(d), 65536):
            unpacker.decompress(d[at : at + 65536])
            if unpacker.eof:
                return min(at + 65536, len(d)) - len(unpacker.unused_data)
        return None

    return measure


def _png(d: bytes) -> int | None:
    at = 8
    while True:
        length, kind = struct.unpack_from(">I4s", d, at)
        at += 12 + length
        if kind == b"IEND":
            return at


def _jpeg(d: bytes) -> int | None:
    at, seen = 2, set()
    while d[at] == 0xFF and d[at + 1] != 0xDA:
        seen.add(d[at + 1])
        at += 2 + int.from_bytes(d[at + 2 : at + 4], "big")
    if d[at : at + 2] != b"\xff\xda" or 0xDB not in seen or not seen & {0xC0, 0xC1, 0xC2}:
        return None
    end = d.find(b"\xff\xd9", at)
    return end + 2 if end >= 0 else None


def _gif(d: bytes) -> int | None:
    at = 13 + (3 << ((d[10] & 7) + 1) if d[10] & 0x80 else 0)
    while d[at] != 0x3B:
        if d[at] == 0x2C:
            at += 11 + (3 << ((d[at + 9] & 7) + 1) if d[at + 9] & 0x80 else 0)
        elif d[at] == 0x21:
            at += 2
        else:
            return None
        while d[at]:
            at += 1 + d[at]
        at += 1
    return at + 1


def _elf(d: bytes) -> int | None:
    order = "<" if d[5] == 1 else ">"
    if d[4] == 2:
        (sections,), (size, count) = struct.unpack_from(order + "Q", d, 40), struct.unpack_from(order + "HH", d, 58)
    else:
        (sections,), (size, count) = struct.unpack_from(order + "I", d, 32), struct.unpack_from(order + "HH", d, 46)
    return sections + size * count or None


def _windows(d: bytes) -> int | None:
    """End of the last section of a PE file."""
    at = int.from_bytes(d[60:64], "little")
    if d[at : at + 4] != b"PE\0\0":
        return None
    count, optional = struct.unpack_from("<H12xH", d, at + 6)
    table = at + 24 + optional
    parts = [struct.unpack_from("<II", d, table + 40 * i + 16) for i in range(count)]
    return max(size + start for size, start in parts)


def _rar(d: bytes) -> int | None:
    end = b"\x1d\x77\x56\x51\x03\x05\x04\x00" if d[6] else b"\xc4\x3d\x7b\x00\x40\x07\x00"
    at = d.find(end)
    return at + len(end) if at >= 0 else None


def _pdf(d: bytes) -> int | None:
    at = d.rfind(b"%%EOF")
    return at + 5 if at >= 0 else None


_MEASURES: tuple[tuple[bytes, Callable[[bytes], int | None]], ...] = (
    (b"PK\3\4", _zip),
    (b"\x1f\x8b", _unpacked(lambda: zlib.decompressobj(31))),
    (b"\x78", _unpacked(zlib.decompressobj)),
    (b"BZh", _unpacked(bz2.BZ2Decompressor)),
    (b"\xfd7zXZ\0", _unpacked(lzma.LZMADecompressor)),
    (b"7z\xbc\xaf\x27\x1c", lambda d: 32 + sum(struct.unpack_from("<QQ", d, 12))),
    (b"Rar!", _rar),
    (b"\x89PNG", _png),
    (b"\xff\xd8\xff", _jpeg),
    (b"GIF8", _gif),
    (b"\x7fELF", _elf),
    (b"MZ", _windows),
    (b"BM", lambda d: int.from_bytes(d[2:6], "little")),
    (b"RIFF", lambda d: 8 + int.from_bytes(d[4:8], "little")),
    (b"%PDF", _pdf),
)  # fmt: skip
