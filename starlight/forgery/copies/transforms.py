"""Geometric hypotheses: which matches agree on one similarity or affine map, and whether chance would give as many.

The bound is the number of false alarms (a contrario: L. Moisan and B. Stival, IJCV 57, 2004): how many groups of this
size independent matches would be expected to form.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from scipy.special import gammaln

from starlight.forgery.copies.keypoints import Matches

__all__ = ["Hypothesis", "clusters", "log_false_alarms"]

_LEAST = 6  # inliers that make a hypothesis; the verifier sees how many there are
_MOST_MATCHES = 1500
_MOST_CLUSTERS = 6  # for plain matches, and as many for mirrored ones
_TOLERANCE = 3.0  # pixels
_SCALES = (0.4, 2.5)
_SEEDS = 600  # matches tried as the seed of a group


class Hypothesis(NamedTuple):
    """A map from one part of the image to another.

    Attributes
    ----------
    matrix : (2, 3) float64
        Takes x, y of the source to those of the target.
    source, target : (n, 2) float32
        Places that agree with it; none for a hypothesis from correlation.
    log_nfa : float
        log10 of the expected number of such groups among chance matches.
    strength : float
        Height of the correlation's peak in standard deviations; 0 for keypoints.
    """

    matrix: np.ndarray
    source: np.ndarray
    target: np.ndarray
    log_nfa: float
    strength: float = 0.0


def clusters(matches: Matches, shape: tuple[int, int]) -> list[Hypothesis]:
    """Groups of matches that one map explains, largest first; each match is in one group."""
    source, target, scale, angle = _kept(matches)
    found: list[Hypothesis] = []
    total = len(source)
    while len(source) >= _LEAST and len(found) < _MOST_CLUSTERS:
        inside = _largest(source, target, scale, angle, matches.mirrored)
        if inside.sum() < _LEAST:
            break
        matrix, inside = _refined(source, target, inside)
        if matrix is not None and _plausible(matrix):
            nfa = log_false_alarms(int(inside.sum()), total, shape)
            found.append(Hypothesis(matrix, source[inside], target[inside], nfa))
        keep = ~inside & ~_swapped(source, target, matrix)
        if keep.all():
            break
        source, target, scale, angle = source[keep], target[keep], scale[keep], angle[keep]
    return found


def log_false_alarms(inliers: int, matches: int, shape: tuple[int, int]) -> float:
    """log10 of the number of false alarms of `inliers` among `matches` that agree within the tolerance.

    Three matches fix an affine map; each other one falls within the tolerance with the probability of a disc's area.
    """
    if inliers <= 3:
        return float(np.log10(max(matches, 1)))
    p = min(1.0, np.pi * _TOLERANCE**2 / (shape[0] * shape[1]))
    ways = _log_choose(matches, inliers) + _log_choose(inliers, 3) + np.log(max(matches - 3, 1))
    return float((ways + (inliers - 3) * np.log(p)) / np.log(10))


def _kept(matches: Matches):
    scale_ok = (matches.scale > _SCALES[0] / 1.5) & (matches.scale < _SCALES[1] * 1.5)
    index = np.flatnonzero(scale_ok)[:_MOST_MATCHES]
    return matches.source[index], matches.target[index], matches.scale[index], matches.angle[index]


def _linear(scale: np.ndarray, angle: np.ndarray, mirrored: bool) -> np.ndarray:
    """(n, 2, 2) similarity of each match: scale times a turn, after a mirror where there is one."""
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    if mirrored:
        return np.stack([np.stack([cos, sin], -1), np.stack([sin, -cos], -1)], 1)
    return np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], 1)


def _largest(source, target, scale, angle, mirrored: bool) -> np.ndarray:
    """Matches that follow the similarity of the match that most others follow; far ones may be off by more."""
    seeds = np.linspace(0, len(source) - 1, min(_SEEDS, len(source))).astype(int)
    linear = _linear(scale[seeds], angle[seeds], mirrored)
    away = source[None] - source[seeds][:, None]
    predicted = np.einsum("sij,snj->sni", linear, away) + target[seeds][:, None]
    miss = np.hypot(*np.moveaxis(predicted - target[None], 2, 0))
    allowed = _TOLERANCE + 0.08 * np.hypot(*np.moveaxis(away, 2, 0))
    turn = np.abs(np.angle(np.exp(1j * (angle[None] - angle[seeds][:, None]))))
    inside = (miss < allowed) & (turn < 0.5) & (np.abs(np.log(scale[None] / scale[seeds][:, None])) < 0.5)
    return inside[np.argmax(inside.sum(1))]


def _refined(source, target, inside) -> tuple[np.ndarray | None, np.ndarray]:
    """Affine map of a group by RANSAC, then all matches that follow it."""
    matrix, _ = cv2.estimateAffine2D(
        source[inside], target[inside], method=cv2.RANSAC, ransacReprojThreshold=_TOLERANCE, maxIters=500,
        confidence=0.99, refineIters=10,
    )  # fmt: skip
    if matrix is None:
        return None, inside
    follows = np.hypot(*(source @ matrix[:, :2].T + matrix[:, 2] - target).T) < _TOLERANCE
    if follows.sum() < _LEAST:
        return None, inside | follows
    return matrix, follows


def _swapped(source, target, matrix) -> np.ndarray:
    """Matches of the same group seen from the other side."""
    if matrix is None or abs(np.linalg.det(matrix[:, :2])) < 1e-3:
        return np.zeros(len(source), bool)
    return np.hypot(*(target @ matrix[:, :2].T + matrix[:, 2] - source).T) < _TOLERANCE


def _plausible(matrix: np.ndarray) -> bool:
    """No shear or stretch beyond what tampering does."""
    values = np.linalg.svd(matrix[:, :2], compute_uv=False)
    return bool(_SCALES[0] < values[1] and values[0] < _SCALES[1] and values[0] / values[1] < 1.4)


def _log_choose(n: int, k: int) -> float:
    return float(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)) if n >= k else 0.0
