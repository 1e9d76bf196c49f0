"""Co-occurrence of the residual: how unlike the rest of the image the noise around each cell is.

Noise of another camera, scale or compression follows itself in another way, whatever its size (D. Cozzolino, G. Poggi
and L. Verdoliva, "Splicebuster", WIFS 2015): third-order differences, three levels, four of them in a row.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

__all__ = ["UNLIKE", "Shares", "shares", "unlike"]

UNLIKE = ("unlike_near", "unlike_far", "unlike_around")
_NEAR, _FAR = 3, 7  # cells on a side that are taken together
_RIDGE = 0.3  # of the mean variance: histograms of few pixels are uncertain
_LEVELS = 3**4


class Shares(NamedTuple):
    """Roots of the shares of each run of levels around each cell, (rows, columns, classes) float32.

    near, far : of 3 x 3 and of 7 x 7 cells.
    ring : of what lies between.
    """

    near: np.ndarray
    far: np.ndarray
    ring: np.ndarray


def shares(grey: np.ndarray, cell: int) -> Shares:
    """Histograms of runs of levels in a (h, w) float32 plane, a cell each `cell` pixels."""
    rows, columns = (n // cell for n in grey.shape)
    counts = np.concatenate([_counts(plane, cell, (rows, columns), turned) for plane, turned in
                             ((grey, False), (np.ascontiguousarray(grey.T), True))])  # fmt: skip
    small, large = _NEAR**2 * _mean(counts, _NEAR), _FAR**2 * _mean(counts, _FAR)
    return Shares(*(np.sqrt(part / np.maximum(part.sum(2, keepdims=True), 1e-6))
                    for part in (small, large, np.maximum(large - small, 0))))  # fmt: skip


def unlike(found: Shares) -> list[np.ndarray]:
    """Maps `UNLIKE`.

    Parameters
    ----------
    found : Shares

    Returns
    -------
    list of (rows, columns) float32
        Distance of the histogram around each cell from the image's, of 3 x 3 and 7 x 7 cells; and from that of the ring
        around it.
    """
    around = ((found.near - found.ring) ** 2).sum(2)
    return [_distance(found.near), _distance(found.far), np.log(around + 0.01).astype(np.float32)]


def _counts(plane: np.ndarray, cell: int, shape: tuple[int, int], turned: bool) -> np.ndarray:
    """(classes, rows, columns) float32: how often each run of four levels occurs in a cell, mirrored runs together."""
    change = plane[:, :-3] - 3 * plane[:, 1:-2] + 3 * plane[:, 2:-1] - plane[:, 3:]
    step = np.clip(_median(np.abs(change)), 0.75, 12)
    level = 1 + (change > step / 2).view(np.uint8) - (change < -step / 2).view(np.uint8)
    code = 27 * level[:, :-3] + 9 * level[:, 1:-2] + 3 * level[:, 2:-1] + level[:, 3:]
    rows, columns = shape[::-1] if turned else shape
    y = np.minimum(np.arange(code.shape[0]) // cell, rows - 1)
    x = np.minimum((np.arange(code.shape[1]) + 3) // cell, columns - 1)
    offsets, number = _CLASSES
    place = np.take(offsets * (rows * columns), code)
    place += y[:, None] * columns + x[None]
    found = np.bincount(place.ravel(), minlength=rows * columns * number).reshape(number, rows, columns)
    found = (found / cell**2).astype(np.float32)
    return found.transpose(0, 2, 1) if turned else found


def _median(values: np.ndarray) -> np.float32:
    """As `np.median`, which orders more than it needs."""
    half = values.size // 2
    parted = np.partition(values.ravel(), half)
    return parted[half] if values.size % 2 else (parted[:half].max() + parted[half]) / 2


def _classes() -> tuple[np.ndarray, int]:
    """Class of each run: the same read backwards, or with all signs turned, is the same."""
    runs = np.stack(np.unravel_index(np.arange(_LEVELS), (3,) * 4), 1)
    powers = np.array([27, 9, 3, 1])
    alike = np.stack([r @ powers for r in (runs, runs[:, ::-1], 2 - runs, 2 - runs[:, ::-1])])
    _, classes = np.unique(alike.min(0), return_inverse=True)
    return classes, int(classes.max()) + 1


_CLASSES = _classes()


def _mean(counts: np.ndarray, side: int) -> np.ndarray:
    """(rows, columns, classes) means over squares of cells, of each class."""
    means = [cv2.blur(np.ascontiguousarray(plane), (side, side), borderType=cv2.BORDER_REFLECT) for plane in counts]
    return np.stack(means, 2)


def _distance(features: np.ndarray) -> np.ndarray:
    """Mahalanobis' distance of each cell from the mean of all, roughly 1."""
    flat = features.reshape(-1, features.shape[2]).astype(np.float64)
    off = flat - flat.mean(0)
    spread = off.T @ off / max(len(off), 1)
    spread += _RIDGE * np.eye(len(spread)) * max(np.trace(spread) / len(spread), 1e-9)
    squares = (off * (off @ np.linalg.inv(spread))).sum(1) / len(spread)
    return np.sqrt(np.maximum(squares, 0)).reshape(features.shape[:2]).astype(np.float32) * 2
