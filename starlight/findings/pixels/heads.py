"""Hypotheses that begin at the first sample of an order, and those of them that are worth reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from starlight.findings.pixels.layouts import BASES, Layout
from starlight.findings.pixels.orders import Lane, chosen_lanes, head, lanes
from starlight.findings.pixels.planes import Plane
from starlight.findings.pixels.screen import WIDTH, likely, smooth

__all__ = ["Hypothesis", "candidates"]


@dataclass(frozen=True)
class Hypothesis:
    """A way to read bytes off a plane from its first sample on, and what they look like: text, or a signature."""

    lane: Lane
    layout: Layout
    text: bool
    signed: bool


_SAMPLES = 9 * WIDTH  # the most that a layout takes for the bytes that are looked at
_LEAST = 12  # bytes of a hypothesis that is looked at
_LOWEST = BASES[:1]  # layouts of orders that leave pixels out


def candidates(plane: Plane) -> tuple[list[Hypothesis], int]:
    """Hypotheses whose first bytes may be text or a signature, and how many there were."""
    found: list[Hypothesis] = []
    tried = 0
    for orders, layouts in ((lanes(plane), BASES), (chosen_lanes(plane), _LOWEST)):
        for group, samples in _stacked(plane, orders):
            for some, rows in _read(samples, layouts):
                tried += 2 * rows.shape[0]
                for flipped, (text, signed) in zip((False, True), likely(rows), strict=True):
                    text = text[[not smooth(rows[i], some[i % len(some)]) for i in text.tolist()]]
                    texts, signs = set(text.tolist()), set(signed.tolist())
                    for place in sorted(texts | signs):
                        which, layout = divmod(place, len(some))
                        layout_ = replace(some[layout], flipped=flipped)
                        found.append(Hypothesis(group[which], layout_, place in texts, place in signs))
    return found, tried


def _stacked(plane: Plane, orders: list) -> Iterator[tuple[list[Lane], np.ndarray]]:
    """Lanes whose first samples are equally many, with these: (lanes, n) uint8."""
    rows: dict[int, tuple[list[Lane], list[np.ndarray]]] = {}
    for order, choices in orders:
        pixels = head(plane.samples, order, _SAMPLES)
        for chosen in choices:
            wanted = min(len(pixels), -(-_SAMPLES // len(chosen)))
            taken = pixels[:wanted, list(chosen)].reshape(-1)[:_SAMPLES]
            if len(taken) >= 8 * _LEAST:
                names, samples = rows.setdefault(len(taken), ([], []))
                names.append(Lane(plane, order, chosen))
                samples.append(taken)
    for names, samples in rows.values():
        yield names, np.array(samples)


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
