"""Hypotheses that begin at the first sample of an order, and those of them that are worth reading."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from starlight.findings.pixels.layouts import BASES, FLIPPED, Layout
from starlight.findings.pixels.orders import Lane, chosen_lanes, head, lanes
from starlight.findings.pixels.planes import Plane
from starlight.findings.pixels.screen import WIDTH, likely, smooth, texty
from starlight.streams.readable.text_models import PRINTABLE

__all__ = ["Hypothesis", "candidates"]

_SAMPLES = 9 * WIDTH  # the most that a layout takes for the bytes that are looked at
_LEAST = 12  # bytes of a hypothesis that is looked at
_LOWEST = BASES[:1]  # layouts of orders that leave pixels out
_KEPT = 1 << 20  # samples of a plane up to which the places of its lanes are kept for the next of its shape

_Choice = tuple[str, tuple[int, ...]]


@dataclass(frozen=True)
class Hypothesis:
    """A way to read bytes off a plane from its first sample on, and what they look like: text, or a signature."""

    lane: Lane
    layout: Layout
    text: bool
    signed: bool


def candidates(plane: Plane) -> tuple[list[Hypothesis], int]:
    """Hypotheses whose first bytes may be text or a signature, and how many there were."""
    groups: dict[int, _Group] = {}
    for choices, layouts, samples in _heads(plane):
        for some, rows in _read(samples, layouts):
            groups.setdefault(rows.shape[1], _Group([], [])).add(choices, some, rows)
    found: list[Hypothesis] = []
    for group in groups.values():
        rows = np.concatenate(group.rows)
        turns = likely(rows)
        number = np.concatenate([text for text, _ in turns])
        names = [group.named(i) for i in number.tolist()]
        read = np.concatenate([FLIPPED[rows[text]] if turn else rows[text] for turn, (text, _) in enumerate(turns)])
        turned = _inverted(read)
        kept = texty(np.where(turned[:, None], ~read, read), [layout for _, layout in names])
        for k in np.flatnonzero(kept).tolist():
            kept[k] = not smooth(rows[number[k]], names[k][1])
        at = 0
        for flipped, (text, signed) in zip((False, True), turns, strict=True):
            of = slice(at, at + len(text))
            at += len(text)
            texts = dict(zip(text[kept[of]].tolist(), turned[of][kept[of]].tolist(), strict=True))
            signs = set(signed.tolist())
            for i in sorted(signs.union(texts)):
                choice, layout = group.named(i)
                layout = replace(layout, flipped=flipped, inverted=texts.get(i, False))
                found.append(Hypothesis(Lane(plane, *choice), layout, i in texts, i in signs))
    return found, sum(2 * len(rows) for group in groups.values() for rows in group.rows)


class _Group(NamedTuple):
    """Hypotheses of which equally many bytes are read, with their rows; names are put together for those asked for."""

    rows: list[np.ndarray]
    parts: list[tuple[list[_Choice], list[Layout]]]

    def add(self, choices: list[_Choice], layouts: list[Layout], rows: np.ndarray) -> None:
        """Add all layouts of some lanes, in that order."""
        self.rows.append(rows)
        self.parts.append((choices, layouts))

    def named(self, number: int) -> tuple[_Choice, Layout]:
        """Lane and layout of a row of all of them."""
        for choices, layouts in self.parts:
            if number < len(choices) * len(layouts):
                return choices[number // len(layouts)], layouts[number % len(layouts)]
            number -= len(choices) * len(layouts)
        raise IndexError(number)


def _inverted(rows: np.ndarray) -> np.ndarray:
    """Which rows are printable once their bits are turned, and not as they stand: (V,) bool."""
    size = rows.shape[1]
    return (PRINTABLE[~rows].sum(axis=1) > 0.9 * size) & (PRINTABLE[rows].sum(axis=1) < 0.5 * size)


def _heads(plane: Plane) -> Iterator[tuple[list[_Choice], tuple[Layout, ...], np.ndarray]]:
    """Lanes, their layouts, and their first samples: (lanes, n) uint8."""
    shape = plane.samples.shape
    if plane.samples.size <= _KEPT:
        flat = plane.samples.reshape(-1)
        tables = _places(shape, plane.joint)
        yield from ((choices, layouts, flat[places]) for choices, layouts, places in tables)
    else:
        yield from _stacked(plane)


@functools.lru_cache(16)
def _places(shape: tuple[int, int, int], joint: bool) -> list[tuple[list[_Choice], tuple[Layout, ...], np.ndarray]]:
    """As `_stacked`, with the places of samples in a plane of this shape for the samples."""
    numbers = np.arange(shape[0] * shape[1] * shape[2], dtype=np.int32).reshape(shape)
    return list(_stacked(Plane("", "", "", numbers, joint=joint)))


def _stacked(plane: Plane) -> Iterator[tuple[list[_Choice], tuple[Layout, ...], np.ndarray]]:
    for orders, layouts in ((lanes(plane), BASES), (chosen_lanes(plane), _LOWEST)):
        rows: dict[int, tuple[list[_Choice], list[np.ndarray]]] = {}
        for order, choices in orders:
            pixels = head(plane.samples, order, _SAMPLES)
            for chosen in choices:
                wanted = min(len(pixels), -(-_SAMPLES // len(chosen)))
                taken = pixels[:wanted, list(chosen)].reshape(-1)[:_SAMPLES]
                if len(taken) >= 8 * _LEAST:
                    names, samples = rows.setdefault(len(taken), ([], []))
                    names.append((order, chosen))
                    samples.append(taken)
        yield from ((names, layouts, np.array(samples)) for names, samples in rows.values())


def _read(samples: np.ndarray, layouts: tuple[Layout, ...]) -> Iterator[tuple[list[Layout], np.ndarray]]:
    """Layouts that give equally many bytes, with the first bytes of all lanes: (lanes * layouts, n) uint8."""
    sizes: dict[int, list[Layout]] = {}
    for layout in layouts:
        size = min(WIDTH, samples.shape[1] // 9 if layout.ninth else samples.shape[1] * len(layout.bits) // 8)
        if size >= _LEAST:
            sizes.setdefault(size, []).append(layout)
    for size, some in sizes.items():
        out = np.empty((len(samples), len(some), size), np.uint8)
        for i, layout in enumerate(some):
            out[:, i] = layout.unpack(samples[:, : layout.samples_for(size)])[:, :size]
        yield some, out.reshape(-1, size)
