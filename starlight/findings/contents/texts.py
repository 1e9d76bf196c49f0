"""Text in the encodings that people use. Letters decide: bytes that merely decode are no text yet."""

from __future__ import annotations

import codecs
import functools
import itertools
import re
import unicodedata
from collections import Counter

__all__ = ["is_script", "packed_text", "read_text"]

_MOST = 4096  # bytes that are looked at
_FEWEST_OLD = 24  # bytes under which random ones may read as text in one of so many encodings
_BOMS = ((b"\xff\xfe\0\0", "utf-32-le"), (b"\0\0\xfe\xff", "utf-32-be"), (b"\xef\xbb\xbf", "utf-8"),
         (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))  # fmt: skip
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_LEGACY = (
    "gb18030", "shift_jis", "euc-jp", "euc-kr", "big5", "cp1252", "cp1250", "cp1251", "koi8-r", "cp866", "cp1253",
    "iso8859-7", "cp1255", "cp1256", "cp874",
)  # fmt: skip
_SCRIPT = re.compile(
    rb"^#!\s*/|<\?php|<\?=|<script\b|<%@?\s|<!doctype html|<html\b|^@echo off|^import \w+(?:\.\w+)*\s*$"
    rb"|^from [\w.]+ import |powershell(?:\.exe)?\s+-|\b(?:eval|exec|system|passthru|assert)\s*\(\s*[$\"'`@]"
    rb"|\beval\s*\(\s*(?:base64_decode|gz\w+|atob|unescape|String|compile|str_rot13|function)\b|base64_decode\s*\("
    rb"|document\.(?:write|cookie)|/bin/(?:ba)?sh\b|\bWScript\.|\$_(?:GET|POST|REQUEST|SERVER)\b"
    rb"|function\s*\w*\s*\([\w\s,]*\)\s*\{|\bInvoke-Expression\b|<svg\b[^>]*onload",
    re.IGNORECASE | re.MULTILINE,
)  # fmt: skip
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/_-]{4}[\r\n]{0,2})*(?:[A-Za-z0-9+/_-]{2,3}={0,2})?[\r\n]*")
_HEX = re.compile(rb"(?:0x)?(?:[0-9a-f]{2}[\s:]{0,2})+|(?:0x)?(?:[0-9A-F]{2}[\s:]{0,2})+")
_HIGH = frozenset((*range(8), 0x0E, 0x20, 0x30, *range(0x4E, 0xA0), 0xFF))  # of UTF-16 text
_CONTROL = frozenset(range(32)) - {9, 10, 12, 13, 27}


def is_script(data: bytes) -> bool:
    """Whether bytes of text hold a program for an interpreter or a browser."""
    return _SCRIPT.search(data[:65536]) is not None


def packed_text(data: bytes) -> str:
    """`base64` or `hexadecimal` where bytes are written in such digits and nothing else; else empty.

    A word of letters is spelt with the digits of base64 too: what counts has 24 digits or more of three classes, and
    no long stretch of one of them.
    """
    if len(data) < 24:
        return ""
    body = data[:65536].strip()
    if _HEX.fullmatch(body) and len(body) >= 32 and any(c in b"0123456789" for c in body):
        return "hexadecimal"
    if not _BASE64.fullmatch(body):
        return ""
    body = bytes(c for c in body if c not in b"\r\n")
    classes = (sum(48 <= c <= 57 for c in body), sum(65 <= c <= 90 for c in body), sum(97 <= c <= 122 for c in body))
    if min(classes[1:]) < len(body) // 12 or (classes[0] == 0 and not body.endswith(b"=") and len(body) < 48):
        return ""
    turns = sum((97 <= a <= 122) != (97 <= b <= 122) for a, b in itertools.pairwise(body[:513]))
    return "base64" if turns >= min(len(body), 512) // 4 else ""


def read_text(data: bytes) -> tuple[str, str] | None:
    """Text and encoding of some bytes, all of which must be text (NUL at the end aside).

    Returns
    -------
    (str, str) or None
        None where they read as no text.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            text = _decoded(data[len(mark) :], encoding)
            if text is not None and _readable(text):
                return text, encoding
    body = data.rstrip(b"\0")
    narrow = len(body) >= 2 and _CONTROL.isdisjoint(body[:_MOST])
    text = _utf8(body) if narrow else None
    if text is not None:
        return (text, "ascii" if text.isascii() else "utf-8") if _readable(text) else None
    for encoding in _wide(data):
        text = _decoded(data, encoding)
        if text is not None and _readable(text):
            return text, encoding
    return _legacy(body) if narrow else None


def _utf8(body: bytes) -> str | None:
    """UTF-8; the last character may be cut, as fields of a fixed length cut it."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(body, final=len(body) < _FEWEST_OLD)
    except UnicodeDecodeError:
        return None


def _wide(data: bytes) -> tuple[str, ...]:
    """Encodings of two or four bytes a character that the zeros or the high bytes of some bytes fit."""
    head = data[: min(_MOST, len(data) // 2 * 2)]
    if len(head) < 8:
        return ()
    if len(data) % 4 == 0 and not any(head[3::4]) and max(head[2::4]) <= 16:
        return ("utf-32-le",)
    if len(data) % 4 == 0 and not any(head[0::4]) and max(head[1::4]) <= 16:
        return ("utf-32-be",)
    shares = [(sum(map(_HIGH.__contains__, high)) / len(high), encoding)
              for encoding, high in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2]))]  # fmt: skip
    share, encoding = max(shares)
    return (encoding,) if share >= 0.9 and not _like_bytes(head, encoding) else ()


def _like_bytes(head: bytes, encoding: str) -> bool:
    """Whether a text of two bytes a character is no likelier than one in an older encoding."""
    if any(head[0::2]) and any(c < 8 for c in (head[1::2] if encoding == "utf-16-le" else head[0::2])):
        return False
    text = _decoded(head, encoding)
    return text is None or len(head) < _FEWEST_OLD or _likeness(text) < 0.85


def _decoded(data: bytes, encoding: str) -> str | None:
    if encoding in _WIDE:
        size = 4 if "32" in encoding else 2
        while data[-size:] == bytes(size):
            data = data[:-size]
        if not data or len(data) % size > 1 or (len(data) % size and data[-1]):
            return None
        data = data[: len(data) // size * size]
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _readable(text: str) -> bool:
    """Whether characters are letters, digits, signs and spaces, and no others."""
    head = text[:_MOST]
    good = sum(map(_common, head))
    letters = sum(c.isalnum() for c in head)
    return len(head) >= 2 and good >= 0.98 * len(head) and letters >= 0.3 * len(head)


@functools.lru_cache(4096)
def _common(char: str) -> bool:
    code = ord(char)
    if code < 128:
        return code >= 32 or code in (9, 10, 12, 13, 27)
    return unicodedata.category(char)[0] in "LMNPSZ" or code in (0x200B, 0x200C, 0x200D, 0xFEFF)


def _legacy(body: bytes) -> tuple[str, str] | None:
    """The encoding under which bytes are most like text: letters of one script, in words and in the right case."""
    head = body[:_MOST]
    if head.isascii() or len(head) < _FEWEST_OLD:
        return None
    best, named = 0.8, ""
    for encoding in _LEGACY:
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(head, final=len(head) == len(body))
        except UnicodeDecodeError:
            continue
        score = _likeness(text)
        if score > best + (0.02 if named else 0.0):
            best, named = score, encoding
    whole = _decoded(body, named) if named else None
    return None if whole is None else (whole, named)


def _likeness(text: str) -> float:
    """Share of characters that fit their neighbours; below 0.6 for bytes that only happen to decode."""
    if len(text) < 4 or sum(map(_common, text)) < 0.98 * len(text):
        return 0.0
    fits, before = 0.0, " "
    scripts = Counter(filter(None, map(_script, text)))
    main = next((s for s, _ in scripts.most_common() if s != "latin"), "latin")
    for char in text:
        script = _script(char)
        if script and script not in ("latin", main):
            fits -= 1.0
        elif script == "latin" and ord(char) >= 0x80:
            fits += 0.9 if (before.isascii() and before.isalpha()) or before == " " else 0.0
        elif char.isalpha() and char.isupper() and before.isalpha() and before.islower():
            fits -= 1.0
        elif script == main and main != "latin":
            fits += -1.0 if main != "han" and before.isascii() and before.isalpha() else _weight(char)
        else:
            fits += 1.0 if char.isalnum() or char.isspace() or char in ",.;:!?()\"'-。，、！？：；（）「」" else 0.4
        before = char
    return fits / len(text)


@functools.lru_cache(8192)
def _script(char: str) -> str:
    code = ord(char)
    if code < 0x250:
        return "latin" if char.isalpha() else ""
    for name, low, high in (("greek", 0x370, 0x400), ("cyrillic", 0x400, 0x530), ("hebrew", 0x590, 0x600),
                            ("arabic", 0x600, 0x700), ("thai", 0xE00, 0xE80), ("han", 0x3040, 0x3100),
                            ("hangul", 0xAC00, 0xD7A4), ("han", 0x4E00, 0xA000)):  # fmt: skip
        if low <= code < high:
            return name
    return "other" if char.isalpha() else ""


def _weight(char: str) -> float:
    """How usual a letter of a script other than Latin is; Han by the block of common ones of GB 2312."""
    if 0x4E00 <= ord(char) < 0xA000:
        try:
            return 1.0 if 0xB0 <= char.encode("gb2312")[0] <= 0xD7 else 0.5
        except UnicodeEncodeError:
            return 0.3
    return 1.0
