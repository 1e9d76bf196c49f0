"""Orders that one tool alone uses: OpenStego's random one without a password, and stegano's scarcest sequences.

OpenStego (RandomLSB) draws column, row, channel (0 is blue) and bit from Java's generator, seeded with a constant where
no password is given, and skips what it has drawn before. Its header is read from lowest bits: the mark, a version, a
length (four bytes, little-endian), bits per channel, length of the file's name, compressed, encrypted; since version 2
eight bytes that name the cipher; then the name.
"""

from __future__ import annotations

import functools
import itertools
import math
import zlib
from collections.abc import Callable, Iterable, Iterator

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
_FEWEST = 16  # of them, which hold a digit, the colon and four letters
_MOST = 1 << 20  # pixels among which they are looked for; 45 Carmichael numbers
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
    hidden = _openstego(image.pixels)
    return [*([hidden] if hidden else []), *_counted(image.pixels)]


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


def _counted(pixels: np.ndarray) -> Iterator[Finding]:
    """Texts behind their count and a colon, however short, in pixels whose numbers are in a sequence."""
    flat = pixels.reshape(-1, 3)
    orders, heads = _orders(len(flat))
    if not orders:
        return
    begins = np.packbits(flat[heads].reshape(len(orders), -1) & 1, axis=1)
    for (name, numbers), begin in zip(orders, begins, strict=True):
        digits, colon, _ = begin.tobytes().partition(b":")
        if colon and digits.isdigit() and (payload := _text(flat[numbers], int(digits), len(digits) + 1)):
            yield Finding("lsb.rgb", f"in bit 0 of the colours (rgb), by {name}",
                          f"text of {len(payload)} bytes", payload)  # fmt: skip


def _text(taken: np.ndarray, count: int, begin: int) -> bytes | None:
    """So many letters in pixels (n, 3) from a byte on, where they read as text."""
    data = np.packbits(taken.reshape(-1) & 1)
    if not _LETTERS <= count <= len(data) - begin:
        return None
    letters = data[begin : begin + count]
    varied = len(set(letters.tobytes())) >= _DISTINCT
    if not varied or not PRINTABLE[letters].all() or MODELS[:2, letters].sum(axis=1).max() < _LIKELY:
        return None
    return letters.tobytes()


@functools.lru_cache(64)
def _orders(size: int) -> tuple[list[tuple[str, np.ndarray]], np.ndarray]:
    """Of so many pixels the numbers of those in each order that may hold a text, and of the first few in all orders."""
    rows = np.arange(min(size, _MOST)).reshape(1, -1, 1)
    found = [(name, head(rows, name, _PIXELS)[:, 0]) for name in _ORDERS]
    found += [(name, np.array([*_below(size, numbers(size))], np.int64)) for name, numbers in _SEQUENCES.items()]
    found = [(name, numbers) for name, numbers in found if len(numbers) >= _FEWEST]
    return found, np.array([numbers[:8] for _, numbers in found])  # eight pixels hold two digits and the colon


def _below(size: int, numbers: Iterable[int]) -> Iterator[int]:
    return itertools.islice(itertools.takewhile(lambda n: n < size, numbers), _PIXELS)


def _fibonacci(size: int) -> Iterator[int]:
    one, other = 1, 2
    while True:
        yield one
        one, other = other, one + other


def _round(size: int) -> Iterator[int]:
    """1 to 9, then tens, hundreds and so on."""
    return (digit * 10**power for power in itertools.count() for digit in range(1, 10))


def _carmichael(size: int) -> list[int]:
    """Products of different primes p, three at least, of which each p - 1 divides what is one less (Korselt, 1899).

    No prime factor of such a number is above its square root.
    """
    numbers = np.arange(min(size, _MOST))
    product, sound, factors = np.ones_like(numbers), np.ones(len(numbers), bool), np.zeros(len(numbers), np.uint8)
    for p in range(3, math.isqrt(len(numbers)) + 1, 2):
        if product[p] == 1:
            product[p::p] *= p
            factors[p::p] += 1
            sound[p::p] &= (numbers[p::p] - 1) % (p - 1) == 0
    return np.flatnonzero(sound & (product == numbers) & (factors > 2)).tolist()


# The tool's others leave no room for a count and four letters: below 2 to the power of 30 there are ten numbers of
# Mersenne, five of Fermat, two of Ackermann's function of 4. Corners that OpenCV finds in a cover need OpenCV.
_SEQUENCES: dict[str, Callable[[int], Iterable[int]]] = {
    "Fibonacci numbers": _fibonacci,
    "round numbers": _round,
    "Carmichael numbers": _carmichael,
    "Ackermann's function of 1": lambda size: range(2, size),
    "Ackermann's function of 2": lambda size: range(3, size, 2),
    "Ackermann's function of 3": lambda size: (2**n - 3 for n in itertools.count(3)),
}
