"""A message in the order of a colour table, as gifshuffle writes it (M. Kwan, 1998).

The order of n colours is a number below n!. Colours sorted by red, then green, then blue, are drawn in turn, and the
place of each is a digit of the number in factorial base. Without a key a text is read back; a message of another kind
that is short leaves the small colours sorted and the rest in disorder, which no encoder does. An order that is random
in full, as under a key, says nothing: one encoder in common use (Pillow's octree) leaves one in 5 % of pictures, by
correlation with brightness, hue, use and first use, and by the length of the path through the colours.
"""

from __future__ import annotations

import math

import numpy as np

from starlight.findings.contents.texts import read_text
from starlight.findings.finding import Finding
from starlight.images.image import Image

__all__ = ["message", "palette_order"]

_FEWEST = 24  # colours that may hold a message
_LETTERS = 8  # bytes of a text that is believed
_SORTED, _SHUFFLED = 24, 16  # colours in order, and in disorder behind them, that a short message leaves


def palette_order(image: Image) -> list[Finding]:
    """Find a message in the order of a GIF file's colours.

    Parameters
    ----------
    image : Image

    Returns
    -------
    list of Finding
        At most one. The payload is empty where it cannot be read.
    """
    if image.palette is None or image.indices is None or image.container.format != "gif":
        return []
    colours, first = np.unique(image.palette.astype(np.int64) @ [65536, 256, 1], return_index=True)
    if len(colours) < _FEWEST:
        return []
    ranks = np.argsort(np.argsort(first))  # place of each colour, in sorted order
    order = np.argsort(ranks)  # sorted rank of each colour, in the order of the table
    data = message(order.tolist())
    place, text = "in the order of the colours", read_text(data) if len(data) >= _LETTERS else None
    if text and text[1] in ("utf-8", "ascii"):
        return [Finding("other", place, f"text of {len(data)} bytes", data)]
    moved = np.flatnonzero(order != np.arange(len(order)))
    head = int(moved[0]) if len(moved) else len(order)
    if head >= _SORTED and len(order) - head >= _SHUFFLED and _disordered(order[head:] - head):
        bits = math.lgamma(len(order) - head + 1) / math.log(2)
        return [Finding("other", place, f"a message of up to {bits:.0f} bits", b"")]
    return []


def message(order: list[int]) -> bytes:
    """Read the bytes that gifshuffle writes as the order of colours.

    Parameters
    ----------
    order : list of int
        Sorted rank of each colour, in the order of the table.

    Returns
    -------
    bytes
        Empty where their bits are no whole bytes.
    """
    left, number = list(order), 0
    for rank in range(len(left)):
        place = left.index(rank)
        del left[place]
        number = number * (len(left) + 1) + place
    bits = bin(number)[3:][::-1]  # behind the leading one, which ends the message
    return int(bits, 2).to_bytes(len(bits) // 8, "big") if bits and len(bits) % 8 == 0 else b""


def _disordered(order: np.ndarray) -> bool:
    """Whether ranks (n,) rise and fall, and lie, as random ones do."""
    n = len(order)
    rises = (np.diff(order) > 0).sum() - (n - 1) / 2
    slope = np.corrcoef(order, np.arange(n))[0, 1]
    return abs(rises) < 3 * math.sqrt((n + 1) / 12) and abs(slope) < 3 / math.sqrt(n - 1)
