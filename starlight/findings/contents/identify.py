"""From bytes to what they are."""

from __future__ import annotations

import base64
import binascii
import math
import re

import numpy as np

from starlight.findings.contents.content import BASE64, BYTES, CIPHER, EMPTY, FILL, SCRIPT, TEXT, Content
from starlight.findings.contents.signatures import signature
from starlight.findings.contents.texts import is_script, packed_text, read_text

__all__ = ["identify"]

_FEWEST = 32  # bytes under which nobody can tell random ones from others
_MOST = 1 << 16  # bytes whose histogram is taken
_SIGMAS = 5.0  # by which chi-square of random bytes may miss its mean


def identify(data: bytes) -> Content:
    """Tell what some bytes are.

    A signature counts where the header behind it verifies, text where it reads as text in a common encoding from the
    first byte to the last. A length or zeros in front are stepped over (`Content.start`).

    Parameters
    ----------
    data : bytes

    Returns
    -------
    Content

    Examples
    --------
    >>> identify(b"PK\\x03\\x04 no archive").kind
    'bytes'
    >>> str(identify("Привет, мир".encode()))
    'text of 20 bytes'
    """
    if not data:
        return Content(EMPTY, "nothing")
    if data.count(data[0]) == len(data):
        return Content(FILL, f"{len(data)} bytes of {data[0]:#04x}")
    found = _plain(data)
    if found.kind not in (BYTES, CIPHER):
        return found
    for start in _starts(data):
        inner = _plain(data[start:])
        if inner.kind not in (BYTES, CIPHER):
            return Content(inner.kind, inner.what, inner.text, start, inner.encoding)
    return found


def _plain(data: bytes) -> Content:
    """What bytes are from their first one on."""
    signed = signature(data)
    if signed:
        return Content(*signed)
    read = read_text(data)
    if read:
        text, encoding = read
        size = len(data.rstrip(b"\0"))
        if is_script(text.encode("utf-8", "ignore")):
            return Content(SCRIPT, f"script of {size} bytes", text, 0, encoding)
        digits = packed_text(text.encode("ascii")) if text.isascii() else ""
        if digits:
            return Content(BASE64, f"{digits} of {_inside(text, digits)}, {size} bytes", text, 0, encoding)
        named = "" if encoding in ("ascii", "utf-8") else f" in {encoding.upper()}"
        return Content(TEXT, f"text of {size} bytes{named}", text, 0, encoding)
    if _random(data):
        return Content(CIPHER, f"{len(data)} random-looking bytes")
    return Content(BYTES, f"{len(data)} bytes")


def _starts(data: bytes) -> list[int]:
    """Where the contents may begin behind a length (16 or 32 bits, of bytes or bits) or behind zeros."""
    found, size = [], len(data)
    for width in (4, 2, 8):
        rest = size - width
        for order in ("big", "little"):
            number = int.from_bytes(data[:width], order)
            if rest > 0 and number in (rest, 8 * rest, rest - 1, size):
                found.append(width)
    zeros = size - len(data.lstrip(b"\0"))
    if zeros > 0:
        found.append(zeros)
    return list(dict.fromkeys(found))


def _inside(text: str, digits: str) -> str:
    """What such digits stand for, in words."""
    packed = re.sub(r"[\s:]|^0x", "", text)
    try:
        if digits == "base64":
            packed = packed.replace("-", "+").replace("_", "/").rstrip("=")
            data = base64.b64decode(packed + "=" * (-len(packed) % 4))
        else:
            data = bytes.fromhex(packed)
    except (binascii.Error, ValueError):
        return "bytes"
    signed = signature(data)
    return signed[1] if signed else "text" if read_text(data) else "bytes"


def _random(data: bytes) -> bool:
    """Whether bytes are as evenly spread as random ones: Pearson's chi-square, normal by Wilson and Hilferty."""
    size = min(len(data), _MOST)
    if size < _FEWEST:
        return False
    row = np.frombuffer(data, np.uint8, count=size)
    bins = 256 if size >= 1280 else 16  # five in each at least; of few bytes the high and the low halves
    samples = row if bins == 256 else np.concatenate([row >> 4, row & 15])
    counts = np.bincount(samples, minlength=bins)
    mean = len(samples) / bins
    statistic, free = float(((counts - mean) ** 2).sum() / mean), bins - 1
    spread = math.sqrt(2 / (9 * free))
    return ((statistic / free) ** (1 / 3) - (1 - 2 / (9 * free))) / spread < _SIGMAS
