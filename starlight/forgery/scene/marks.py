"""What was drawn onto a picture: the ink of letters, arrows and rules, and the frames that rules close.

An inset is pasted and resampled as a splice is, and an arrow brings no noise along; what tells them from tampering is
that somebody drew a frame around the one, and that the other is thin and of one tone.
"""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["frame_labels", "ink", "inked", "overlap_with_frame"]

_THIN = 9  # pixels: a wider stroke is no rule and no letter
_INK = 45  # grey levels that ink stands out by on both sides
_RULE_STEP = 14  # and that a rule does, which is told by its length
_RUN = 19  # pixels that a rule runs on for
_GAP = 5  # pixels of a rule that noise or a letter may hide
_SIDE = 14  # pixels of a frame's shorter side
_FULL = 0.85  # of its box that a frame's inside fills
_MOST = 0.6  # of the image: a frame around all of it frames nothing


def ink(grey: np.ndarray) -> np.ndarray:
    """Where strokes thinner than 9 pixels stand out from both sides, bool (h, w) from (h, w) uint8."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_THIN, _THIN))
    return _above(grey, kernel) > _INK


def frame_labels(grey: np.ndarray) -> np.ndarray:
    """Number the insides of frames: rectangles that straight rules close on all sides.

    Parameters
    ----------
    grey : (h, w) uint8

    Returns
    -------
    (h, w) int32
        0 outside frames.
    """
    along = _rules(grey, np.ones((_THIN, 1), np.uint8), np.ones((1, _GAP), np.uint8), np.ones((1, _RUN), np.uint8))
    across = _rules(grey, np.ones((1, _THIN), np.uint8), np.ones((_GAP, 1), np.uint8), np.ones((_RUN, 1), np.uint8))
    labels = np.zeros(grey.shape, np.int32)
    if not along.any() or not across.any():
        return labels
    closed = cv2.dilate(along | across, np.ones((3, 3), np.uint8))
    count, parts, stats, _ = cv2.connectedComponentsWithStats(1 - closed, connectivity=4)
    left, top, wide, high, area = stats.T
    kept = (np.minimum(wide, high) >= _SIDE) & (area >= _FULL * wide * high) & (wide * high <= _MOST * grey.size)
    kept &= (left > 0) & (top > 0) & (left + wide < grey.shape[1]) & (top + high < grey.shape[0])
    kept[0] = False
    numbers = np.zeros(count, np.int32)
    numbers[kept] = np.arange(1, kept.sum() + 1)
    return numbers[parts]


def overlap_with_frame(labels: np.ndarray, mask: np.ndarray) -> float:
    """Intersection over union of a region with the frame that it is most like; 0 where it lies in none."""
    if not labels.any():
        return 0.0
    inside = np.bincount(labels[mask], minlength=1)
    inside[0] = 0
    best = int(np.argmax(inside))
    shared = int(inside[best])
    return shared / (np.count_nonzero(mask) + np.count_nonzero(labels == best) - shared) if shared else 0.0


def inked(marks: np.ndarray, mask: np.ndarray) -> float:
    """Share of a region that is ink."""
    return np.count_nonzero(marks & mask) / max(np.count_nonzero(mask), 1)


def _rules(grey: np.ndarray, thin: np.ndarray, gap: np.ndarray, run: np.ndarray) -> np.ndarray:
    """Thin straight lines in one direction, (h, w) uint8 of 0 and 1."""
    line = (_above(grey, thin) > _RULE_STEP).astype(np.uint8)
    return cv2.morphologyEx(cv2.morphologyEx(line, cv2.MORPH_CLOSE, gap), cv2.MORPH_OPEN, run)


def _above(grey: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """By how many grey levels something thinner than the kernel stands out, lighter or darker."""
    return np.maximum(*(cv2.morphologyEx(grey, way, kernel) for way in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT)))
