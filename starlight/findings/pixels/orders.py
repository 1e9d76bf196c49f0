"""In which order pixels may be read, and which of their channels."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from starlight.findings.pixels.planes import Plane

__all__ = ["Lane", "chosen_lanes", "head", "lanes", "rank"]

_STRIDES = (2, 3, 4, 5, 6, 7, 8, 10, 16, 32)  # pixels from one to the next
_MOST = 1 << 24  # pixels among which numbers of a sequence are looked for


@dataclass(frozen=True)
class Lane:
    """Samples of a plane in one order.

    Attributes
    ----------
    plane : Plane
    order : str
        Name of the order of pixels.
    chosen : tuple of int
        Channels of each pixel, in the order in which they are read.
    """

    plane: Plane
    order: str
    chosen: tuple[int, ...]

    def samples(self, count: int | None = None) -> np.ndarray:
        """First `count` samples or, if None, all of them; (n,) uint8."""
        wanted = None if count is None else -(-count // len(self.chosen))
        pixels = head(self.plane.samples, self.order, wanted)
        return np.ascontiguousarray(_channels(pixels, self.chosen)).reshape(-1)[:count]

    def stretch(self, first: int, count: int) -> np.ndarray:
        """Samples from the number `first` on, `count` of them or up to the end; (n,) uint8."""
        if self.order not in ("rows", "columns"):
            return self.samples(first + count)[first:]
        turned = self.plane.samples if self.order == "rows" else self.plane.samples.swapaxes(0, 1)
        across = turned.shape[1] * len(self.chosen)  # samples of a line
        lines = np.ascontiguousarray(_channels(turned[first // across : -(-(first + count) // across)], self.chosen))
        return lines.reshape(-1)[first % across :][:count]

    @property
    def count(self) -> int:
        """Samples of an order that leaves none out."""
        return self.plane.samples.shape[0] * self.plane.samples.shape[1] * len(self.chosen)

    @property
    def letters(self) -> str:
        """Channels by their letters, such as `bgr`."""
        return "".join(self.plane.letters[c] for c in self.chosen)

    @property
    def across(self) -> int:
        """Samples from one pixel to the next of the other direction; 0 where there is no such."""
        height, width, _ = self.plane.samples.shape
        if self.order.startswith("every"):
            return width // _step(self.order) * len(self.chosen) if width % _step(self.order) == 0 else 0
        return {"rows": width, "columns": height}.get(self.order.split(",")[0], 0) * len(self.chosen)

    def __str__(self) -> str:
        channels = "" if len(self.plane.letters) == 1 else f" ({self.letters})"
        return f"{self.plane.name}{channels}, by {self.order}"


def _channels(pixels: np.ndarray, chosen: tuple[int, ...]) -> np.ndarray:
    if chosen == tuple(range(pixels.shape[-1])):
        return pixels
    return pixels[..., list(chosen)] if len(chosen) > 1 else pixels[..., chosen[0], None]


_Walk = Callable[[np.ndarray, int | None], np.ndarray]


def lanes(plane: Plane) -> list[tuple[str, tuple[tuple[int, ...], ...]]]:
    """Orders of pixels, and for each the choices of channels that are searched in it."""
    count = plane.samples.shape[2]
    if plane.joint:
        few = many = ((0, 1, 2, 3), (3, 2, 1, 0), (3, 0, 1, 2), (2, 1, 0, 3))
    elif count == 1:
        few = many = ((0,),)
    else:
        few = ((0, 1, 2), (2, 1, 0), (0,), (1,), (2,))
        others = *itertools.permutations(range(3)), *itertools.permutations(range(3), 2)
        many = (*few, *(p for p in others if p not in few))
    names = ("rows", "rows, backwards") if plane.samples.shape[0] == 1 else _WALKS
    return [(name, many if name in ("rows", "columns") else few) for name in names]


def chosen_lanes(plane: Plane) -> list[tuple[str, tuple[tuple[int, ...], ...]]]:
    """As `lanes`, for orders that leave pixels out: every n-th, or those whose numbers are in a sequence."""
    count = plane.samples.shape[2]
    if plane.joint:
        return []
    some = ((0,),) if count == 1 else ((0, 1, 2), (0,), (1,), (2,))
    steps = [(f"every {step}th pixel", some) for step in _STRIDES]
    return steps + [(name, some[:1]) for name in (*_SEQUENCES, _REGISTER)]


def rank(lane: Lane) -> int:
    """How unusual an order is: 0 for pixels row by row with all of their channels."""
    orders = [*_WALKS]
    order = orders.index(lane.order) if lane.order in orders else len(orders)
    return order + (lane.chosen != tuple(range(len(lane.chosen))))


def head(samples: np.ndarray, order: str, count: int | None) -> np.ndarray:
    """First pixels in an order.

    Parameters
    ----------
    samples : ndarray, shape (height, width, channels)
    order : str
        One of the orders of this module.
    count : int or None
        Pixels; None for all.

    Returns
    -------
    ndarray, shape (n, channels)
    """
    if order in _WALKS:
        return _WALKS[order](samples, count)
    flat = samples.reshape(-1, samples.shape[2])
    if order == _REGISTER:
        return flat[_register(len(flat).bit_length() - 1, count)]
    if order in _SEQUENCES:
        return flat[_numbers(order, len(flat), count)]
    return flat[:: _step(order)][:count]


def _step(order: str) -> int:
    return int("".join(filter(str.isdigit, order)))


def _walk(turn: Callable[[np.ndarray], np.ndarray], snake: bool = False) -> _Walk:
    def walk(samples: np.ndarray, count: int | None) -> np.ndarray:
        turned = turn(samples)
        lines = None if count is None else -(-count // turned.shape[1])
        found = np.ascontiguousarray(turned[:lines])
        if snake:
            found = found.copy() if np.may_share_memory(found, samples) else found
            found[1::2] = found[1::2, ::-1].copy()
        return found.reshape(-1, samples.shape[2])[:count]

    return walk


_WALKS = {
    "rows": _walk(lambda s: s),
    "columns": _walk(lambda s: s.swapaxes(0, 1)),
    "rows, from the bottom": _walk(lambda s: s[::-1]),
    "rows, from the right": _walk(lambda s: s[:, ::-1]),
    "rows, backwards": _walk(lambda s: s[::-1, ::-1]),
    "columns, from the right": _walk(lambda s: s[:, ::-1].swapaxes(0, 1)),
    "columns, from the bottom": _walk(lambda s: s[::-1].swapaxes(0, 1)),
    "columns, backwards": _walk(lambda s: s[::-1, ::-1].swapaxes(0, 1)),
    "rows there and back": _walk(lambda s: s, snake=True),
    "columns there and back": _walk(lambda s: s.swapaxes(0, 1), snake=True),
}


def _numbers(name: str, size: int, count: int | None) -> np.ndarray:
    """Numbers below `size` in a sequence, the first `count` of them."""
    most = 1 << max(13, (min(size, _MOST) - 1).bit_length())
    grown = most if count is None else 1 << 13
    while len(_sequence(name, grown)) < (count or 0) and grown < most:
        grown <<= 1
    found = _sequence(name, grown)
    return found[: np.searchsorted(found, size)][:count]


@functools.lru_cache(64)
def _sequence(name: str, size: int) -> np.ndarray:
    return np.sort(np.unique(np.array(list(_SEQUENCES[name](size)), np.int64)))


@functools.lru_cache(16)
def _register(bits: int, count: int | None) -> np.ndarray:
    """First states of a linear feedback shift register of so many bits, from 1 on."""
    period = (1 << bits) - 1
    out = np.empty(min(period, period if count is None else count), np.int64)
    state = 1
    for i in range(len(out)):
        state = (state << 1 & period) | sum(state >> (tap - 1) & 1 for tap in _TAPS[bits]) & 1
        out[i] = state
    return out


def _primes(size: int) -> np.ndarray:
    sieve = np.ones(size, bool)
    sieve[:2] = False
    for n in range(2, math.isqrt(size) + 1):
        if sieve[n]:
            sieve[n * n :: n] = False
    return np.flatnonzero(sieve)


def _composites(size: int) -> np.ndarray:
    return np.setdiff1d(np.arange(4, size), _primes(size))


def _below(size: int, numbers: Iterator[int]) -> list[int]:
    return list(itertools.takewhile(lambda n: n < size, numbers))


_REGISTER = "a shift register"
_TAPS = {
    5: (5, 2), 6: (6, 1), 7: (7, 1), 8: (8, 4, 3, 2), 9: (9, 4), 10: (10, 3), 11: (11, 2), 12: (12, 6, 4, 1),
    13: (13, 4, 3, 1), 14: (14, 8, 6, 1), 15: (15, 1), 16: (16, 12, 3, 1), 17: (17, 3), 18: (18, 7),
    19: (19, 5, 2, 1), 20: (20, 3), 21: (21, 2), 22: (22, 1), 23: (23, 5), 24: (24, 7, 2, 1), 25: (25, 3),
    26: (26, 6, 2, 1), 27: (27, 5, 2, 1), 28: (28, 3),
}  # fmt: skip
# Sequences whose numbers the tool stegano takes for pixels, zsteg that of the primes. Its others have too few to hold a
# text: in four megapixels 31 Fibonacci numbers, a dozen of Mersenne.
_SEQUENCES = {
    "prime numbers": _primes,
    "prime numbers, less one": lambda size: _primes(size) - 1,
    "composite numbers": _composites,
    "composite numbers, less one": lambda size: _composites(size) - 1,
    "triangular numbers": lambda size: _below(size, (n * (n + 1) // 2 for n in itertools.count())),
    "square numbers": lambda size: _below(size, (n * n for n in itertools.count())),
}
