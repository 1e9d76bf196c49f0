"""Orders that one tool alone uses: OpenStego's random one without a password, and stegano's scarcest sequences.

OpenStego (RandomLSB) draws column, row, channel (0 is blue) and bit from Java's generator, seeded with a constant where
no password is given, and skips what it has drawn before. Its header is read from lowest bits: the mark, a version, a
length (four bytes, little-endian), bits per channel, length of the file's name, compressed, encrypted; since version 2
eight bytes that name the cipher; then the name.
"""

from __future__ import annotations

import functools
import itertools
import zlib
from collections.abc import Iterator

import numpy as np

from starlight.findings.contents import identify
from starlight.findings.finding import Finding
from starlight.findings.pixels.orders import head
from starlight.images.image import Image
from starlight.streams.readable.scan_orders import stores_samples
from starlight.streams.readable.text_models import MODELS, PRINTABLE

__all__ = ["by_tools"]

_SEED = 98_234_782  # of OpenStego without a password
_MARK = b"OPENSTEGO"
_CIPHERS = 8  # bytes of the name of a cipher
_FACTOR, _SUM, _MASK = 0x5DEECE66D, 0xB, (1 << 48) - 1  # of java.util.Random
_LETTERS, _DISTINCT = 4, 3  # of a counted text, at least, and how many that differ
_LIKELY = 9.0  # nats of prose that it must have: with a count that fits, a chance in ten million for all orders
_PIXELS = 8 * 102 // 3  # that hold a count of two digits, a colon and 99 letters
_ORDERS = ("rows", "prime numbers", "composite numbers", "triangular numbers")


def by_tools(image: Image) -> list[Finding]:
    """Find what OpenStego and stegano wrote in orders of their own.

    Parameters
    ----------
    image : Image

    Returns
    -------
    list of Finding
    """
    if not stores_samples(image) or image.pixels.shape[2] != 3:
        return []
    found = [_openstego(image.pixels), *(_counted(image.pixels, name) for name in (*_SEQUENCES, *_ORDERS))]
    return [one for one in found if one is not None]


def _openstego(pixels: np.ndarray) -> Finding | None:
    height, width, _ = pixels.shape
    if pixels.size < 8 * (len(_MARK) + 17):
        return None
    begin = _bytes(pixels, _first_places(width, height))
    if begin != _MARK[: len(begin)]:
        return None
    places = _places(width, height)
    head = _bytes(pixels, itertools.islice(places, 8 * 18))
    if not head.startswith(_MARK) or head[9] not in (1, 2) or not 1 <= head[14] <= 8:
        return None
    size, depth = int.from_bytes(head[10:14], "little"), head[14]
    rest = head[15] + (_CIPHERS if head[9] == 2 else 0)
    if size + rest > pixels.size * depth // 8:
        return None
    drawn = itertools.islice(_places(width, height, depth, 8 * 18), 8 * (rest + size))
    payload = _bytes(pixels, drawn)[rest:]
    if head[16] == 1 and head[17] == 0:
        payload = _unpacked(payload)
    what = f"encrypted by OpenStego, {size} bytes" if head[17] == 1 else str(identify(payload))
    return Finding("lsb.rgb", "in the places that OpenStego draws without a password", what, payload)


def _unpacked(data: bytes) -> bytes:
    """What gzip makes of some bytes; the bytes themselves where they are none of its."""
    try:
        return zlib.decompressobj(31).decompress(data, 1 << 26)
    except zlib.error:
        return data


def _bytes(pixels: np.ndarray, places: tuple | Iterator) -> bytes:
    x, y, channel, bit = np.array(list(places), np.int64).reshape(-1, 4).T
    return np.packbits(pixels[y, x, 2 - channel] >> bit & 1).tobytes()


@functools.lru_cache(64)
def _first_places(width: int, height: int) -> tuple[tuple[int, int, int, int], ...]:
    return tuple(itertools.islice(_places(width, height), 24))


def _places(width: int, height: int, depth: int = 1, before: int = 0) -> Iterator[tuple[int, int, int, int]]:
    """Columns, rows, channels and bits in turn; of `depth` bits a channel, once `before` of one bit are drawn."""
    draw, seen = _Draw(_SEED), set()
    for number in itertools.count():
        bits = depth if number >= before else 1
        place = draw(width), draw(height), draw(3), draw(bits)
        while place in seen:
            place = draw(width), draw(height), draw(3), draw(bits)
        seen.add(place)
        if number >= before:
            yield place


class _Draw:
    """`nextInt` of java.util.Random."""

    def __init__(self, seed: int) -> None:
        self._state = (seed ^ _FACTOR) & _MASK

    def __call__(self, bound: int) -> int:
        while True:
            self._state = (self._state * _FACTOR + _SUM) & _MASK
            bits = self._state >> 17
            if bound & -bound == bound:
                return bound * bits >> 31
            if bits - bits % bound + bound - 1 < 1 << 31:
                return bits % bound


def _counted(pixels: np.ndarray, name: str) -> Finding | None:
    """A text behind its count and a colon, however short, in pixels whose numbers are in a sequence."""
    if name in _ORDERS:
        taken = head(pixels, name, _PIXELS)
    else:
        taken = pixels.reshape(-1, 3)[_sequence(name, pixels.shape[0] * pixels.shape[1])]
    data = np.packbits(taken.reshape(-1) & 1).tobytes()
    digits, colon, _ = data[:3].partition(b":")
    if not colon or not digits.isdigit() or not _LETTERS <= int(digits) <= len(data) - len(digits) - 1:
        return None
    letters = np.frombuffer(data, np.uint8, int(digits), len(digits) + 1)
    varied = len(set(letters.tobytes())) >= _DISTINCT
    if not varied or not PRINTABLE[letters].all() or MODELS[:2, letters].sum(axis=1).max() < _LIKELY:
        return None
    payload = letters.tobytes()
    return Finding("lsb.rgb", f"in bit 0 of the colours (rgb), by {name}", f"text of {len(payload)} bytes", payload)


@functools.lru_cache(64)
def _sequence(name: str, size: int) -> np.ndarray:
    return np.array(list(itertools.takewhile(lambda n: n < size, _SEQUENCES[name]())), np.int64)


def _fibonacci() -> Iterator[int]:
    one, other = 1, 2
    while True:
        yield one
        one, other = other, one + other


def _logarithmic() -> Iterator[int]:
    """1 to 9, then tens, hundreds and so on."""
    return (digit * 10**power for power in itertools.count() for digit in range(1, 10))


_SEQUENCES = {"Fibonacci numbers": _fibonacci, "round numbers": _logarithmic}
