"""Keypoints of an image matched within it, plain and mirrored (SIFT: D. G. Lowe, IJCV 60, 2004)."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

__all__ = ["Matches", "match"]

_MOST = 3000  # keypoints, strongest first
_CONTRAST = 0.005  # SIFT's threshold, lower than usual: blots and smooth tissue have few strong corners
_EDGE = 30.0  # SIFT's ratio of curvatures, higher than usual: on lines and soft edges little else is to be had
_NEAR = 16.0  # pixels: closer keypoints show the same spot
_NEIGHBOURS = 4  # matches kept of one keypoint (generalised 2NN, I. Amerini et al., TIFS 6, 2011)
_RATIO = 0.75  # of the distances to one match and to the next
_ROWS = 128  # keypoints whose likeness to all others is held at once
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


def match(plane: np.ndarray, most_pixels: int = 0) -> tuple[Matches, Matches]:
    """Matches of an image with itself, and with its mirror image.

    Parameters
    ----------
    plane : (h, w) float32
        Grey levels, 0 to 255.
    most_pixels : int
        A larger image is searched at this size; 0 for as it is.
    """
    scale = min(1.0, (most_pixels / plane.size) ** 0.5) if most_pixels else 1.0
    small = plane if scale == 1 else cv2.resize(plane, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = np.clip(np.rint(small), 0, 255).astype(np.uint8)
    sift = cv2.SIFT_create(nfeatures=_MOST, contrastThreshold=_CONTRAST, edgeThreshold=_EDGE)
    points, descriptors = sift.detectAndCompute(grey, None)
    if descriptors is None or len(points) < 2:
        return _none(False, len(points)), _none(True, len(points))
    enlarged = np.array(plane.shape[::-1], np.float32) / grey.shape[::-1]
    places = (np.array([p.pt for p in points], np.float32) + 0.5) * enlarged - 0.5
    sizes = np.array([p.size for p in points], np.float32)
    angles = np.radians(np.array([p.angle for p in points], np.float32))
    root = np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-6))
    if len(root) <= _NEIGHBOURS:
        return _none(False, len(root)), _none(True, len(root))
    nearest = _nearest(root, (root, mirror(root)), places, _NEIGHBOURS + 1)
    return tuple(
        _pairs(*both, places, sizes, angles, mirrored=way) for way, both in zip((False, True), nearest, strict=True)
    )


def mirror(descriptors: np.ndarray) -> np.ndarray:
    """Descriptors of the mirrored patches: rows in reverse, each direction negated."""
    cells = descriptors.reshape(-1, 4, 4, 8)
    return cells[:, ::-1, :, [0, 7, 6, 5, 4, 3, 2, 1]].reshape(len(descriptors), 128)


def _pairs(best, alike, places, sizes, angles, *, mirrored: bool) -> Matches:
    """Each keypoint with those that are much nearer to it, in looks, than the next one is."""
    distance = np.sqrt(np.maximum(2 - 2 * alike, 0))
    good = distance[:, :-1] < _FAR
    clear = (distance[:, :-1] < _RATIO * distance[:, 1:]) & good
    last = np.where(clear, np.arange(1, _NEIGHBOURS + 1), 0).max(1)  # matches up to the last clear step
    first, rank = np.nonzero((np.arange(_NEIGHBOURS) < last[:, None]) & good)
    second = best[first, rank]
    turn = angles[second] + angles[first] if mirrored else angles[second] - angles[first]
    return Matches(
        places[first], places[second], sizes[second] / sizes[first], turn.astype(np.float32), mirrored, len(best)
    )


def _nearest(ours, sets, places, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The most alike keypoints of each, but for those beside it, and how alike they are; most alike first; in each set.

    A few rows at a time, so that they stay in the processor's cache.
    """
    found = [(np.empty((len(ours), count), np.intp), np.empty((len(ours), count), ours.dtype)) for _ in sets]
    along = np.ascontiguousarray(places.T)
    for start in range(0, len(ours), _ROWS):
        some = slice(start, start + _ROWS)
        off_x, off_y = (places[some, None, k] - across for k, across in enumerate(along))
        beside = np.flatnonzero(off_x * off_x + off_y * off_y <= _NEAR**2)
        rows = np.arange(len(off_x))
        for theirs, (best, values) in zip(sets, found, strict=True):
            alike = ours[some] @ theirs.T
            alike.ravel()[beside] = -1
            for k in range(count):
                best[some, k] = alike.argmax(1)
                values[some, k] = alike[rows, best[some, k]]
                alike[rows, best[some, k]] = -1
    return found


def _none(mirrored: bool, keypoints: int) -> Matches:
    empty = np.zeros((0, 2), np.float32)
    return Matches(empty, empty, empty[:, 0], empty[:, 0], mirrored, keypoints)
