"""What some bytes are: by reading them."""

import base64
import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage

from starlight.findings.contents import identify

_RNG = np.random.default_rng(7)
_NOISE = _RNG.integers(0, 256, 2000, dtype=np.uint8).tobytes()
_ENGLISH = "Meet me at the old bridge at seven, and bring the second key with you."


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("note.txt", _ENGLISH)
    return out.getvalue()


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("note.txt")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"hello"))
    return out.getvalue()


def _image(kind: str) -> bytes:
    out = io.BytesIO()
    PillowImage.new("RGB", (8, 8), "red").save(out, kind)
    return out.getvalue()


def _seven() -> bytes:
    head = struct.pack("<QQI", 0, 0, 0)
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(head)) + head


def _elf() -> bytes:
    return b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHI", 2, 62, 1) + bytes(40)


def _pe() -> bytes:
    return b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + bytes(40)


_SIGNED = {
    "zip archive": _zip(), "7z archive": _seven(), "tar archive": _tar(), "gzip data": gzip.compress(_NOISE),
    "bzip2 data": bz2.compress(_NOISE), "xz data": lzma.compress(_NOISE), "ELF program": _elf(),
    "Windows program": _pe(), "PNG image": _image("PNG"), "JPEG image": _image("JPEG"), "GIF image": _image("GIF"),
    "BMP image": _image("BMP"), "TIFF image": _image("TIFF"), "RIFF file": _image("WEBP"),
    "PDF document": b"%PDF-1.7\n%abc\n1 0 obj", "rar archive": b"Rar!\x1a\7\1\0" + _NOISE[:40],
    "zlib data": zlib.compress(_ENGLISH.encode()),
}  # fmt: skip


@pytest.mark.parametrize("what", _SIGNED)
def test_signature_verified(what):
    assert identify(_SIGNED[what]).what == what
    assert identify(_SIGNED[what] + _NOISE[:100]).what == what
    assert identify(struct.pack(">I", len(_SIGNED[what])) + _SIGNED[what]).start == 4


@pytest.mark.parametrize("magic", [b"PK\3\4", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08", b"\x7fELF", b"BZh9", b"MZ", b"BM",
                                   b"\x78\x9c", b"\x89PNG\r\n\x1a\n"])  # fmt: skip
def test_magic_alone_is_no_signature(magic):
    assert not identify(magic + _NOISE[:300]).signed


@pytest.mark.parametrize(("text", "encoding"), [
    (_ENGLISH, "ascii"), (_ENGLISH, "utf-16-le"), (_ENGLISH, "utf-16-be"), (_ENGLISH, "utf-32-le"),
    ("Встретимся завтра у старого моста в семь часов вечера", "cp1251"),
    ("Встретимся завтра у старого моста в семь часов вечера", "koi8-r"),
    ("Встретимся завтра у старого моста в семь часов вечера", "utf-8"),
    ("我们明天晚上七点在老桥下见面，请把第二把钥匙带来。", "gb18030"),
    ("我们明天晚上七点在老桥下见面，请把第二把钥匙带来。", "utf-8"),
    ("Treffen wir uns morgen früh an der alten Brücke, bring den Schlüssel für die Tür", "cp1252"),
])  # fmt: skip
def test_text_in_its_encoding(text, encoding):
    found = identify(text.encode(encoding))
    assert (found.kind, found.text, found.encoding) == ("text", text, encoding)


def test_scripts_and_digits():
    assert identify(b"<?php system($_GET['c']); ?>").kind == "script"
    assert identify(b"#!/bin/sh\nrm -rf /tmp/x\n").kind == "script"
    assert identify(base64.b64encode(_zip())).what.startswith("base64 of zip archive")
    assert identify(_NOISE[:64].hex().encode()).kind == "base64"
    assert identify(b"Screenshot_20240102_1234.png").kind == "text"


@given(st.integers(0, 2**32 - 1), st.integers(64, 4000))
def test_random_bytes_are_like_a_cipher_or_plain_bytes(seed, size):
    data = np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8).tobytes()
    assert identify(data).kind in ("cipher", "bytes", "compressed")


def test_nothing_and_fill():
    assert identify(b"").kind == "empty"
    assert identify(bytes(100)).kind == "fill"
    assert identify(bytes(16) + _ENGLISH.encode()).text == _ENGLISH
