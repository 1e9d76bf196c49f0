"""The outline of a region: whether brightness or colour jumps along it, as where something was pasted."""

from __future__ import annotations

import cv2
import numpy as np

from starlight.forgery.scene.planes import Scene

__all__ = ["CONTOUR_FACTS", "contour_facts", "cut_out", "snapped"]

CONTOUR_FACTS = ("contour", "contour_at", "contour_slope", "colour_jump", "grey_jump")
_REACH = 12  # pixels on both sides of an outline that are looked at
_OFF = 5  # pixels that an outline may be off by
_BESIDE = 7  # pixels from an outline, from which on it is not seen any more
_INSIDE, _OUTSIDE = 9, 17  # sides of the squares that a region is shrunk and enlarged by before it is cut anew
_HARDLY = 24  # pixels: fewer say nothing
_SIZES = (0.5, 1.8)  # of a region that was cut anew, over what it was


def contour_facts(scene: Scene, mask: np.ndarray) -> dict[str, float]:
    """Facts of an outline.

    Parameters
    ----------
    scene : Scene
    mask : (h, w) bool
        At working size.

    Returns
    -------
    dict of str to float
        `contour`: logarithm of the slope along the outline, wherever within 5 pixels it is steepest, over that on both
        sides; `contour_at`: where that is, pixels inwards; `contour_slope`: logarithm of the slope there;
        `colour_jump`, `grey_jump`: differences of the means on both sides.
    """
    part, signed = _distances(mask)
    near = np.flatnonzero(np.abs(signed) <= _REACH)
    at = signed.take(near).astype(np.intp) + _REACH
    counts = np.bincount(at, minlength=2 * _REACH + 1)
    means = [np.bincount(at, plane[part].take(near), minlength=2 * _REACH + 1) / np.maximum(counts, 1)
             for plane in (scene.slope, scene.grey, scene.chroma, scene.blue)]  # fmt: skip
    places = np.arange(-_REACH, _REACH + 1)
    known = counts >= _HARDLY
    along, beside = known & (np.abs(places) <= _OFF), known & (np.abs(places) >= _BESIDE)
    if not along.any() or not beside.any():
        return dict.fromkeys(CONTOUR_FACTS, 0.0)
    best = int(np.argmax(np.where(along, means[0], -1)))
    rest = float(np.median(means[0][beside]))
    inner, outer = known & (places > 2) & (places <= 8), known & (places < -1) & (places >= -8)
    jumps = [m[inner].mean() - m[outer].mean() if inner.any() and outer.any() else 0.0 for m in means[1:]]
    return {
        "contour": float(np.log((means[0][best] + 0.5) / (rest + 0.5))), "contour_at": float(places[best]),
        "contour_slope": float(np.log(means[0][best] + 0.5)),
        "colour_jump": float(np.log1p(np.hypot(*jumps[1:]))), "grey_jump": float(np.log1p(abs(jumps[0]))),
    }  # fmt: skip


def _distances(mask: np.ndarray) -> tuple[tuple[slice, slice], np.ndarray]:
    """The surroundings of a region, and of each pixel there how far inside (from 1) or outside (to 0) it lies."""
    part = cut_out(mask, _REACH + 2)
    block = mask[part].astype(np.uint8)
    padded = cv2.copyMakeBorder(block, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    within, beyond = (cv2.distanceTransform(p, cv2.DIST_L2, 3)[1:-1, 1:-1] for p in (padded, 1 - padded))
    far = np.where(block > 0, within, 1 - beyond).clip(-2 * _REACH, 2 * _REACH)  # infinite where there is no other side
    return part, np.rint(far)


def cut_out(mask: np.ndarray, room: int) -> tuple[slice, slice]:
    """Rows and columns that hold a region and some room around it."""
    x, y, w, h = cv2.boundingRect(mask.view(np.uint8))
    return slice(max(y - room, 0), y + h + room), slice(max(x - room, 0), x + w + room)


def snapped(scene: Scene, mask: np.ndarray) -> np.ndarray:
    """A region whose outline is moved to the steepest line near it: a watershed between its inside and its outside.

    Parameters
    ----------
    scene : Scene
    mask : (h, w) bool

    Returns
    -------
    (h, w) bool
        As it was, where there is no such line all around.
    """
    part = cut_out(mask, _OUTSIDE)
    block = mask[part].astype(np.uint8)
    inside = cv2.erode(block, _square(_INSIDE))
    if not inside.any():
        depth = cv2.distanceTransform(block, cv2.DIST_L2, 3)
        inside = (depth > 0.6 * depth.max()).astype(np.uint8)
    outside = cv2.dilate(block, _square(_OUTSIDE)) == 0
    if not outside.any():
        return mask
    colours = np.stack([scene.grey[part], scene.chroma[part] / 2 + 128, scene.blue[part] / 2 + 128], 2)
    colours = np.clip(cv2.GaussianBlur(colours, (0, 0), 0.8), 0, 255).astype(np.uint8)
    labels = np.where(outside, 2, inside).astype(np.int32)
    cv2.watershed(np.ascontiguousarray(colours), labels)
    cut = cv2.medianBlur((labels == 1).astype(np.uint8), 5)
    if not _SIZES[0] * block.sum() <= cut.sum() <= _SIZES[1] * block.sum():
        return mask
    moved = np.zeros_like(mask)
    moved[part] = cut > 0
    return moved


def _square(side: int) -> np.ndarray:
    return np.ones((side, side), np.uint8)
