"""Text that begins anywhere in a plane: windows in which one bit of each byte stands still while others change.

The highest bit of ASCII is zero. So of eight samples in turn one keeps its bit over a whole text, in every layout, and
in noise over 32 bytes with a probability of 2 to the power of -32. All bit planes are looked at in one pass.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from starlight.findings.pixels.layouts import Layout
from starlight.findings.pixels.orders import Lane
from starlight.findings.pixels.planes import Plane
from starlight.streams.readable.text_models import PRINTABLE

__all__ = ["BODY_LAYOUTS", "body_lanes", "windows"]

_GROUPS = 16  # groups of eight samples in a window
_LEAST = 4  # of eight bits, those that change
_MOST = 6  # windows of a lane and layout that are judged

# Layouts by what stands still in eight samples: places in turn, bit of the sample.
BODY_LAYOUTS: tuple[tuple[Layout, int], ...] = (
    *((Layout((bit,), flipped), 8) for bit in range(8) for flipped in (False, True)),
    *((Layout(bits, flipped), 8 // len(bits)) for bits in ((1, 0), (0, 1), (3, 2, 1, 0), (0, 1, 2, 3))
      for flipped in (False, True)),
    (Layout((7, 6, 5, 4, 3, 2, 1, 0)), 1),
)  # fmt: skip


def body_lanes(plane: Plane) -> list[Lane]:
    """Orders in which text is looked for at any place."""
    count = plane.samples.shape[2]
    if plane.joint:
        choices = [tuple(range(count)), tuple(range(count))[::-1]]
    else:
        choices = [(c,) for c in range(count)] + ([(0, 1, 2), (2, 1, 0)] if count == 3 else [])
    orders = ("rows",) if plane.samples.shape[0] == 1 else ("rows", "columns")
    return [Lane(plane, order, chosen) for order, chosen in itertools.product(orders, choices)]


def windows(lane: Lane) -> Iterator[tuple[Layout, int]]:
    """Layouts and samples of a lane at which 32 bytes or more may be ASCII text, the first of each stretch of them."""
    samples = lane.samples()
    count = len(samples) // (8 * _GROUPS)
    if count < 2:
        return
    words = samples[: count * 8 * _GROUPS].view(np.uint64).reshape(count, _GROUPS)
    ones, all_ones = np.bitwise_or.reduce(words, axis=1), np.bitwise_and.reduce(words, axis=1)
    ones, all_ones = ones[:-1] | ones[1:], all_ones[:-1] & all_ones[1:]
    changes = (ones & ~all_ones).view(np.uint8).reshape(-1, 8)
    never = ~ones.view(np.uint8).reshape(-1, 8)
    for bit in range(8):
        yield from _single(samples, bit, never, changes)
    yield from _several(samples, never)


def _single(samples: np.ndarray, bit: int, never: np.ndarray, changes: np.ndarray) -> Iterator[tuple[Layout, int]]:
    mask = np.uint8(1 << bit)
    zero = (never & mask) != 0
    some = np.flatnonzero(zero.any(axis=1))
    if not len(some):
        return
    fits = ((changes[some] & mask) != 0).sum(axis=1) >= _LEAST
    for window in _first_of_each(some[fits]):
        for place in np.flatnonzero(zero[window]).tolist():
            for flipped in (False, True):
                layout = Layout((bit,), flipped)
                # the bit that stands still is the highest of its byte: the first or the last that is read
                first = window * 8 * _GROUPS + (place + 1 - 8 if flipped else place)
                if first < 0:
                    first += 8
                if _printable(layout, samples, first):
                    yield layout, first


def _several(samples: np.ndarray, never: np.ndarray) -> Iterator[tuple[Layout, int]]:
    """Layouts of several bits a sample."""
    for layout, turn in BODY_LAYOUTS[16:]:
        top = layout.bits[-1] if layout.flipped else layout.bits[0]
        mask = np.uint8(1 << top)
        zero = (never & mask) != 0
        for place in range(turn):
            stands = zero[:, place::turn].all(axis=1)
            if turn > 1:  # else what goes before or after it would stand still as well, as in a dark picture
                stands &= ~zero.all(axis=1)
            at = np.flatnonzero(stands)
            for window in _first_of_each(at):
                first = window * 8 * _GROUPS + (place + 1 - turn if layout.flipped else place)
                first += turn if first < 0 else 0
                if _printable(layout, samples, first):
                    yield layout, first


def _first_of_each(places: np.ndarray) -> list[int]:
    """First of each run of consecutive numbers, the longest runs first, a few at the most."""
    if not len(places):
        return []
    begins = np.flatnonzero(np.diff(places, prepend=-2) > 1)
    length = np.diff(begins, append=len(places))
    return places[begins[np.argsort(-length, kind="stable")[:_MOST]]].tolist()


def _printable(layout: Layout, samples: np.ndarray, first: int) -> bool:
    """Whether the bytes of a window are printable and various."""
    size = 2 * _GROUPS * len(layout.bits)
    data = layout.unpack(samples[first : first + layout.samples_for(size)])[:-1]
    return bool(PRINTABLE[data].mean() > 0.9 and len(np.unique(data)) >= min(10, size // 3))


def price(lane: Lane) -> float:
    """Nats that the choice of a place in a lane costs."""
    return math.log(max(1, lane.plane.samples.size) * len(BODY_LAYOUTS))


