"""What the content of a picture does not explain: statistics of each cell against those of like content elsewhere.

Noise, sharpness and traces of compression follow brightness, colour and texture, so that most of what differs within an
authentic picture differs for good reason: a sensor's noise is a function of its light (C. Liu, W. T. Freeman,
R. Szeliski and S. B. Kang, "Noise estimation from a single image", CVPR 2006). So each statistic is regressed on the
content over the cells of the picture itself, robustly (the biweight of A. E. Beaton and J. W. Tukey, Technometrics 16,
1974), and what is left tells where a cell came from.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

__all__ = ["GIVEN", "given"]

_STRENGTHS = ("noise", "noise_low", "chroma")  # noise makes texture, too, so that texture must not explain them
_EXPLAINED = (
    *_STRENGTHS, "sharpness", "lag_x", "lag_y", "lag_xy", "still", "peaked", "ghost_65", "ghost_80", "ghost_92", "grid",
    "off_grid", "unlike_near", "unlike_far", "unlike_around", "lattice", "double",
)  # fmt: skip
_JOINT = tuple(i for i, name in enumerate(_EXPLAINED) if not name.startswith("unlike"))
GIVEN = (
    *(f"{name}_given" for name in _EXPLAINED),
    "joint_1", "joint_3", "joint_7", "near_given", "near_joint_3", "far_given",
)  # fmt: skip
_ROUNDS = 3
_REACH = 4.0  # spreads from which a cell counts for nothing
_LEAST_WEIGHT = 1e-3
_LEAST_SPREAD = 0.03
_RIDGE = 1e-5  # of the number of cells, for each covariate but the constant
_CLIP = 6.0  # spreads
_INNER = 0.9  # share of the cells that spreads of several statistics are measured by
_SHRINK, _SHRINK_HISTOGRAM, _SHRINK_BOTH = 0.1, 0.3, 0.2  # of the mean variance, added to each
_BESIDE = 0.3  # weight of the statistics beside the histogram


def given(values: Mapping[str, np.ndarray], near: np.ndarray, far: np.ndarray) -> np.ndarray:
    """Maps of what content does not explain, `GIVEN`.

    Parameters
    ----------
    values : mapping of str to (rows, columns) array
        Maps by name.
    near, far : (rows, columns, classes) float32
        Roots of the shares of each run of levels around each cell, of `starlight.forgery.seams.cooccurrence.shares`.

    Returns
    -------
    (len(GIVEN), rows, columns) float32
        Half the distance of each statistic from what the content lets expect, in spreads, up to 3; then the logarithm
        of Mahalanobis' distance of several: of the statistics around 1, 3 and 7 cells, of the histograms, of both.
    """
    shape = near.shape[:2]
    content = _content(values)
    measured = np.stack([values[name].ravel() for name in _EXPLAINED], 1).astype(np.float64)
    few, plain = len(_STRENGTHS), content[:, :-2]
    left = np.concatenate([_unexplained(plain, measured[:, :few]), _unexplained(content, measured[:, few:])], 1)
    joint = left[:, _JOINT]
    typical = 1 / (1 + np.exp(np.minimum(np.abs(left).mean(1) - 2, 20)))
    near_left, far_left = (_without(content, typical, one.reshape(len(content), -1)) for one in (near, far))
    both = np.concatenate([near_left / (near_left.std() + 1e-6), _BESIDE * joint], 1)
    distances = [
        *_distances(joint, _SHRINK, shape, (1, 3, 7)), *_distances(near_left, _SHRINK_HISTOGRAM, shape, (1,)),
        *_distances(both, _SHRINK_BOTH, shape, (3,)), *_distances(far_left, _SHRINK_HISTOGRAM, shape, (1,)),
    ]  # fmt: skip
    return np.concatenate([left.T.reshape(-1, *shape) / 2, np.log(np.stack(distances) + 0.1)]).astype(np.float32)


def _content(values: Mapping[str, np.ndarray]) -> np.ndarray:
    """(n, 10) float64: what each cell shows, whatever it went through; its texture last."""
    level, coarse, texture, clipped, red, blue = (
        values[name].ravel().astype(np.float64)
        for name in ("level", "structure", "texture", "clipped", "red", "blue")
    )  # fmt: skip
    one = np.ones(len(level))
    return np.stack([one, level, level**2, coarse, coarse**2, clipped, red, blue, texture, texture**2], 1)


def _unexplained(content: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """(n, k) distances of each statistic from its robust regression on the content, in spreads."""
    count, wide = content.shape
    i, j = np.triu_indices(wide)
    products = content[:, i] * content[:, j]
    weights = np.ones_like(measured)
    for _ in range(_ROUNDS):
        matrices = np.zeros((measured.shape[1], wide, wide))
        matrices[:, i, j] = matrices[:, j, i] = weights.T @ products
        matrices += _ridge(count, wide)
        slopes = np.linalg.solve(matrices, ((weights * measured).T @ content)[..., None])[..., 0]
        left = measured - content @ slopes.T
        spread = np.maximum(1.4826 * np.median(np.abs(left), 0), _LEAST_SPREAD)
        away = (left / (_REACH * spread)) ** 2
        weights = np.where(away < 1, (1 - away) ** 2, 0) + _LEAST_WEIGHT
    return np.clip(left / spread, -_CLIP, _CLIP)


def _without(content: np.ndarray, weights: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """What a weighted regression on the content leaves of (n, k) values."""
    measured = measured.astype(np.float64)
    weighted = content * weights[:, None]
    slopes = np.linalg.solve(weighted.T @ content + _ridge(*content.shape), weighted.T @ measured)
    return measured - content @ slopes


def _ridge(count: int, wide: int) -> np.ndarray:
    return _RIDGE * count * np.diag([0.0, *[1.0] * (wide - 1)])


def _distances(left: np.ndarray, shrink: float, shape: tuple[int, int], sides: tuple[int, ...]) -> list[np.ndarray]:
    """Mahalanobis' distances of the means of squares of cells, of (n, k) values, by the spread of the inner cells."""
    away = (left**2 / ((left**2).mean(0) + 1e-4)).sum(1)
    inner = left[away <= np.quantile(away, _INNER)]
    spread = np.atleast_2d(np.cov(inner.T))
    spread += (shrink * np.trace(spread) / len(spread) + 1e-6) * np.eye(len(spread))
    white = ((left - inner.mean(0)) @ np.linalg.cholesky(np.linalg.inv(spread))).astype(np.float32)
    planes = [np.ascontiguousarray(plane) for plane in white.reshape(*shape, -1).transpose(2, 0, 1)]
    found = []
    for side in sides:
        means = [cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT) for plane in planes]
        # neighbours are alike, so that means of n cells spread by more than one over the root of n
        found.append(np.sqrt(np.mean(np.square(means), 0) * side**1.5))
    return found
