"""Where a text ends that no terminator and no count ends, with other bytes behind it.

One byte in seven that follows is a letter by chance, and models of single letters take it for a part of the text. The
text itself tells which letters follow which in it; and texts end with sentences, closing brackets and words rather than
with spaces and commas. Base64 ends with a group of four.
"""

from __future__ import annotations

import math

import numpy as np

from starlight.streams.readable.text_models import MODELS

__all__ = ["likely_end"]

_BACK, _FORWARD = 12, 4  # bytes by which the end may have been misjudged
_SEEN = 4096  # bytes of a text that its pairs of letters are counted in
_PRIOR = 5.0  # letters that the shares of a model count as, beside the pairs that were seen
_FINAL = ((b".!?", 0.0), (b")]}>\"'", -0.5), (b"\n=;", -2.0))  # nats of a text that ends with such a character
_WITHIN, _NEVER = -2.5, -5.0  # with a letter or a digit, and with any other character
_STOPS, _JOINED = b".!?,;:", -1.5  # nats of a letter that comes right behind one, as in names of files
_BASE64 = 2  # of the models of text
_ALPHABET = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


def likely_end(data: bytes, start: int, end: int) -> int:
    """Move the end of an ASCII text to where it most likely is.

    Parameters
    ----------
    data : bytes
    start, end : int
        Of the text, the end as models of single letters tell it.

    Returns
    -------
    int
        One past its last byte.
    """
    first, last = max(start + 1, end - _BACK), min(len(data), end + _FORWARD)
    known = data[max(start, first - _SEEN) : first]
    if not known.isascii():
        return end
    models = MODELS[:, np.frombuffer(known, np.uint8)].sum(axis=1)
    if models.argmax() == _BASE64 and _ALPHABET.issuperset(known):
        padding = data.find(b"=", first, end)
        if padding >= 0:
            return padding + 1 + (data[padding + 1 : padding + 2] == b"=")
        return end - (end - start) % 4
    share = np.exp(MODELS[int(models.argmax())]) / 256
    best, found, gained = -math.inf, end, 0.0
    for at in range(first, last + 1):
        if gained + _ends(data[at - 1 : at]) > best:
            best, found = gained + _ends(data[at - 1 : at]), at
        pair = data[at - 1 : at + 1]
        if len(pair) == 2:
            likely = (known.count(pair) + _PRIOR * share[pair[1]]) / (known.count(pair[:1]) + _PRIOR)
            gained += math.log(256 * likely) + (_JOINED if pair[:1] in _STOPS and pair[1:].isalnum() else 0.0)
    return found


def _ends(letter: bytes) -> float:
    """Nats of a text that ends with a character."""
    for letters, nats in _FINAL:
        if letter in letters:
            return nats
    return _WITHIN if letter.isalnum() else _NEVER
