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
_GUARD = 8 * _STEP  # samples between lanes
_EVERY = np.uint64(0x0101010101010101)
_SEVERAL = tuple(
    Layout(bits, flipped)
    for bits in ((1, 0), (0, 1), (3, 2, 1, 0), (0, 1, 2, 3), (7, 6, 5, 4, 3, 2, 1, 0))
    for flipped in (False, True)
)
_BY_DEPTH = tuple([one for one in _SEVERAL if len(one.bits) == depth] for depth in (2, 4, 8))
_SINGLE = tuple([Layout((bit,), flipped) for bit in range(8)] for flipped in (False, True))
BODY_LAYOUTS = (*_SINGLE[0], *_SINGLE[1], *_SEVERAL)

Window = tuple[Lane, Layout, int]
_Part = tuple[np.ndarray, np.ndarray, list[Layout]]


def place_price(plane: Plane) -> float:
    """Nats that the choice of an order, a layout and a place in a plane costs."""
    return math.log(len(_lanes(plane)) * len(BODY_LAYOUTS) * plane.samples.size)


def windows(plane: Plane) -> list[Window]:
    """Lanes, layouts and samples at which 30 bytes or more may be ASCII text, the first of each stretch of them."""
    lanes = [lane for lane in _lanes(plane) if lane.count >= 8 * _BYTES + _STEP]
    if not lanes:
        return []
    samples, begins = _laid_out(plane, lanes)
    words = samples.view(np.uint64).reshape(-1, 4)
    spans = {1: ~_folded(np.bitwise_or, words)}  # bits that are never set in so many steps from each on
    both = _folded(np.bitwise_and, words)
    for span in (1, 2, 4):
        spans[2 * span] = spans[span].copy()
        spans[2 * span][:-span] &= spans[span][span:]
        both[:-span] &= both[span:]
    found = _single(samples, spans[8][::4], ~(spans[8] | both)[::4])
    for layouts in _BY_DEPTH:
        found += _several(samples, spans[8 // len(layouts[0].bits)], layouts)
    firsts, rows, of = ([*some] for some in zip(*found, strict=True)) if found else ([], [], [])
    named = [layout for some in of for layout in some]
    out = []
    for i, first in _textual(np.concatenate(rows), named, np.concatenate(firsts)) if found else ():
        which = int(np.searchsorted(begins, first, side="right")) - 1
        out.append((lanes[which], named[i], first - int(begins[which])))
    return out


def _folded(operation: np.ufunc, words: np.ndarray) -> np.ndarray:
    """What four words come to, (n, 4) -> (n,); `reduce` along so short an axis takes ten times as long."""
    return operation(operation(words[:, 0], words[:, 1]), operation(words[:, 2], words[:, 3]))


def _laid_out(plane: Plane, lanes: list[Lane]) -> tuple[np.ndarray, np.ndarray]:
    """Whole steps of all lanes, one behind the other, and where each begins: (n,) uint8, (lanes,) int.

    Each channel is turned once: to turn three together takes three times as long.
    """
    sizes = [-(-lane.count // _STEP) * _STEP + _GUARD for lane in lanes]
    ends = np.cumsum(sizes)
    out, channels = np.empty(ends[-1], np.uint8), {}
    for lane, size, end in zip(lanes, sizes, ends.tolist(), strict=True):
        begin = end - size
        if lane.order not in channels:
            turned = plane.samples if lane.order == "rows" else plane.samples.swapaxes(0, 1)
            channels[lane.order] = [np.ascontiguousarray(turned[:, :, c]).reshape(-1) for c in range(turned.shape[2])]
        joined = out[begin : begin + lane.count]
        if lane.order == "rows" and lane.chosen == tuple(range(plane.samples.shape[2])):
            joined[:] = plane.samples.reshape(-1)
        else:
            for place, channel in enumerate(lane.chosen):
                joined[place :: len(lane.chosen)] = channels[lane.order][channel]
        out[begin + lane.count // _STEP * _STEP : end] = 0xFF  # nothing stands still at zero between lanes
    return out, ends - sizes


def _lanes(plane: Plane) -> list[Lane]:
    """Orders in which text is looked for at any place."""
    count = plane.samples.shape[2]
    if plane.joint:
        choices = [tuple(range(count)), tuple(range(count))[::-1]]
    else:
        choices = [(c,) for c in range(count)] + ([(0, 1, 2), (2, 1, 0)] if count == 3 else [])
    orders = ("rows",) if plane.samples.shape[0] == 1 else ("rows", "columns")
    return [Lane(plane, order, chosen) for order, chosen in itertools.product(orders, choices)]


def _single(samples: np.ndarray, never: np.ndarray, changes: np.ndarray) -> list[_Part]:
    """First samples, bytes and layouts of places that may hold text, one bit a sample."""
    places = []
    for bit in range(8):
        mask = _EVERY << np.uint64(bit)
        some = np.flatnonzero((np.bitwise_count(never & mask) - np.uint8(1)) < _MOST)
        places.append(some[np.bitwise_count(changes[some] & mask) >= _LEAST] if len(some) else some)
    at, bit = _begins(places, len(never))
    if not len(at):
        return []
    bit = bit.astype(np.uint8)
    still = (never[at] >> bit.astype(np.uint64)) & _EVERY
    which, place = np.nonzero(still[:, None].view(np.uint8))
    first, bit = at[which] * 4 * _STEP, bit[which]
    found: list[_Part] = []
    for flipped in (False, True):
        here = first + (place + 1 if flipped else place) % 8
        taken = samples[here[:, None] + np.arange(8 * _BYTES)] >> bit[:, None] & 1
        rows = np.packbits(taken, axis=1, bitorder="little" if flipped else "big")
        found.append((here, rows, [_SINGLE[flipped][one] for one in bit.tolist()]))
    return found


def _several(samples: np.ndarray, never: np.ndarray, layouts: list[Layout]) -> Iterator[_Part]:
    """As `_single`, of layouts of equally many bits a sample."""
    turn, size = 8 // len(layouts[0].bits), layouts[0].samples_for(_BYTES)
    begins: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for layout in layouts:
        top = layout.bits[-1] if layout.flipped else layout.bits[0]
        if top not in begins:
            begins[top] = _begins(_standing(never, top, turn), len(never))
        window, place = begins[top]
        if len(window):
            at = window * _STEP + (place + layout.flipped) % turn
            yield at, layout.unpack(samples[at[:, None] + np.arange(size)])[:, :_BYTES], [layout] * len(at)


def _standing(never: np.ndarray, top: int, turn: int) -> list[np.ndarray]:
    """Numbers of the windows in which a bit of every `turn`-th sample stands still, for each place in turn."""
    every = _EVERY << np.uint64(top)
    if turn == 1:
        return [np.flatnonzero((never & every) == every)]
    some = np.flatnonzero((never & every) != 0)
    still = never[some] & every
    some, still = some[still != every], still[still != every]  # where all stand still it is a dark picture
    masks = [np.uint64(sum(1 << (8 * q + top) for q in range(place, 8, turn))) for place in range(turn)]
    return [some[(still & mask) == mask] for mask in masks]


def _begins(groups: list[np.ndarray], size: int) -> tuple[np.ndarray, np.ndarray]:
    """First and last of each run of windows (the first may hold what is before a text); of the longest runs.

    Parameters
    ----------
    groups : list of (n,) int arrays
        Numbers of windows below `size`, rising.
    size : int

    Returns
    -------
    windows, groups : (k,) int
        Rising in each group, one group after the other.
    """
    spread = size + 1  # no run goes on from one group to the next
    places = np.concatenate([some + i * spread for i, some in enumerate(groups)])
    if not len(places):
        return places, places
    starts = np.append(0, np.flatnonzero(places[1:] - places[:-1] > 1) + 1)
    ends = np.append(starts[1:], len(places)) - 1
    borders = np.searchsorted(places[starts], spread * np.arange(len(groups) + 1))
    if (borders[1:] - borders[:-1]).max() > _RUNS:
        kept = np.split(np.arange(len(starts)), borders[1:-1])
        longest = [np.sort(runs[np.argsort(starts[runs] - ends[runs], kind="stable")[:_RUNS]]) for runs in kept]
        starts, ends = starts[np.concatenate(longest)], ends[np.concatenate(longest)]
    edges = np.stack([starts, ends], axis=1).reshape(-1)
    group, window = np.divmod(places[edges[np.append(True, edges[1:] != edges[:-1])]], spread)
    return window, group


def _textual(data: np.ndarray, layouts: list[Layout], firsts: np.ndarray) -> Iterator[tuple[int, int]]:
    """Rows that are printable, all but a few bytes, and not as pictures are: number and first sample of each."""
    rows = np.flatnonzero(np.einsum("ij->i", np.take(_PRINTABLE, data, mode="wrap")) >= 0.9 * data.shape[1])
    rows = rows[busy(np.ascontiguousarray(data[rows]))]
    for i in rows[texty(data[rows], [layouts[i] for i in rows.tolist()], ascii_only=True)].tolist():
        if len(layouts[i].bits) == 1 or not smooth(data[i], layouts[i]):
            yield i, int(firsts[i])
