"""File formats by their first bytes, each checked beyond its magic number: header fields, checksums, or by inflating.

Numbers are from the formats' own documents: PKWARE APPNOTE, RFC 1950 to 1952 and 8878, 7zFormat.txt, the RAR 5.0
archive format, the xz file format, ELF and PE/COFF specifications, and those of the media formats.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable

from starlight.findings.contents.content import (
    ARCHIVE,
    COMPRESSED,
    DOCUMENT,
    IMAGE,
    KEY,
    MEDIA,
    PROGRAM,
)

__all__ = ["signature"]

_HEAD = 4096  # bytes that are inflated to see whether they can be
_ZIP_METHODS = {0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 14, 18, 19, 20, 93, 94, 95, 96, 97, 98, 99}


def _zip(d: bytes) -> bool:
    version, flags, method, length = struct.unpack_from("<HHH16xH", d, 4)
    name = d[30 : 30 + length]
    return (
        version & 0xFF <= 63
        and method in _ZIP_METHODS
        and 0 < length == len(name)
        and 0 not in name
        and flags < 1 << 14
    )


def _zip_end(d: bytes) -> bool:
    return d[4:8] == bytes(4) and int.from_bytes(d[8:10], "little") == int.from_bytes(d[10:12], "little")


def _seven(d: bytes) -> bool:
    return d[6] == 0 and zlib.crc32(d[12:32]) == int.from_bytes(d[8:12], "little")


def _rar(d: bytes) -> bool:
    if d[6:8] == b"\1\0":
        return len(d) > 12
    return d[6] == 0 and len(d) >= 12 and d[9] == 0x73  # the archive header comes first


def _xz(d: bytes) -> bool:
    return zlib.crc32(d[6:8]) == int.from_bytes(d[8:12], "little")


def _inflates(bits: int) -> Callable[[bytes], bool]:
    def check(d: bytes) -> bool:
        stream = zlib.decompressobj(bits)
        out = stream.decompress(d[:_HEAD], 1 << 16)
        return bool(out) and (stream.eof or len(out) >= 16 or len(d) > _HEAD)

    return check


def _gzip(d: bytes) -> bool:
    return d[3] < 0x20 and _inflates(31)(d)


def _bzip(d: bytes) -> bool:
    return d[4:10] in (b"1AY&SY", b"\x17rE8P\x90") and (bz2.BZ2Decompressor().decompress(d[:_HEAD], 1) is not None)


def _lzma(d: bytes) -> bool:
    size = int.from_bytes(d[5:13], "little")
    if not (size == (1 << 64) - 1 or size < 1 << 40) or d[13] != 0:
        return False
    return len(lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=1 << 26).decompress(d[:_HEAD], 64)) > 0


def _zstd(d: bytes) -> bool:
    return not d[4] & 0x08 and len(d) > 8


def _lz4(d: bytes) -> bool:
    return d[4] >> 6 == 1 and not d[4] & 2 and d[5] & 0x8F == 0 and 4 <= d[5] >> 4 <= 7


def _elf(d: bytes) -> bool:
    order = {1: "<", 2: ">"}.get(d[5], "")
    if not order or d[4] not in (1, 2) or d[6] != 1:
        return False
    kind, _, version = struct.unpack_from(order + "HHI", d, 16)
    return kind in (1, 2, 3, 4) and version == 1


def _pe(d: bytes) -> bool:
    at = int.from_bytes(d[60:64], "little")
    if 0x40 <= at <= 4096:
        return len(d) < at + 4 or d[at : at + 4] in (b"PE\0\0", b"NE\0", b"LE\0\0") or d[at : at + 2] == b"NE"
    last, pages, relocations, header = struct.unpack_from("<HHHH", d, 2)
    return last < 512 and 0 < pages < 2048 and relocations < 4096 and 2 <= header <= 0x200


def _java(d: bytes) -> bool:
    return (d[4:6] == b"\0\0" and 45 <= d[7] <= 80) or d[4:8] in (b"\0\0\0\1", b"\0\0\0\2", b"\0\0\0\3")


def _png(d: bytes) -> bool:
    return d[12:16] in (b"IHDR", b"CgBI") and d[8:12] in (b"\0\0\0\r", b"\0\0\0\4")


def _jpeg(d: bytes) -> bool:
    return 0xC0 <= d[3] <= 0xFE and int.from_bytes(d[4:6], "big") >= 2


def _gif(d: bytes) -> bool:
    return d[4:6] in (b"7a", b"9a") and len(d) > 13


def _riff(d: bytes) -> bool:
    return d[8:12] in (b"WEBP", b"WAVE", b"AVI ", b"RMID", b"ACON")


def _bmp(d: bytes) -> bool:
    size, reserved, pixels, header = struct.unpack_from("<IIII", d, 2)
    return header in (12, 40, 52, 56, 64, 108, 124) and 26 <= pixels <= max(size, 54) and reserved == 0


def _tiff(d: bytes) -> bool:
    order = "<" if d[:1] == b"I" else ">"
    at = struct.unpack_from(order + "I", d, 4)[0]
    if not 8 <= at <= len(d) - 6:
        return False
    count, tag, kind = struct.unpack_from(order + "HHH", d, at)
    return 0 < count < 512 and 0 < kind < 19 and tag > 0


def _ftyp(d: bytes) -> bool:
    size = int.from_bytes(d[:4], "big")
    return 12 <= size <= 1024 and size % 4 == 0 and d[8:12].isascii() and d[8:12].strip().isalnum()


def _ole(d: bytes) -> bool:
    return d[28:30] == b"\xfe\xff"


def _longer(least: int) -> Callable[[bytes], bool]:
    return lambda d: len(d) >= least


_AT_START: tuple[tuple[bytes, str, str, Callable[[bytes], bool]], ...] = (
    (b"PK\3\4", ARCHIVE, "zip archive", _zip),
    (b"PK\5\6", ARCHIVE, "zip archive, empty", _zip_end),
    (b"Rar!\x1a\7", ARCHIVE, "rar archive", _rar),
    (b"7z\xbc\xaf\x27\x1c", ARCHIVE, "7z archive", _seven),
    (b"\x1f\x8b\x08", ARCHIVE, "gzip data", _gzip),
    (b"BZh", ARCHIVE, "bzip2 data", _bzip),
    (b"\xfd7zXZ\0", ARCHIVE, "xz data", _xz),
    (b"]\0\0", ARCHIVE, "lzma data", _lzma),
    (b"\x28\xb5\x2f\xfd", ARCHIVE, "zstd data", _zstd),
    (b"\x04\x22\x4d\x18", ARCHIVE, "lz4 data", _lz4),
    (b"MSCF\0\0\0\0", ARCHIVE, "cabinet archive", _longer(36)),
    (b"!<arch>\n", ARCHIVE, "ar archive", _longer(60)),
    (b"\x60\xea", ARCHIVE, "arj archive", lambda d: 30 <= int.from_bytes(d[2:4], "little") < 2600 and d[10] == 2),
    (b"\x7fELF", PROGRAM, "ELF program", _elf),
    (b"MZ", PROGRAM, "Windows program", _pe),
    (b"\xca\xfe\xba\xbe", PROGRAM, "Java or Mach-O program", _java),
    (b"\xfe\xed\xfa\xce", PROGRAM, "Mach-O program", _longer(28)),
    (b"\xcf\xfa\xed\xfe", PROGRAM, "Mach-O program", _longer(28)),
    (b"\xce\xfa\xed\xfe", PROGRAM, "Mach-O program", _longer(28)),
    (b"dex\n03", PROGRAM, "Android program", _longer(40)),
    (b"\0asm\1\0\0\0", PROGRAM, "WebAssembly program", _longer(8)),
    (b"\x89PNG\r\n\x1a\n", IMAGE, "PNG image", _png),
    (b"\xff\xd8\xff", IMAGE, "JPEG image", _jpeg),
    (b"GIF8", IMAGE, "GIF image", _gif),
    (b"RIFF", MEDIA, "RIFF file", _riff),
    (b"BM", IMAGE, "BMP image", _bmp),
    (b"II*\0", IMAGE, "TIFF image", _tiff),
    (b"MM\0*", IMAGE, "TIFF image", _tiff),
    (b"8BPS\0\1", IMAGE, "Photoshop image", _longer(26)),
    (b"\0\0\0\x0cjP  \r\n\x87\n", IMAGE, "JPEG 2000 image", _longer(12)),
    (b"%PDF-", DOCUMENT, "PDF document", lambda d: d[5:6].isdigit()),
    (b"%!PS", DOCUMENT, "PostScript document", _longer(8)),
    (b"{\\rtf", DOCUMENT, "RTF document", _longer(8)),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", DOCUMENT, "OLE document", _ole),
    (b"SQLite format 3\0", DOCUMENT, "SQLite database", _longer(100)),
    (b"OggS\0", MEDIA, "Ogg media", _longer(27)),
    (b"fLaC\0\0\0\x22", MEDIA, "FLAC audio", _longer(42)),
    (b"ID3", MEDIA, "MP3 audio", lambda d: d[3] in (2, 3, 4) and d[4] == 0 and max(d[6:10]) < 0x80),
    (b"MThd\0\0\0\6", MEDIA, "MIDI audio", _longer(14)),
    (b"\x1a\x45\xdf\xa3", MEDIA, "Matroska media", _longer(20)),
    (b"FWS", MEDIA, "Flash film", lambda d: 3 < d[3] < 50 and int.from_bytes(d[4:8], "little") >= len(d) - 8),
    (b"CWS", MEDIA, "Flash film", lambda d: 5 < d[3] < 50 and _inflates(15)(d[8:])),
    (b"-----BEGIN ", KEY, "PEM or PGP block", lambda d: b"-----" in d[11:80]),
    (b"ssh-rsa AAAA", KEY, "SSH key", _longer(40)),
    (b"Salted__", KEY, "OpenSSL cipher", _longer(24)),
    (b"age-encryption.org/v1\n", KEY, "age cipher", _longer(22)),
    (b"LUKS\xba\xbe\0", KEY, "LUKS volume", _longer(32)),
    (b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5", KEY, "KeePass database", _longer(12)),
)  # fmt: skip
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


def signature(data: bytes) -> tuple[str, str] | None:
    """Kind and name of the format that some bytes begin with.

    Parameters
    ----------
    data : bytes
        From the format's first byte on; what follows it may be anything.

    Returns
    -------
    (str, str) or None
        As `Content.kind` and `Content.what`; None where no format verifies.
    """
    for magic, kind, name, check in _AT_START:
        if data.startswith(magic) and _holds(check, data):
            return kind, name
    if data[4:8] == b"ftyp" and _holds(_ftyp, data):
        return MEDIA, "MP4 film"
    if data[257:262] == b"ustar" and len(data) >= 512:
        return ARCHIVE, "tar archive"
    if data[:2] in _ZLIB and _holds(_inflates(15), data):
        return COMPRESSED, "zlib data"
    return None


def _holds(check: Callable[[bytes], bool], data: bytes) -> bool:
    try:
        return bool(check(data))
    except (IndexError, struct.error, zlib.error, OSError, ValueError, EOFError, lzma.LZMAError):  # cut short, or none
        return False
