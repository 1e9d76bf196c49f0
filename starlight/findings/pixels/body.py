"""Text that begins anywhere in a plane: windows in which one bit of each byte stands still while others change.

The highest bit of ASCII is zero. So of eight samples in turn one keeps its bit over a whole text, in every layout, and
in noise over 32 bytes with a probability of 2 to the power of -32. All bit planes are looked at in one pass.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from starlight.findings.pixels.layouts import Layout
from starlight.findings.pixels.orders import Lane
from starlight.findings.pixels.planes import Plane
from starlight.findings.pixels.screen import busy, smooth
from starlight.streams.readable.text_models import PRINTABLE

__all__ = ["BODY_LAYOUTS", "place_price", "windows"]

_GROUPS = 16  # groups of eight samples in a window; two windows in a row are looked at
_BYTES = 30  # of a text that are looked at in them, one bit each
_LEAST = 4  # of eight bits, those that change
_RUNS = 24  # stretches of a lane, and of a bit and its place, that are looked at
_EVERY = np.uint64(0x0101010101010101)
_SEVERAL = tuple(
    Layout(bits, flipped)
    for bits in ((1, 0), (0, 1), (3, 2, 1, 0), (0, 1, 2, 3), (7, 6, 5, 4, 3, 2, 1, 0))
    for flipped in (False, True)
)
BODY_LAYOUTS = (*(Layout((bit,), flipped) for bit in range(8) for flipped in (False, True)), *_SEVERAL)

Window = tuple[Lane, Layout, int]


def place_price(plane: Plane) -> float:
    """Nats that the choice of an order, a layout and a place in a plane costs."""
    return math.log(len(_lanes(plane)) * len(BODY_LAYOUTS) * plane.samples.size)


def windows(plane: Plane) -> list[Window]:
    """Lanes, layouts and samples at which 30 bytes or more may be ASCII text, the first of each stretch of them."""
    found: list[Window] = []
    for lane in _lanes(plane):
        samples = lane.samples()
        count = len(samples) // (8 * _GROUPS)
        if count >= 2:
            words = samples[: count * 8 * _GROUPS].view(np.uint64).reshape(count, _GROUPS)
            ones, both = np.bitwise_or.reduce(words, axis=1), np.bitwise_and.reduce(words, axis=1)
            ones, both = ones[:-1] | ones[1:], both[:-1] & both[1:]
            found += [(lane, *one) for one in _single(samples, ~ones, ones & ~both) + _several(samples, ~ones)]
    return found


def _lanes(plane: Plane) -> list[Lane]:
    """Orders in which text is looked for at any place."""
    count = plane.samples.shape[2]
    if plane.joint:
        choices = [tuple(range(count)), tuple(range(count))[::-1]]
    else:
        choices = [(c,) for c in range(count)] + ([(0, 1, 2), (2, 1, 0)] if count == 3 else [])
    orders = ("rows",) if plane.samples.shape[0] == 1 else ("rows", "columns")
    return [Lane(plane, order, chosen) for order, chosen in itertools.product(orders, choices)]


def _single(samples: np.ndarray, never: np.ndarray, changes: np.ndarray) -> list[tuple[Layout, int]]:
    """Layouts of one bit a sample."""
    places: list[np.ndarray] = []
    for bit in range(8):
        mask = _EVERY << np.uint64(bit)
        still = never & mask
        fits = np.flatnonzero((still != 0) & (np.bitwise_count(changes & mask) >= _LEAST))
        for window in _begins(fits):
            at = np.flatnonzero(still[window : window + 1].view(np.uint8))
            places += [np.array([window * 8 * _GROUPS, place, bit]) for place in at]
    if not places:
        return []
    first, place, bit = np.array(places).T
    out = []
    for flipped in (False, True):
        at = first + (place + 1 if flipped else place) % 8
        at, bits = at[at + 8 * _BYTES <= len(samples)], bit[at + 8 * _BYTES <= len(samples)]
        rows = samples[at[:, None] + np.arange(8 * _BYTES)] >> bits[:, None].astype(np.uint8)
        data = np.packbits(rows & 1, axis=1, bitorder="little" if flipped else "big")
        out += [(Layout((int(bits[i]),), flipped), int(at[i])) for i in _textual(data)]
    return out


def _several(samples: np.ndarray, never: np.ndarray) -> list[tuple[Layout, int]]:
    """Layouts of several bits a sample."""
    out = []
    for layout in _SEVERAL:
        turn = 8 // len(layout.bits)
        top = layout.bits[-1] if layout.flipped else layout.bits[0]
        every = _EVERY << np.uint64(top)
        for place in range(turn):
            mask = np.uint64(sum(1 << (8 * q + top) for q in range(place, 8, turn)))
            stands = (never & mask) == mask
            if turn > 1:  # where all stand still it is a dark picture
                stands &= (never & every) != every
            at = np.array(_begins(np.flatnonzero(stands)), int) * 8 * _GROUPS
            at += (place + 1 if layout.flipped else place) % turn
            at = at[at + layout.samples_for(_BYTES) <= len(samples)]
            if len(at):
                data = layout.unpack(samples[at[:, None] + np.arange(layout.samples_for(_BYTES))])[:, :_BYTES]
                out += [(layout, int(at[i])) for i in _textual(data) if not smooth(data[i], layout)]
    return out


def _begins(places: np.ndarray) -> list[int]:
    """First of each run of consecutive numbers; of the longest runs, if there are many."""
    if not len(places):
        return []
    begins = np.flatnonzero(np.diff(places, prepend=-2) > 1)
    if len(begins) > _RUNS:
        length = np.diff(begins, append=len(places))
        begins = begins[np.sort(np.argsort(-length, kind="stable")[:_RUNS])]
    return places[begins].tolist()


def _textual(data: np.ndarray) -> np.ndarray:
    """Rows that are printable, all but a few bytes, and not as pictures are."""
    rows = np.flatnonzero(PRINTABLE[data].sum(axis=1) >= 0.9 * data.shape[1])
    return rows[busy(np.ascontiguousarray(data[rows]))] if len(rows) else rows
