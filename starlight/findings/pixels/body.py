"""Text that begins anywhere in a plane: windows in which one bit of each byte stands still while others change.

The highest bit of ASCII is zero. So of eight samples in turn one keeps its bit over a whole text, in every layout, and
in noise over 30 bytes with a probability of 2 to the power of -30. Eight pixels of a channel are a word, in which all
bit planes are looked at at once; orders that join channels read the same words.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from starlight.findings.pixels.layouts import Layout
from starlight.findings.pixels.orders import Lane
from starlight.findings.pixels.planes import Plane
from starlight.findings.pixels.screen import busy, smooth, texty
from starlight.streams.readable.text_models import PRINTABLE

__all__ = ["BODY_LAYOUTS", "place_price", "windows"]

_BYTES = 30  # of a text that are looked at
_LETTERS = 7  # low bits that change all the time in text
_RUNS = 32  # stretches of one bit that are looked at
_PRINTABLE = PRINTABLE.view(np.uint8)
_EVERY = np.uint64(0x0101010101010101)
_GATHER = np.uint64(0x0102040810204080)  # times the lowest bits of eight bytes has them in the highest byte
_MASKS = {turn: [np.uint8(sum(1 << p for p in range(c, 8, turn))) for c in range(turn)] for turn in (1, 2, 4)}
_SEVERAL = tuple(
    Layout(bits, flipped)
    for bits in ((1, 0), (0, 1), (3, 2, 1, 0), (0, 1, 2, 3), (7, 6, 5, 4, 3, 2, 1, 0))
    for flipped in (False, True)
)
_TOPS = {1: tuple(range(8)), 2: (0, 1), 4: (0, 3), 8: (0, 7)}  # bits of a sample that may be the highest of a byte
BODY_LAYOUTS = (*(Layout((bit,), flipped) for bit in range(8) for flipped in (False, True)), *_SEVERAL)

Window = tuple[Lane, Layout, int]


def place_price(plane: Plane) -> float:
    """Nats that the choice of an order, a layout and a place in a plane costs."""
    return math.log(len(_lanes(plane)) * len(BODY_LAYOUTS) * plane.samples.size)


def windows(plane: Plane) -> list[Window]:
    """Lanes, layouts and samples at which 30 bytes or more may be ASCII text, the first of each stretch of them."""
    lanes = [lane for lane in _lanes(plane) if lane.count >= 8 * (_BYTES + 2)]
    if not lanes:
        return []
    ground = _Ground(plane, lanes)
    return [(lanes[i], layout, first) for depth in (1, 2, 4, 8) for layout, i, first in _of_depth(ground, depth)]


def _lanes(plane: Plane) -> list[Lane]:
    """Orders in which text is looked for at any place."""
    count = plane.samples.shape[2]
    if plane.joint:
        choices = [tuple(range(count)), tuple(range(count))[::-1]]
    else:
        choices = [(c,) for c in range(count)] + ([(0, 1, 2), (2, 1, 0)] if count == 3 else [])
    orders = ("rows",) if plane.samples.shape[0] == 1 else ("rows", "columns")
    return [Lane(plane, order, chosen) for order, chosen in itertools.product(orders, choices)]


class _Runs(NamedTuple):
    """Windows in which one bit of each byte stands still: (n,) int each.

    Attributes
    ----------
    lane : number of the lane.
    first : sample of the lane at which the window begins, a multiple of eight.
    place : which sample stands still, of as many as hold a byte.
    bit : which of its bits.
    length : samples of the run of windows that it is the first or the last of.
    """

    lane: np.ndarray
    first: np.ndarray
    place: np.ndarray
    bit: np.ndarray
    length: np.ndarray

    def longest(self) -> _Runs:
        """Those of the longest runs of each bit."""
        ordered = np.lexsort((-self.length, self.bit))
        begins = np.flatnonzero(np.diff(self.bit[ordered], prepend=-1))
        number = np.arange(len(ordered)) - np.repeat(begins, np.diff(begins, append=len(ordered)))
        kept = ordered[number < 2 * _RUNS]
        return _Runs(*(column[kept] for column in self))


class _Ground:
    """Channels of a plane in the orders of some lanes, in words of eight pixels."""

    def __init__(self, plane: Plane, lanes: list[Lane]) -> None:
        orders = list(dict.fromkeys(lane.order for lane in lanes))
        height, width, self.channels = plane.samples.shape
        self.pixels = height * width
        self.samples = np.empty((len(orders) * self.channels, self.pixels // 8 * 8 + 8), np.uint8)
        for i, order in enumerate(orders):
            turned = plane.samples if order == "rows" else plane.samples.swapaxes(0, 1)
            for c in range(self.channels):
                row = self.samples[i * self.channels + c]
                row[: self.pixels].reshape(turned.shape[:2])[...] = turned[:, :, c]
        ones = self.samples[:, : self.pixels // 8 * 8].view(np.uint64)
        self._levels = [~ones], [ones]
        table = [[self.channels * orders.index(lane.order) + c for c in lane.chosen] for lane in lanes]
        widths = sorted({len(rows) for rows in table})
        self.groups = [
            (np.array(ids), np.array([table[i] for i in ids]))
            for ids in ([i for i, rows in enumerate(table) if len(rows) == width] for width in widths)
        ]
        self._table = np.array([rows + rows[:1] * (4 - len(rows)) for rows in table])
        self._width = np.array([len(rows) for rows in table])

    def still(self, ones: bool, step: int) -> np.ndarray:
        """Bits that are one, or zero, in each part of `step` words, a power of two: (channels, parts) uint64."""
        levels = self._levels[ones]
        while 1 << len(levels) <= step:
            last = levels[-1]
            last = last[:, : last.shape[1] // 2 * 2]
            levels.append(last[:, ::2] & last[:, 1::2])
        return levels[step.bit_length() - 1]

    def read(self, lane: np.ndarray, first: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Samples of lanes, `size` from each of some on, or from eight before: (n, size) uint8, and from where."""
        width = self._width[lane]
        first = first - 8 * (first + size > width * self.pixels)
        pixel, which = np.divmod(first[:, None] + np.arange(size), width[:, None])
        return self.samples[self._table[lane[:, None], which], pixel], first


def _of_depth(ground: _Ground, depth: int) -> Iterator[tuple[Layout, int, int]]:
    """Layouts of so many bits a sample, numbers of lanes, and samples at which text may begin."""
    turn = 8 // depth
    parts = [_runs(ground, ids, rows, depth) for ids, rows in ground.groups]
    runs = _Runs(*map(np.concatenate, zip(*parts, strict=True)))
    if not len(runs.lane):
        return
    runs = runs.longest()
    for flipped in (False, True):
        at = runs.first + (runs.place + flipped) % turn
        samples, at = ground.read(runs.lane, at, -(-8 * _BYTES // depth))
        if depth == 1:
            data = np.packbits(samples >> runs.bit[:, None] & 1, axis=1, bitorder="little" if flipped else "big")
            for i in _textual(data, [Layout((bit,)) for bit in runs.bit.tolist()]):
                yield Layout((int(runs.bit[i]),), flipped), int(runs.lane[i]), int(at[i])
            continue
        for layout in [one for one in _SEVERAL if len(one.bits) == depth and one.flipped == flipped]:
            some = np.flatnonzero(runs.bit == (layout.bits[-1] if flipped else layout.bits[0]))
            data = layout.unpack(samples[some])[:, :_BYTES] if len(some) else samples[:0, :_BYTES]
            for i in _textual(data, [layout] * len(data)):
                if not smooth(data[i], layout):
                    yield layout, int(runs.lane[some[i]]), int(at[some[i]])


def _runs(ground: _Ground, lanes: np.ndarray, rows: np.ndarray, depth: int) -> _Runs:
    """Runs of windows for layouts of `depth` bits in lanes of equally many channels, `rows` (lanes, channels)."""
    width, turn, tops = rows.shape[1], 8 // depth, np.array(_TOPS[depth])
    span = -(-_BYTES // (depth * width))
    step = 1 << max(0, (span // 2).bit_length() - 1)
    still = _Still(ground.still(False, step), ground.still(True, step), -(-span // step))
    which, place, lane, at = (_any_bit if depth == 1 else _one_of)(still, rows, tops, turn)
    number = ((which * 8 + place) * len(rows) + lane) * (still.zero.shape[1] + 2) + at
    begins = np.flatnonzero(np.append(True, number[1:] - number[:-1] != 1)[: len(at)])
    length = np.append(begins[1:], len(at)) - begins
    more = np.flatnonzero(length > 1)
    ends = np.concatenate([begins, (begins + length - 1)[more]])  # the first may hold what is before a text
    which, place, lane, at, length = which[ends], place[ends], lane[ends], at[ends], np.append(length, length[more])
    if depth > 1 and len(ends):
        told = np.flatnonzero(still.telling(rows[lane], at, turn) >> tops[which] & 1)
        which, place, lane, at, length = which[told], place[told], lane[told], at[told], length[told]
    return _Runs(lanes[lane], at * 8 * width * step, place, tops[which], length * 8 * width * step)


class _Still(NamedTuple):
    """Bits that are zero, or one, in parts of a channel, (channels, n) uint64, and parts of a window."""

    zero: np.ndarray
    one: np.ndarray
    parts: int

    def windows(self) -> np.ndarray:
        """Bits that are zero in windows: (channels, n - parts + 1) uint64."""
        count = max(0, self.zero.shape[1] - self.parts + 1)
        return functools.reduce(np.bitwise_and, [self.zero[:, i : i + count] for i in range(self.parts)])

    def telling(self, rows: np.ndarray, at: np.ndarray, turn: int) -> np.ndarray:
        """Bits of windows that may be the highest of letters: (n,) uint8."""
        still = changes = np.uint8(0xFF)
        for i in range(self.parts):
            cell = rows, at[:, None] + i
            zero, one = _phases(self.zero[cell], turn), _phases(self.one[cell], turn)
            still, changes = still & zero, changes & ~(zero | one)
        return _telling(still, changes)


_Found = tuple[np.ndarray, ...]  # bits by their numbers, places, lanes, windows: (n,) int each


def _any_bit(still: _Still, rows: np.ndarray, tops: np.ndarray, turn: int) -> _Found:
    """Windows of layouts of one bit a sample in which one place stands still."""
    whole = still.windows()
    lane, at = np.divmod(np.flatnonzero((whole != 0)[rows].all(axis=1)), max(1, whole.shape[1]))
    told = still.telling(rows[lane], at, turn)
    some = np.flatnonzero(told)
    lane, at, told = lane[some], at[some], told[some]
    each = _phases(whole[rows[lane], at[:, None]], turn) & told[:, None]
    set_ = (each.T & (np.uint8(1) << tops.astype(np.uint8))[:, None, None]) != 0
    which, place, window = np.unravel_index(np.flatnonzero(set_), set_.shape)
    return which, place, lane[window], at[window]


def _one_of(still: _Still, rows: np.ndarray, tops: np.ndarray, turn: int) -> _Found:
    """Windows of layouts of several bits a sample in which the bit that may be highest stands still."""
    whole, width = still.windows(), rows.shape[1]
    marked = np.empty((len(tops), turn, len(rows), whole.shape[1]), bool)
    for bits, bit in zip(marked, tops.tolist(), strict=True):
        places = ((whole >> np.uint64(bit) & _EVERY) * _GATHER >> np.uint64(56)).astype(np.uint8)  # one bit each
        stands = [places & mask == mask for mask in _MASKS[turn]]  # at every `turn`-th pixel
        for place, of in enumerate(_classes(width, turn)):
            np.logical_and.reduce([stands[c][rows[:, j]] for j, c in of], axis=0, out=bits[place])
    which, place, lane, at = np.unravel_index(np.flatnonzero(marked), marked.shape)
    return which, place, lane, at


@functools.cache
def _classes(width: int, turn: int) -> list[list[tuple[int, int]]]:
    """For each rest of the number of a sample: its channels, and the rests of the numbers of their pixels."""
    pairs = list(itertools.product(range(width), range(turn)))
    return [[(j, c) for j, c in pairs if (width * c + j) % turn == place] for place in range(turn)]


def _phases(words: np.ndarray, turn: int) -> np.ndarray:
    """Bits that are set in all samples whose number leaves a rest modulo `turn`: (n, channels) -> (n, turn) uint8."""
    each, places = words.view(np.uint8), _places(words.shape[1], turn)
    if len(places) > 3:
        return np.bitwise_and.reduce(each[:, places.T], axis=2)
    return functools.reduce(np.bitwise_and, [np.take(each, one, axis=1) for one in places])


@functools.cache
def _places(count: int, turn: int) -> np.ndarray:
    """Which of the bytes of `count` words belong to each rest: (so many, turn)."""
    rest = ((count * np.arange(8) + np.arange(count)[:, None]) % turn).reshape(-1)
    return np.array([np.flatnonzero(rest == q) for q in range(turn)]).T


def _telling(still: np.ndarray, changes: np.ndarray) -> np.ndarray:
    """Bits that stand still at zero in few of the samples of a byte, and change in many: (n, turn) uint8 -> (n,)."""
    turn = still.shape[1]
    if turn == 1:  # then the others of the same sample are to change
        return np.where((changes[:, 0] & _LETTERS) == _LETTERS, np.uint8(0xFF), np.uint8(0))
    masks, counts = _EVERY << np.arange(8, dtype=np.uint64), []
    for bits in (still, changes):
        words = np.zeros((len(bits), 8), np.uint8)
        words[:, :turn] = bits
        counts.append(np.bitwise_count(words.view(np.uint64) & masks))
    told = (counts[0] > 0) & (counts[0] <= max(1, (turn - 1) // 2)) & (counts[1] >= turn // 2)
    return np.packbits(told, axis=1, bitorder="little")[:, 0]


def _textual(data: np.ndarray, layouts: list[Layout]) -> np.ndarray:
    """Rows that are printable, all but a few bytes, and not as pictures are."""
    rows = np.flatnonzero(np.einsum("ij->i", _PRINTABLE[data]) >= 0.9 * data.shape[1])
    rows = rows[busy(np.ascontiguousarray(data[rows]))]
    return rows[texty(data[rows], [layouts[i] for i in rows])]
