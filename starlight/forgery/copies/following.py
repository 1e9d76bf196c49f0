"""A plane laid over a part of itself, as a map leads."""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["Window", "follow", "within"]

Window = tuple[slice, slice]


def within(matrix: np.ndarray, window: Window) -> np.ndarray:
    """The map from places counted from a window's corner.

    Parameters
    ----------
    matrix : ndarray, shape (2, 3)
        From places of the whole image.
    window : (slice, slice)

    Returns
    -------
    ndarray, shape (2, 3)
    """
    corner = np.array([window[1].start, window[0].start], float)
    return np.c_[matrix[:, :2], matrix[:, :2] @ corner + matrix[:, 2]]


def follow(plane: np.ndarray, matrix: np.ndarray, window: Window) -> np.ndarray:
    """The plane at the places that the map leads to, laid over those of a window; 0 outside.

    Parameters
    ----------
    plane : ndarray, shape (height, width)
    matrix : ndarray, shape (2, 3)
        Affine map from places of the window to those it is laid on.
    window : (slice, slice)
        Rows and columns.

    Returns
    -------
    ndarray, of the window's shape
    """
    if (np.abs(matrix) == np.rint(np.abs(matrix))).all() and (np.abs(matrix[:, :2]).sum(1) == 1).all():
        return _copied(plane, matrix.astype(int), window)
    size = (window[1].stop - window[1].start, window[0].stop - window[0].start)
    return cv2.warpAffine(plane, within(matrix, window), size, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)


def _copied(plane: np.ndarray, matrix: np.ndarray, window: Window) -> np.ndarray:
    """The same for a map that takes pixels to pixels, which needs no interpolation."""
    if matrix[0, 0] == 0:
        plane, matrix = plane.T, matrix[::-1]
    out = np.zeros((window[0].stop - window[0].start, window[1].stop - window[1].start), plane.dtype)
    ours, theirs = [], []
    for side, size, step, start in zip(window, plane.shape, (matrix[1, 1], matrix[0, 0]), matrix[::-1, 2], strict=True):
        led = step * np.arange(side.start, side.stop) + start
        inside = np.flatnonzero((led >= 0) & (led < size))
        if not len(inside):
            return out
        first, last = led[inside[0]], led[inside[-1]]
        ours.append(slice(inside[0], inside[-1] + 1))
        theirs.append(slice(first, last + step if last + step >= 0 else None, step))
    out[tuple(ours)] = plane[tuple(theirs)]
    return out
