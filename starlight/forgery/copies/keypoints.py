"""Keypoints of an image matched within it, plain and mirrored (SIFT: D. G. Lowe, IJCV 60, 2004)."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

__all__ = ["Matches", "match"]

_MOST = 3000  # keypoints, strongest first
_CONTRAST = 0.005  # SIFT's threshold, lower than usual: blots and smooth tissue have few strong corners
_NEAR = 16.0  # pixels: closer keypoints show the same spot
_NEIGHBOURS = 4  # matches kept of one keypoint (generalised 2NN, I. Amerini et al., TIFS 6, 2011)
_RATIO = 0.75  # of the distances to one match and to the next
_FAR = 0.75  # distance of RootSIFT descriptors (0 to 1.41) beyond which nothing is alike


class Matches(NamedTuple):
    """Pairs of keypoints that look alike.

    Attributes
    ----------
    source, target : (n, 2) float32
        x and y.
    scale, angle : (n,) float32
        Of the target over the source; radians.
    mirrored : bool
    keypoints : int
        How many keypoints the image has.
    """

    source: np.ndarray
    target: np.ndarray
    scale: np.ndarray
    angle: np.ndarray
    mirrored: bool
    keypoints: int


def match(grey: np.ndarray) -> tuple[Matches, Matches]:
    """Matches of a (h, w) uint8 image with itself, and with its mirror image."""
    points, descriptors = cv2.SIFT_create(nfeatures=_MOST, contrastThreshold=_CONTRAST).detectAndCompute(grey, None)
    if descriptors is None or len(points) < 2:
        return _none(False, len(points)), _none(True, len(points))
    places = np.array([p.pt for p in points], np.float32)
    sizes = np.array([p.size for p in points], np.float32)
    angles = np.radians(np.array([p.angle for p in points], np.float32))
    root = np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-6))
    apart = _apart(places)
    return (
        _pairs(root, root, places, sizes, angles, apart, mirrored=False),
        _pairs(root, mirror(root), places, sizes, angles, apart, mirrored=True),
    )


def mirror(descriptors: np.ndarray) -> np.ndarray:
    """Descriptors of the mirrored patches: rows in reverse, each direction negated."""
    cells = descriptors.reshape(-1, 4, 4, 8)
    return cells[:, ::-1, :, [0, 7, 6, 5, 4, 3, 2, 1]].reshape(len(descriptors), 128)


def _apart(places: np.ndarray) -> np.ndarray:
    squares = (places**2).sum(1)
    return squares[:, None] + squares[None] - 2 * places @ places.T > _NEAR**2


def _pairs(ours, theirs, places, sizes, angles, apart, *, mirrored: bool) -> Matches:
    """Each keypoint with those that are much nearer to it, in looks, than the next one is."""
    if len(ours) <= _NEIGHBOURS:
        return _none(mirrored, len(ours))
    best, alike = _nearest(np.where(apart, ours @ theirs.T, np.float32(-1)), _NEIGHBOURS + 1)
    distance = np.sqrt(np.maximum(2 - 2 * alike, 0))
    good = distance[:, :-1] < _FAR
    clear = (distance[:, :-1] < _RATIO * distance[:, 1:]) & good
    last = np.where(clear, np.arange(1, _NEIGHBOURS + 1), 0).max(1)  # matches up to the last clear step
    first, rank = np.nonzero((np.arange(_NEIGHBOURS) < last[:, None]) & good)
    second = best[first, rank]
    turn = angles[second] + angles[first] if mirrored else angles[second] - angles[first]
    return Matches(
        places[first], places[second], sizes[second] / sizes[first], turn.astype(np.float32), mirrored, len(ours)
    )


def _nearest(alike: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns of the largest entries of each row, largest first, and the entries; overwrites `alike`."""
    rows = np.arange(len(alike))
    best = np.empty((len(alike), count), np.intp)
    values = np.empty((len(alike), count), alike.dtype)
    for k in range(count):
        best[:, k] = alike.argmax(1)
        values[:, k] = alike[rows, best[:, k]]
        alike[rows, best[:, k]] = -1
    return best, values


def _none(mirrored: bool, keypoints: int) -> Matches:
    empty = np.zeros((0, 2), np.float32)
    return Matches(empty, empty, empty[:, 0], empty[:, 0], mirrored, keypoints)
