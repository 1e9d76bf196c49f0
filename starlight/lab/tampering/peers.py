"""What people use to find tampered images, written from its descriptions: one function each under one registry."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

__all__ = ["PEERS", "error_levels", "keypoints"]

_QUALITY = 90  # of the recompression
_WINDOW = 16  # pixels
_RATIO = 0.6  # of the distances to the nearest and the next descriptor
_LEAST_SHIFT = 24  # pixels between a keypoint and its copy
_INLIERS = 8
_REACH_PX = 3.0

Answer = tuple[float, np.ndarray]  # score, mask bool (h, w)


def error_levels(pixels: np.ndarray) -> Answer:
    """Error-level analysis (N. Krawetz, "A Picture's Worth", Black Hat 2007): what changes most on recompression.

    Parameters
    ----------
    pixels : uint8 (h, w, 3)

    Returns
    -------
    score : float
        How far the highest level of a window lies above the median, in median absolute deviations.
    mask : bool (h, w)
        Windows over half of that height.
    """
    _, data = cv2.imencode(".jpg", pixels[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    again = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]
    level = cv2.blur(np.abs(pixels.astype(np.float32) - again).mean(axis=2), (_WINDOW, _WINDOW))
    middle = float(np.median(level))
    spread = float(np.median(np.abs(level - middle))) + 0.05
    score = (float(np.quantile(level, 0.998)) - middle) / spread
    return score, level > middle + 0.5 * score * spread


def keypoints(pixels: np.ndarray) -> Answer:
    """Plain keypoint matching (I. Amerini and others, IEEE TIFS 6, 2011): SIFT within the image, affine RANSAC.

    Returns
    -------
    score : float
        Keypoints that agree on one transformation; 0 where there are fewer than three.
    mask : bool (h, w)
        Hulls of those keypoints and of their copies; empty below eight of them.
    """
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    empty = np.zeros(grey.shape, bool)
    found, descriptors = cv2.SIFT_create().detectAndCompute(grey, None)
    if descriptors is None or len(found) < 4:
        return 0.0, empty
    places = np.array([k.pt for k in found], np.float32)
    near = cv2.BFMatcher().knnMatch(descriptors, descriptors, k=3)  # the first is the keypoint itself
    pairs = [(m[1].queryIdx, m[1].trainIdx) for m in near if len(m) == 3 and m[1].distance < _RATIO * m[2].distance]
    pairs = [(a, b) for a, b in pairs if np.hypot(*(places[a] - places[b])) > _LEAST_SHIFT]
    if len(pairs) < 3:
        return 0.0, empty
    source, target = (places[[pair[k] for pair in pairs]] for k in (0, 1))
    cv2.setRNGSeed(0)
    _, inliers = cv2.estimateAffine2D(source, target, ransacReprojThreshold=_REACH_PX)
    chosen = np.zeros(len(pairs), bool) if inliers is None else inliers.ravel().astype(bool)
    mask = np.zeros(grey.shape, np.uint8)
    for points in (source[chosen], target[chosen]) if chosen.sum() >= _INLIERS else ():
        cv2.fillConvexPoly(mask, cv2.convexHull(points.astype(np.int32)), 1)
    return float(chosen.sum()), mask.astype(bool)


PEERS: dict[str, Callable[[np.ndarray], Answer]] = {"error-level analysis": error_levels, "SIFT, RANSAC": keypoints}
