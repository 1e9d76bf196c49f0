"""Gradient-boosted trees for a table, in NumPy (J. H. Friedman, Annals of Statistics 29, 2001).

Trees are complete and of one depth, so that they are three arrays, and a file of them holds nothing that runs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Settings", "Trees", "boost", "log_odds"]

_BINS = 64
_STEEP = 30.0  # log-odds beyond which a probability is 0 or 1


class Trees(NamedTuple):
    """Complete binary trees.

    Attributes
    ----------
    column : (trees, 2**depth - 1) int16
        Which column each inner node asks, level by level.
    limit : (trees, 2**depth - 1) float32
        It goes right if the value is larger; infinite where nothing is asked.
    leaf : (trees, 2**depth) float32
        Log-odds.
    """

    column: np.ndarray
    limit: np.ndarray
    leaf: np.ndarray


class Settings(NamedTuple):
    """How trees are grown.

    Attributes
    ----------
    trees, depth : int
    rate : float
        Share of each tree's answer that is added.
    rows, columns : float
        Share of the table that each tree sees.
    ridge : float
        Weight that each leaf starts with, so that few rows say little.
    """

    trees: int = 250
    depth: int = 4
    rate: float = 0.06
    rows: float = 0.7
    columns: float = 0.4
    ridge: float = 4.0


def log_odds(trees: Trees, table: np.ndarray) -> np.ndarray:
    """(n,) float64: sum of the answers of all trees for the rows of a (n, columns) table."""
    total = np.zeros(len(table))
    values, rows = np.ravel(table), np.arange(len(table)) * table.shape[1]
    depth = int(np.log2(trees.leaf.shape[1]))
    for column, limit, leaf in zip(*trees, strict=True):
        node = np.zeros(len(table), np.intp)
        for _ in range(depth):
            node = 2 * node + 1 + (values.take(rows + column.take(node)) > limit.take(node))
        total += leaf[node - (leaf.size - 1)]
    return total


def boost(
    table: np.ndarray, y: np.ndarray, weights: np.ndarray, start: np.ndarray, seed: int, settings: Settings
) -> Trees:
    """Grow trees that, added to `start`, say how likely y is 1.

    Parameters
    ----------
    table : (n, columns) float32
    y : (n,) of 0 and 1
    weights : (n,) float
        Importance of each row, 1 on average or not.
    start : (n,) float
        Log-odds that are known already.
    seed : int
    settings : Settings
    """
    rng = np.random.default_rng(seed)
    limits = np.quantile(np.sort(table, axis=0), np.linspace(0, 1, _BINS + 1)[1:-1], axis=0)
    edges = [np.unique(column) for column in limits.T]
    bins = [np.searchsorted(e, c, side="left").astype(np.uint8) for e, c in zip(edges, table.T, strict=True)]
    binned = np.stack(bins, 1)
    score = start.astype(np.float64).copy()
    grown = []
    for _ in range(settings.trees):
        p = 1 / (1 + np.exp(-np.clip(score, -_STEEP, _STEEP)))
        slope, bend = weights * (y - p), weights * p * (1 - p)
        seen = rng.random(len(y)) < settings.rows
        asked = np.sort(rng.choice(table.shape[1], max(1, round(settings.columns * table.shape[1])), replace=False))
        column, cut, leaf, where = _tree(binned, slope, bend, seen, asked, settings)
        score += leaf[where]
        limit = [edges[c][b] if b < len(edges[c]) else np.inf for c, b in zip(column, cut, strict=True)]
        grown.append((column.astype(np.int16), np.array(limit, np.float32), leaf.astype(np.float32)))
    return Trees(*(np.stack(part) for part in zip(*grown, strict=True)))


def _tree(binned, slope, bend, seen, asked, settings: Settings):
    """One tree: column and cut of each inner node, answers of its leaves, the leaf of each row."""
    inner = 2**settings.depth - 1
    column, cut = np.zeros(inner, int), np.full(inner, _BINS, int)
    node, rows = np.zeros(len(slope), np.intp), np.arange(len(slope))
    at = np.flatnonzero(seen)
    some = binned[at].take(asked, axis=1) + np.arange(len(asked)) * (_BINS + 1)
    sums: np.ndarray | None = None
    for level in range(settings.depth):
        first, count = 2**level - 1, 2**level
        sums = _sums(some, slope[at], bend[at], node[at] - first, count, sums)
        for k, (gain, where, cell) in enumerate(_splits(sums, settings.ridge)):
            if gain > 1e-9:
                column[first + k], cut[first + k] = asked[where], cell
        node = 2 * node + 1 + (binned[rows, column[node]] > cut[node])
    where = node - inner
    g, h = (np.bincount(where[at], v[at], minlength=inner + 1) for v in (slope, bend))
    return column, cut, settings.rate * g / (h + settings.ridge), where


def _sums(some, slope, bend, node, count: int, above: np.ndarray | None) -> np.ndarray:
    """Sums of slope and bend for each node of a level, column (of those asked) and bin: (2, count, columns, bins).

    Of two nodes under one, those of the left are what the right leaves of the sums `above`.
    """
    columns = some.shape[1]
    size = columns * (_BINS + 1)
    nodes = max(count // 2, 1)
    if above is not None:
        kept = np.flatnonzero(node & 1)
        some, slope, bend = some.take(kept, axis=0), slope[kept], bend[kept]
        some += (node[kept] // 2 * size)[:, None]
    key = some.ravel()
    found = np.stack([np.bincount(key, np.repeat(v, columns), minlength=nodes * size) for v in (slope, bend)])
    found = found.reshape(2, nodes, columns, _BINS + 1)
    if above is None:
        return found
    return np.stack([above - found, found], 2).reshape(2, count, columns, _BINS + 1)


def _splits(sums: np.ndarray, ridge: float) -> list[tuple[float, int, int]]:
    """Best gain, column (of those asked) and bin for each node of a level."""
    g, h = sums.cumsum(3)
    left, right = g**2 / (h + ridge), (g[:, :, -1:] - g) ** 2 / (h[:, :, -1:] - h + ridge)
    gain = left + right - g[:, :, -1:] ** 2 / (h[:, :, -1:] + ridge)
    gain[:, :, -1] = 0
    flat = gain.reshape(len(gain), -1)
    best = flat.argmax(1)
    return [(float(flat[k, b]), *divmod(int(b), _BINS + 1)) for k, b in enumerate(best)]
