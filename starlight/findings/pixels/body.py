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
from starlight.findings.pixels.screen import busy, smooth, texty
from starlight.streams.readable.text_models import PRINTABLE

__all__ = ["BODY_LAYOUTS", "place_price", "windows"]

_STEP = 32  # samples; what stands still is noted for so many, and for 2, 4 and 8 times as many
_BYTES = 30  # of a text that are looked at
_LEAST = 4  # of eight bits, those that change, and at the most those that stand still at zero
_MOST = 3
_RUNS = 32  # stretches of one bit that are looked at
_PRINTABLE = PRINTABLE.view(np.uint8)
_GUARD = np.full(8 * _STEP, 0xFF, np.uint8)  # between lanes: nothing stands still at zero in it
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
    lanes = [lane for lane in _lanes(plane) if lane.count >= 8 * _BYTES + _STEP]
    if not lanes:
        return []
    parts = [part for part in _lane_samples(plane, lanes) for part in (part, _GUARD)]
    samples = np.concatenate(parts)
    words = samples.view(np.uint64).reshape(-1, 4)
    spans = {1: ~_folded(np.bitwise_or, words)}  # bits that are never set in so many steps from each on
    both = _folded(np.bitwise_and, words)
    for span in (1, 2, 4):
        spans[2 * span] = spans[span].copy()
        spans[2 * span][:-span] &= spans[span][span:]
        both[:-span] &= both[span:]
    found = _single(samples, spans[8][::4], ~(spans[8] | both)[::4])
    for depth in (2, 4, 8):
        found += _several(samples, spans[8 // depth], [one for one in _SEVERAL if len(one.bits) == depth])
    ends, out = np.cumsum([len(part) for part in parts])[1::2], []
    for layout, first in found:
        which = int(np.searchsorted(ends, first, side="right"))
        out.append((lanes[which], layout, first - (int(ends[which - 1]) if which else 0)))
    return out


def _folded(operation: np.ufunc, words: np.ndarray) -> np.ndarray:
    """What four words come to, (n, 4) -> (n,); `reduce` along so short an axis takes ten times as long."""
    return operation(operation(words[:, 0], words[:, 1]), operation(words[:, 2], words[:, 3]))


def _lane_samples(plane: Plane, lanes: list[Lane]) -> Iterator[np.ndarray]:
    """Samples of lanes, whole steps. Each channel is turned once: to turn three together takes three times as long."""
    channels: dict[str, list[np.ndarray]] = {}
    for lane in lanes:
        if lane.order not in channels:
            turned = plane.samples if lane.order == "rows" else plane.samples.swapaxes(0, 1)
            channels[lane.order] = [np.ascontiguousarray(turned[:, :, c]) for c in range(turned.shape[2])]
        some = [channels[lane.order][c].reshape(-1) for c in lane.chosen]
        if len(some) > 1:
            joined = np.empty((len(some[0]), len(some)), np.uint8)
            for i, one in enumerate(some):
                joined[:, i] = one
            some = [joined.reshape(-1)]
        yield some[0][: lane.count // _STEP * _STEP]


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
    begins, bits = [], []
    for bit in range(8):
        mask = _EVERY << np.uint64(bit)
        still = np.bitwise_count(never & mask)
        some = np.flatnonzero((still > 0) & (still <= _MOST))
        begins.append(_begins(some[np.bitwise_count(changes[some] & mask) >= _LEAST]))
        bits.append(np.full(len(begins[-1]), bit, np.uint8))
    at, bit = np.concatenate(begins), np.concatenate(bits)
    still = (never[at] >> bit.astype(np.uint64)) & _EVERY
    which, place = np.nonzero(still[:, None].view(np.uint8))
    first, bit = at[which] * 4 * _STEP, bit[which]
    firsts, rows, layouts = [], [], []
    for flipped in (False, True):
        here = first + (place + 1 if flipped else place) % 8
        taken = samples[here[:, None] + np.arange(8 * _BYTES)] >> bit[:, None] & 1
        rows.append(np.packbits(taken, axis=1, bitorder="little" if flipped else "big"))
        layouts += [Layout((one,), flipped) for one in bit.tolist()]
        firsts.append(here)
    joined = np.concatenate(firsts)
    return [(layouts[i], int(joined[i])) for i in _textual(np.concatenate(rows), layouts)]


def _several(samples: np.ndarray, never: np.ndarray, layouts: list[Layout]) -> list[tuple[Layout, int]]:
    """Layouts of equally many bits a sample."""
    turn, size = 8 // len(layouts[0].bits), layouts[0].samples_for(_BYTES)
    begins: dict[int, list[np.ndarray]] = {}
    firsts, rows, of = [], [], []
    for layout in layouts:
        top = layout.bits[-1] if layout.flipped else layout.bits[0]
        if top not in begins:
            begins[top] = [_begins(stands) * _STEP for stands in _standing(never, top, turn)]
        at = np.concatenate([b + (p + 1 if layout.flipped else p) % turn for p, b in enumerate(begins[top])])
        if len(at):
            firsts.append(at)
            rows.append(layout.unpack(samples[at[:, None] + np.arange(size)])[:, :_BYTES])
            of += [layout] * len(at)
    if not of:
        return []
    first, data = np.concatenate(firsts), np.concatenate(rows)
    return [(of[i], int(first[i])) for i in _textual(data, of) if not smooth(data[i], of[i])]


def _standing(never: np.ndarray, top: int, turn: int) -> Iterator[np.ndarray]:
    """Numbers of the windows in which a bit of every `turn`-th sample stands still, for each place in turn."""
    every = _EVERY << np.uint64(top)
    still = never & every
    some = np.flatnonzero(still != 0)
    still = still[some]
    for place in range(turn):
        mask = np.uint64(sum(1 << (8 * q + top) for q in range(place, 8, turn)))
        stands = (still & mask) == mask
        yield some[stands & (still != every) if turn > 1 else stands]  # where all stand still it is a dark picture


def _begins(places: np.ndarray) -> np.ndarray:
    """First and last of each run of windows (the first may hold what is before a text); of the longest runs."""
    if not len(places):
        return places
    begins = np.append(0, np.flatnonzero(places[1:] - places[:-1] > 1) + 1)
    length = np.append(begins[1:], len(places)) - begins
    if len(begins) > _RUNS:
        longest = np.sort(np.argsort(-length, kind="stable")[:_RUNS])
        begins, length = begins[longest], length[longest]
    return places[np.unique(np.concatenate([begins, begins + length - 1]))]


def _textual(data: np.ndarray, layouts: list[Layout]) -> np.ndarray:
    """Rows, each read by a layout, that are printable, all but a few bytes, and not as pictures are."""
    rows = np.flatnonzero(np.einsum("ij->i", _PRINTABLE[data]) >= 0.9 * data.shape[1])
    rows = rows[busy(np.ascontiguousarray(data[rows]))]
    return rows[texty(data[rows], [layouts[i] for i in rows])]
