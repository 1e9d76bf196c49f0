"""Payloads in the low bits of a JPEG's quantised coefficients, one after the other, as JSteg and its kin write them.

JSteg leaves out coefficients of 0 and 1 and writes a count of five bits, so many bits of a length in bytes, and the
payload. Others leave out -1 or the mean (DC) of each block as well, write no length, or keep to the luminance.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from starlight.errors import BadImage
from starlight.findings.contents import signature
from starlight.findings.finding import Finding
from starlight.findings.pixels.extents import extent
from starlight.findings.pixels.payloads import text_payload
from starlight.images.image import Image
from starlight.images.jpeg.coefficients import Coefficients
from starlight.streams.readable import text

__all__ = ["in_coefficients"]

_BYTES = 96  # that are judged
_BLOCKS = 1024  # that are read for them
_CERTAIN = 30.0  # nats of text: `decode` asks for 24 of each of a dozen scans, and these are ten times as many
_HEADERS = (0, 4, 8)  # bytes in front of a file
_FEWEST = 16  # bytes of a payload
_BLOCK_ORDERS = ("units", "luminance of units", "luminance")


class _Order(NamedTuple):
    """Which coefficients are read: of what blocks, in which order within a block, and which are left out."""

    blocks: str
    zigzag: bool
    means: bool
    ones: bool


_ORDERS = tuple(_Order(*one) for one in itertools.product(_BLOCK_ORDERS, (True, False), (True, False), (True, False)))
_ZIGZAG = np.array(sorted(range(64), key=lambda i: (i // 8 + i % 8, i // 8 if (i // 8 + i % 8) % 2 else i % 8)))


def in_coefficients(image: Image) -> list[Finding]:
    """Find text and files in the low bits of coefficients, in the order of the file.

    Parameters
    ----------
    image : Image

    Returns
    -------
    list of Finding
        One at most.
    """
    try:
        planes = image.coefficients
    except BadImage:
        return []
    if planes is None:
        return []
    streams = [(order, *one) for order in _ORDERS for one in _starts(_bits(planes, order, _BLOCKS))]
    if not streams:
        return []
    lengths = np.array([len(data) for *_, data in streams])
    rows = np.zeros((len(streams), _BYTES), np.uint8)
    for row, (*_, data) in zip(rows, streams, strict=True):
        row[: len(data)] = data
    scored = text.score(rows, lengths)
    best = int(scored.net.argmax())
    if scored.net[best] > _CERTAIN:
        return [_text(planes, *streams[best][:3], int(scored.start[best]))]
    for order, first, turned, data in streams:
        for start in _HEADERS:
            if signature(data[start:].tobytes()) and (found := _file(planes, order, first, turned, start)):
                return [found]
    return []


def _starts(bits: np.ndarray) -> Iterator[tuple[int, bool, np.ndarray]]:
    """Where a payload may begin among bits, whether its bytes begin with their lowest bit, and its first bytes."""
    for first in dict.fromkeys((0, _counted(bits))):
        for turned in (False, True):
            data = _packed(bits[first : first + 8 * _BYTES], turned)
            if len(data) >= _FEWEST:
                yield first, turned, data


def _counted(bits: np.ndarray) -> int:
    """Bits of JSteg's header: five that say how many hold the length, and these."""
    return 5 + int(bits[:5] @ (1 << np.arange(4, -1, -1))) if len(bits) >= 5 else 0


def _packed(bits: np.ndarray, turned: bool) -> np.ndarray:
    return np.packbits(bits[: len(bits) // 8 * 8], bitorder="little" if turned else "big")


def _bits(planes: Coefficients, order: _Order, most: int | None) -> np.ndarray:
    """Low bits of the coefficients of an order, of the first blocks or of all: (n,) uint8."""
    blocks = planes.y.reshape(-1, 64) if order.blocks == "luminance" else _units(planes, most, order.blocks == "units")
    blocks = blocks[:most]
    values = (blocks[:, _ZIGZAG] if order.zigzag else blocks)[:, 0 if order.means else 1 :].reshape(-1)
    taken = (values != 0) & (values != 1)
    if not order.ones:
        taken &= values != -1
    return (values[taken] & 1).astype(np.uint8)


def _units(planes: Coefficients, most: int | None, colours: bool) -> np.ndarray:
    """Blocks as a scan of all components has them, unit by unit, or those of the luminance alone: (n, 64)."""
    if planes.cb is None or planes.cr is None:
        return planes.y.reshape(-1, 64)
    rows, columns = planes.cb.shape[:2]
    down, across = (max(1, round(y / c)) for y, c in zip(planes.y.shape[:2], (rows, columns), strict=True))
    if most is not None:
        rows = min(rows, -(-most // (columns * (down * across + 2))))
    parts = []
    for plane, v, h in ((planes.y, down, across), (planes.cb, 1, 1), (planes.cr, 1, 1)):
        whole = np.zeros((rows * v, columns * h, 64), np.int16)
        own = plane[: rows * v, : columns * h].reshape(*plane[: rows * v, : columns * h].shape[:2], 64)
        whole[: own.shape[0], : own.shape[1]] = own
        parts.append(whole.reshape(rows, v, columns, h, 64).swapaxes(1, 2).reshape(rows, columns, v * h, 64))
    return np.concatenate(parts if colours else parts[:1], axis=2).reshape(-1, 64)


def _whole(planes: Coefficients, order: _Order, first: int, turned: bool) -> tuple[bytes, int]:
    """All bytes from a place on, and how many JSteg's header announces; 0 where there is none."""
    bits = _bits(planes, order, None)
    told = int("".join(map(str, bits[5:first])) or "0", 2) if first else 0
    return _packed(bits[first:], turned).tobytes(), told


def _text(planes: Coefficients, order: _Order, first: int, turned: bool, start: int) -> Finding:
    data, told = _whole(planes, order, first, turned)
    if 0 < told <= len(data):
        payload = data[:told]
    else:
        begin, stop = text_payload(data, start, "utf-8")
        payload = data[begin:stop]
    return Finding("other", _place(order), f"text of {len(payload)} bytes", payload)


def _file(planes: Coefficients, order: _Order, first: int, turned: bool, start: int) -> Finding | None:
    """A file whose signature was seen; None where its format does not bear it out."""
    data, _ = _whole(planes, order, first, turned)
    signed, size = signature(data[start:]), extent(data[start:])
    if not signed or size is None:
        return None
    return Finding("other", _place(order), signed[1], data[start : start + size])


def _place(order: _Order) -> str:
    left_out = "0 and 1" if order.ones else "-1, 0 and 1"
    return f"in coefficients other than {left_out}" + ("" if order.blocks == "units" else " of the luminance")
