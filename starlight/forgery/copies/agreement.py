"""Dense agreement: where an image, mapped onto itself, really looks the same, pixel by pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from starlight.forgery.copies.following import Window, follow, within
from starlight.forgery.copies.transforms import Hypothesis
from starlight.forgery.scene import Scene, box_mean

__all__ = ["Region", "grow", "promise"]

_WINDOW = 11  # pixels, side of the windows that are compared
_ALIKE = 0.75  # normalised correlation of the grey levels without the finest noise
_NOISE_ALIKE = 0.35  # and of the whitened residual, in windows of 15
_CLOSE = 13  # pixels: holes and gaps up to this size are closed
_LEAST = 120  # pixels of a region
_NEARLY = 0.03  # off a map of pixels to pixels, in the linear part
_SLACK = 0.03  # correlation that interpolation gains by smoothing
_PROBES, _PROBE = 9, 24  # places where a hypothesis is tried, and pixels on a side of each
_ROOM = 64  # pixels around the matches of a small region where its end is looked for
_INVOLUTION = 0.1  # off the identity, of a map twice over
_APART = 12  # pixels that a place moves at least


class Region(NamedTuple):
    """Two parts of an image that agree.

    Attributes
    ----------
    matrix : (2, 3) float64
        From source to target, x and y.
    source, target : (h, w) bool
    window : (slice, slice)
        Rows and columns of the image that hold the source.
    agreement : (rows, columns) float32
        Normalised correlation around each pixel of the window.
    warped : (rows, columns) float32
        Grey levels of the target laid over the window.
    hypothesis : Hypothesis
    """

    matrix: np.ndarray
    source: np.ndarray
    target: np.ndarray
    window: Window
    agreement: np.ndarray
    warped: np.ndarray
    hypothesis: Hypothesis


def grow(scene: Scene, hypothesis: Hypothesis) -> Region | None:
    """The region that a hypothesis is true of; None where there is none to speak of."""
    matrix = _exact(scene, hypothesis)
    whole = (slice(0, scene.grey.shape[0]), slice(0, scene.grey.shape[1]))
    near = _near(hypothesis.source, whole)
    region, cut_off = _grown(scene, hypothesis, matrix, near)
    return _grown(scene, hypothesis, matrix, whole)[0] if cut_off else region


def _grown(scene: Scene, hypothesis: Hypothesis, matrix: np.ndarray, window: Window) -> tuple[Region | None, bool]:
    """The region as far as it lies in a window, and whether it goes on beyond."""
    warped = follow(scene.grey, matrix, window)
    agreement = _correlation(scene.smoothed[window], follow(scene.smoothed, matrix, window), _WINDOW, 1.0)
    noise = _correlation(scene.whitened[window], follow(scene.whitened, matrix, window), 15, 0.05)
    alike = (agreement > _ALIKE) | (noise > _NOISE_ALIKE)
    alike &= _leads_inside(matrix, window, scene.grey.shape) & _one_way(matrix, hypothesis.source, noise, window)
    corner = np.array([window[1].start, window[0].start], np.float32)
    mask = _connected(alike.astype(np.uint8), hypothesis.source - corner, agreement, scene.flat[window])
    if mask is None:
        return None, False
    source = np.zeros(scene.grey.shape, bool)
    source[window] = mask
    target = cv2.warpAffine(mask, within(matrix, window), source.shape[::-1], flags=cv2.INTER_NEAREST) > 0
    if np.count_nonzero(target) < _LEAST // 2:
        return None, False
    sides = zip(window, source.shape, (mask, mask.T), strict=True)
    cut_off = any((s.start > 0 and m[0].any()) or (s.stop < n and m[-1].any()) for s, n, m in sides)
    return Region(matrix, source, target, window, agreement, warped, hypothesis), cut_off


def _near(points: np.ndarray, whole: Window) -> Window:
    """The surroundings of some points, where their region most likely ends; everything without points."""
    if not len(points):
        return whole
    low, high = points.min(0), points.max(0)
    room = np.maximum(high - low, _ROOM)
    return tuple(
        slice(int(max(0, low[i] - room[i])), int(min(side.stop, high[i] + room[i] + 1)))
        for i, side in ((1, whole[0]), (0, whole[1]))
    )


def _exact(scene: Scene, hypothesis: Hypothesis) -> np.ndarray:
    """A map near one that takes pixels to pixels is replaced by it where the noise agrees better then.

    Most copies are moved by whole pixels, and a map fitted to keypoints is off by enough to lose the noise.
    """
    matrix = hypothesis.matrix
    linear = np.rint(matrix[:, :2])
    near = np.abs(matrix[:, :2] - linear).max() < _NEARLY and abs(round(np.linalg.det(linear))) == 1
    if not near or not len(hypothesis.source):
        return matrix
    shift = np.median(hypothesis.target - hypothesis.source @ linear.T, axis=0)
    whole = [np.c_[linear, np.rint(shift) + d] for d in np.mgrid[-1:2, -1:2].reshape(2, -1).T]
    between = [matrix, np.c_[linear, shift]]
    agrees = _noise_agrees(scene, hypothesis.source, [*whole, *between])
    agrees[: len(whole)] += _SLACK
    return (*whole, *between)[int(np.argmax(agrees))]


def promise(scene: Scene, hypothesis: Hypothesis) -> float:
    """How well a hypothesis bears out around its own matches: median correlation of the detail there, up to 1.

    Of the detail with its noise or without, whichever agrees better: noise that was added after a copy differs.
    """
    if not len(hypothesis.source):
        return 1.0
    return max(_borne_out(plane, hypothesis) for plane in (scene.detail, scene.coarse))


def _borne_out(plane: np.ndarray, hypothesis: Hypothesis) -> float:
    at = hypothesis.source[np.linspace(0, len(hypothesis.source) - 1, min(_PROBES, len(hypothesis.source))).astype(int)]
    ours, theirs = (np.empty((len(at), _PROBE, _PROBE), np.float32) for _ in range(2))
    local, flags = hypothesis.matrix.copy(), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for i, (x, y) in enumerate(at):
        local[:, 2] = hypothesis.matrix[:, 2] + hypothesis.matrix[:, :2] @ (np.array([x, y]) - _PROBE / 2)
        cv2.warpAffine(plane, local, (_PROBE, _PROBE), theirs[i], flags=flags, borderMode=cv2.BORDER_REFLECT)
        cv2.getRectSubPix(plane, (_PROBE, _PROBE), (float(x) - 0.5, float(y) - 0.5), ours[i])
    a, b = (p.reshape(len(at), -1) for p in (ours, theirs))
    a, b = a - a.mean(1, keepdims=True), b - b.mean(1, keepdims=True)
    return float(np.median((a * b).sum(1) / np.sqrt((a * a).sum(1) * (b * b).sum(1) + 1)))


def _noise_agrees(scene: Scene, points: np.ndarray, matrices: Sequence[np.ndarray]) -> np.ndarray:
    """Correlation of the residual over the box of some points with that where each map leads."""
    low, high = np.floor(points.min(0)).astype(int), np.ceil(points.max(0)).astype(int) + 1
    size = tuple(int(n) for n in np.clip(high - low, 8, 200))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    own = cv2.warpAffine(scene.whitened, np.c_[np.eye(2), low.astype(float)], size, flags=flags)
    power, found = (own**2).mean(), []
    for matrix in matrices:
        local = np.c_[matrix[:, :2], matrix[:, 2] + matrix[:, :2] @ low]
        moved = cv2.warpAffine(scene.whitened, local, size, flags=flags)
        found.append(float((moved * own).mean() / np.sqrt((moved**2).mean() * power + 1e-9)))
    return np.array(found)


def _correlation(ours: np.ndarray, theirs: np.ndarray, side: int, floor: float) -> np.ndarray:
    """Normalised correlation in a window around each pixel; `floor` is the variance that counts as nothing."""
    mean_a, mean_b = box_mean(ours, side), box_mean(theirs, side)
    var_a = box_mean(ours * ours, side) - mean_a * mean_a
    var_b = box_mean(theirs * theirs, side) - mean_b * mean_b
    both = box_mean(ours * theirs, side) - mean_a * mean_b
    return both / np.sqrt(np.maximum(var_a, floor) * np.maximum(var_b, floor))


def _led(matrix: np.ndarray, window: Window) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Places x, y of a window, and where the map leads from them."""
    x = np.arange(window[1].start, window[1].stop, dtype=np.float32)[None]
    y = np.arange(window[0].start, window[0].stop, dtype=np.float32)[:, None]
    (a, b, c), (d, e, f) = matrix.astype(np.float32)
    return x, y, a * x + b * y + c, d * x + e * y + f


def _leads_inside(matrix: np.ndarray, window: Window, shape: tuple[int, int]) -> np.ndarray:
    """Where the map leads into the image, and away from where it starts."""
    x, y, to_x, to_y = _led(matrix, window)
    inside = (to_x >= 0) & (to_x <= shape[1] - 1) & (to_y >= 0) & (to_y <= shape[0] - 1)
    return inside & ((to_x - x) ** 2 + (to_y - y) ** 2 > _APART**2)


def _one_way(matrix: np.ndarray, seeds: np.ndarray, noise: np.ndarray, window: Window) -> np.ndarray | bool:
    """A mirror and a half turn lead back where they came from: only places are kept that move the way most seeds do."""
    twice = matrix[:, :2] @ matrix
    twice[:, 2] += matrix[:, 2]
    if np.abs(twice[:, :2] - np.eye(2)).max() > _INVOLUTION:
        return True
    if not len(seeds):
        y, x = np.unravel_index(np.argmax(noise), noise.shape)
        seeds = np.array([[x + window[1].start, y + window[0].start]], np.float32)
    moved = seeds @ matrix[:, :2].T + matrix[:, 2] - seeds
    axis = np.linalg.svd(moved, full_matrices=False)[2][0]
    axis *= np.sign(np.median(moved @ axis)) or 1.0
    x, y, to_x, to_y = _led(matrix, window)
    return (to_x - x) * axis[0] + (to_y - y) * axis[1] > 0


def _connected(alike: np.ndarray, seeds: np.ndarray, agreement: np.ndarray, flat: np.ndarray) -> np.ndarray | None:
    """Parts that a seed lies in or, without seeds, the one that agrees most in all; closed, holes filled."""
    alike = cv2.morphologyEx(alike, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    alike = cv2.morphologyEx(alike, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_CLOSE, _CLOSE)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(alike, connectivity=8)
    if count < 2:
        return None
    if len(seeds):
        x, y = np.rint(seeds).astype(int).T
        votes = np.bincount(labels[y.clip(0, alike.shape[0] - 1), x.clip(0, alike.shape[1] - 1)], minlength=count)
        kept = np.flatnonzero((votes >= 2) & (votes >= 0.05 * votes[1:].max(initial=0)))
    else:
        weight = np.bincount(labels.ravel(), (np.maximum(agreement, 0) * ~flat).ravel(), minlength=count)
        weight[0] = 0
        kept = np.array([np.argmax(weight)])
    kept = kept[(kept > 0) & (stats[kept, cv2.CC_STAT_AREA] >= _LEAST)]
    if not len(kept):
        return None
    chosen = np.zeros(count, np.uint8)
    chosen[kept] = 1
    mask = chosen[labels]
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(mask, outlines, -1, 1, cv2.FILLED)
