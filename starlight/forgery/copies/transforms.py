"""Geometric hypotheses: which matches agree on one similarity or affine map, and whether chance would give as many.

The bound is the number of false alarms (a contrario: L. Moisan and B. Stival, IJCV 57, 2004): how many groups of this
size independent matches would be expected to form.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from starlight.forgery.copies.keypoints import Matches

__all__ = ["Hypothesis", "clusters", "log_false_alarms"]

_LEAST = 3  # inliers that make a hypothesis: small copies have no more; the verifier sees how many there are
_MOST_MATCHES = 1500
_AFFINE = 10  # inliers that fix an affine map; fewer fix a similarity
_MOST_CLUSTERS = 14  # for plain matches, and as many for mirrored ones
_TOLERANCE = 3.0  # pixels
_SCALES = (0.4, 2.5)
_SEEDS = 200  # matches tried as the seed of a group


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
        matrix, follows = _refined(source, target, inside, matches.mirrored)
        if matrix is not None and _plausible(matrix):
            nfa = log_false_alarms(int(follows.sum()), total, shape)
            found.append(Hypothesis(matrix, source[follows], target[follows], nfa))
            inside = follows | _swapped(source, target, matrix)
        keep = ~inside
        source, target, scale, angle = source[keep], target[keep], scale[keep], angle[keep]
    return found


def log_false_alarms(inliers: int, matches: int, shape: tuple[int, int]) -> float:
    """log10 of the number of false alarms of `inliers` among `matches` that agree within the tolerance.

    Three matches fix an affine map; each other one falls within the tolerance with the probability of a disc's area.

    Parameters
    ----------
    inliers : int
    matches : int
    shape : (int, int)
        Of the image, in pixels.
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
    (a, b), (c, d) = np.moveaxis(_linear(scale[seeds], angle[seeds], mirrored), 0, 2)[..., None]
    dx, dy = (source[None, :, k] - source[seeds, k][:, None] for k in (0, 1))
    miss_x = a * dx + b * dy + (target[seeds, 0][:, None] - target[None, :, 0])
    miss_y = c * dx + d * dy + (target[seeds, 1][:, None] - target[None, :, 1])
    # the same in squares first, a little wider: roots, turns and logarithms are for the few that may be near
    about = miss_x**2 + miss_y**2 < 2.02 * (_TOLERANCE**2 + 0.08**2 * (dx**2 + dy**2))
    seed, other = np.nonzero(about)
    near = np.hypot(miss_x[about], miss_y[about]) < _TOLERANCE + 0.08 * np.hypot(dx[about], dy[about])
    turn = np.abs(np.angle(np.exp(1j * (angle[other] - angle[seeds[seed]]))))
    near &= (turn < 0.5) & (np.abs(np.log(scale[other] / scale[seeds[seed]])) < 0.5)
    followed = np.bincount(seed[near], minlength=len(seeds))
    inside = np.zeros(len(source), bool)
    inside[other[near & (seed == np.argmax(followed))]] = True
    return inside


def _refined(source, target, inside, mirrored: bool) -> tuple[np.ndarray | None, np.ndarray]:
    """The map of a group by least squares, fitted again to all matches that follow it: affine if they are enough."""
    matrix = None
    for slack in (3, 2, 1, 1):
        if inside.sum() < _LEAST:
            return None, inside
        fit = _affine if inside.sum() >= _AFFINE and slack == 1 else _similarity
        matrix = fit(source[inside], target[inside], mirrored)
        inside = np.hypot(*(source @ matrix[:, :2].T + matrix[:, 2] - target).T) < slack * _TOLERANCE
    return (matrix, inside) if inside.sum() >= _LEAST else (None, inside)


def _similarity(source: np.ndarray, target: np.ndarray, mirrored: bool) -> np.ndarray:
    """Least squares of target = a * source + b in complex numbers, of the conjugate of source where it is mirrored."""
    z, w = source[:, 0] + 1j * source[:, 1], target[:, 0] + 1j * target[:, 1]
    z = z.conj() if mirrored else z
    middle = z.mean()
    a = np.vdot(z - middle, w - w.mean()) / max(np.vdot(z - middle, z - middle).real, 1e-9)
    b = w.mean() - a * middle
    sign = -1 if mirrored else 1
    return np.array([[a.real, -sign * a.imag, b.real], [a.imag, sign * a.real, b.imag]])


def _affine(source: np.ndarray, target: np.ndarray, _mirrored: bool) -> np.ndarray:
    return np.linalg.lstsq(np.c_[source, np.ones(len(source))], target, rcond=None)[0].T


def _swapped(source, target, matrix) -> np.ndarray:
    """Matches of the same group seen from the other side."""
    if abs(np.linalg.det(matrix[:, :2])) < 1e-3:
        return np.zeros(len(source), bool)
    return np.hypot(*(target @ matrix[:, :2].T + matrix[:, 2] - source).T) < _TOLERANCE


def _plausible(matrix: np.ndarray) -> bool:
    """No shear or stretch beyond what tampering does."""
    values = np.linalg.svd(matrix[:, :2], compute_uv=False)
    return bool(_SCALES[0] < values[1] and values[0] < _SCALES[1] and values[0] / values[1] < 1.4)


def _log_choose(n: int, k: int) -> float:
    return float(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)) if n >= k else 0.0
