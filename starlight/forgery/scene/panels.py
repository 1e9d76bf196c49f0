"""Figures of several panels are cut at their gutters: bands of one grey level that run right through."""

from __future__ import annotations

import numpy as np

__all__ = ["panel_labels"]

_GUTTER = 3  # pixels: a thinner line is a frame or a rule
_LEAST = 48  # pixels on a side of a panel
_SAME = 6  # grey levels between the lightest and the darkest pixel of a gutter's row, but for a few
_DEPTH = 4  # cuts one after the other: rows, columns, rows, columns
_SHARE = 0.99


def panel_labels(grey: np.ndarray) -> np.ndarray:
    """Number the panels of a figure.

    Parameters
    ----------
    grey : (h, w) uint8

    Returns
    -------
    (h, w) int32
        1, 2, … in reading order, 0 in gutters and margins; 1 everywhere where there are no gutters.
    """
    labels = np.zeros(grey.shape, np.int32)
    for number, (top, bottom, left, right) in enumerate(_cut(grey, 0, grey.shape[0], 0, grey.shape[1], 0), 1):
        labels[top:bottom, left:right] = number
    return labels


def _cut(grey: np.ndarray, top: int, bottom: int, left: int, right: int, depth: int) -> list[tuple[int, ...]]:
    """Rectangles (top, bottom, left, right) that remain when all gutters are taken out."""
    part = grey[top:bottom, left:right]
    rows, columns = _pieces(part), _pieces(part.T)
    whole = rows == [(0, bottom - top)] and columns == [(0, right - left)]
    if whole or depth == _DEPTH or not rows or not columns:
        return [(top, bottom, left, right)]
    found = []
    for a, b in rows:
        for c, d in columns if len(rows) == 1 else [(0, right - left)]:
            found += _cut(grey, top + a, top + b, left + c, left + d, depth + 1)
    return found


def _pieces(part: np.ndarray) -> list[tuple[int, int]]:
    """Runs of rows between gutters; what is too small for a panel (a label, a rule) belongs to none."""
    if min(part.shape) < _LEAST:
        return [(0, part.shape[0])]
    same = _within_few_levels(part)
    constant = np.flatnonzero(np.diff(np.r_[0, same.astype(np.int8), 0]))
    starts, ends = constant[::2], constant[1::2]
    kept = ends - starts >= _GUTTER
    edges = np.r_[0, np.c_[starts[kept], ends[kept]].ravel(), part.shape[0]].reshape(-1, 2)
    return [(int(a), int(b)) for a, b in edges if b - a >= _LEAST]


def _within_few_levels(part: np.ndarray) -> np.ndarray:
    """Which rows hold few levels, but for their lightest and darkest pixels."""
    width = part.shape[1]
    cut = int(width * (1 - _SHARE) / 2)
    # more such pixels among a few than may be left out in all: most rows are told by that
    few = np.sort(np.ascontiguousarray(part[:, :: max(width // (4 * cut + 16), 1)]), axis=1).astype(np.int16)
    same = few[:, -1 - cut] - few[:, cut] <= _SAME
    at = np.flatnonzero(same)
    ordered = np.partition(part[at], (cut, width - 1 - cut), axis=1)
    same[at] = ordered[:, width - 1 - cut].astype(np.int16) - ordered[:, cut] <= _SAME
    return same
