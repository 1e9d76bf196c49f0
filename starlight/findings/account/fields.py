"""Fields that people and devices write: what belongs there is a note, what does not is hidden.

A caption, settings, JSON of a phone are notes in whatever language. An archive, a program, a script, digits that stand
for bytes, or bytes that read as nothing are not what a text field is for.
"""

from __future__ import annotations

import base64
import binascii
import json
import re

from starlight.findings.contents import Content, identify
from starlight.findings.contents.content import BASE64, BYTES, CIPHER, EMPTY, FILL, KEY, SCRIPT, TEXT
from starlight.findings.finding import Finding
from starlight.techniques.readable.protocol import END, MARK

__all__ = ["binary_field", "text_field", "user_comment"]

_CHARSETS = (b"ASCII\0\0\0", b"UNICODE\0", b"JIS\0\0\0\0\0", bytes(8))
_FEW = 32  # bytes of a text field that may be anything: counters, flags, a few letters in an old encoding
_DIGESTS = (32, 40, 48, 56, 64, 96, 128)  # hexadecimal digits of checksums and identifiers
_SHORT_BASE64 = 40  # digits of an identifier
_ODD = 0.85  # share of printable bytes from which broken text is text
# Words that devices and programs write, and may end as a C string: numbers, a name with a number, kinds of pictures.
_DEVICES = re.compile(
    rb"(?i)[\d.:/+_-]{1,20}|[a-z]{2,9}_\d{1,12}|charset=\S{1,12}|dcim[\w/]*|screen ?shots?|ascii|unicode|binary|"
    rb"none|null|unknown|default|untitled|edited|camera|photo|picture|image|hdr\+?|panorama|portrait|selfie|beauty|"
    rb"night|auto|normal|adobe|photoshop|lightroom|gimp|picasa|snapseed|instagram|facebook|whatsapp|ffmpeg|"
    rb"lavc[\d.]*|photoscape|meitu"
)


def text_field(
    technique: str, place: str, value: bytes, offset: int | None = None, keyword: str = ""
) -> Finding | None:
    """What a field of text holds.

    Parameters
    ----------
    technique : str
        Of a finding that is hidden.
    place : str
    value : bytes
    offset : int, optional
        Of the value in the file.
    keyword : str
        Under which it stands, where the format has such.

    Returns
    -------
    Finding or None
        None for an empty field.
    """
    body = value.strip(b"\0 \r\n\t\xff")
    if not body:
        return None
    content = identify(value)
    if content.kind in (EMPTY, FILL):
        return None
    hidden = body.startswith(MARK) or not _belongs(content, body, keyword)
    return Finding(technique if hidden else "other", place, content.what, value[content.start :], hidden, offset)


def binary_field(
    technique: str, place: str, value: bytes, offset: int | None = None, *, even: bool = False
) -> Finding | None:
    """A field of a known structure whose inside is its owner's affair: only what cannot be its kind is a finding.

    Parameters
    ----------
    technique : str
        Of the finding.
    place : str
        Where the field is, for people.
    value : bytes
    offset : int, optional
        Of the value in the file.
    even : bool
        Whether random-looking bytes may be its kind: curves of a colour profile, remains of pictures, packed tables.

    Returns
    -------
    Finding or None
    """
    content = identify(value)
    if content.kind in ("archive", "program", "document", "key", "script", "base64"):
        return Finding(technique, place, content.what, value[content.start :], True, offset)
    if content.kind == CIPHER and len(value) >= 256 and not even:
        return Finding(technique, place, content.what, value, True, offset)
    return None


def user_comment(value: bytes, offset: int | None = None) -> Finding | None:
    """EXIF UserComment: eight bytes of character code, then text.

    EXIF ends it nowhere: its length is in the tag. Devices leave it as it is, or pad it with many NULs or spaces. A
    text that a single NUL ends is a framed payload, unless it is a word of devices, which may keep it as a C string.
    """
    body = value[8:] if value[:8] in _CHARSETS else value
    place = "in the EXIF comment"
    if _framed(body):
        what = f"text of {len(body) - 1} bytes"
        return Finding("exif", place, what, body[:-1].removeprefix(MARK), True, offset)
    return text_field("exif", place, body, offset, "UserComment")


def _framed(body: bytes) -> bool:
    text = body[:-1]
    if not body.endswith(END) or END in text or not text:
        return False
    if text.startswith(MARK):
        return True
    return (_plain(text) or identify(text).kind in (TEXT, SCRIPT, BASE64, KEY)) and not _DEVICES.fullmatch(text.strip())


def _plain(text: bytes) -> bool:
    """Whether bytes are printable characters in UTF-8, however few, and not spaces alone."""
    try:
        return bool(text.strip()) and "".join(text.decode().split()).isprintable()
    except UnicodeDecodeError:
        return False


def _belongs(content: Content, body: bytes, keyword: str) -> bool:
    """Whether a text field is for such contents."""
    if content.kind == TEXT:
        return True
    if content.kind == BASE64:
        return _digits_belong(content.text.strip().encode(), keyword)
    if content.kind == SCRIPT:
        return _is_json(body)
    if content.kind in (BYTES, CIPHER):
        printable = sum(32 <= c < 127 or c in b"\t\r\n" for c in body)
        garbled = content.kind == BYTES and body.count(0) >= len(body) // 8  # tables that a program wrote here
        return len(body) < _FEW or printable >= _ODD * len(body) or garbled
    return False


def _digits_belong(body: bytes, keyword: str) -> bool:
    """Checksums, identifiers, short keys; cards of characters, which keep JSON as base64."""
    if keyword.startswith("Raw profile type") or body.startswith(b"FBMD"):
        return True
    if len(body) in _DIGESTS and re.fullmatch(rb"[0-9a-fA-F]+", body):
        return True
    if len(body) < _SHORT_BASE64:
        return True
    try:
        return _is_json(base64.b64decode(body, validate=False))
    except (binascii.Error, ValueError):
        return False


def _is_json(body: bytes) -> bool:
    if body[:1] not in (b"{", b"["):
        return False
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True
