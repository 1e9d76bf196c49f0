"""Copies without keypoints: the noise of an image correlated with itself, shifted, mirrored, turned by right angles.

A copied region carries its noise along, so the autocorrelation of the residual has a peak at the shift; content that
only looks alike (cells, bands, tiles photographed) has noise of its own.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy import fft

from starlight.forgery.copies.transforms import Hypothesis
from starlight.forgery.scene import Scene, box_mean

__all__ = ["ISOMETRIES", "correlated"]

# Linear parts over (x, y) that map pixels on pixels: shift, mirrored left-right, top-bottom, turned by 180, 90, 270.
ISOMETRIES = (
    ((1, 0), (0, 1)), ((-1, 0), (0, 1)), ((1, 0), (0, -1)), ((-1, 0), (0, -1)), ((0, -1), (1, 0)), ((0, 1), (-1, 0)),
)  # fmt: skip
_PEAKS = 2  # of each isometry
_LEAST = 6.5  # standard deviations over the surroundings
_NEAR = 16  # pixels: residuals of neighbours are correlated anyhow
_LOCAL = 0.3  # mean product of whitened residuals, 1 for a perfect copy
_AROUND = 33  # side of the surroundings that a peak is measured against


def correlated(scene: Scene) -> list[Hypothesis]:
    """Peaks of the residual's correlation with itself, as maps of the plane; strongest first."""
    white = scene.whitened
    height, width = white.shape
    side = fft.next_fast_len(max(height, width), real=True)
    shapes = {False: (fft.next_fast_len(height), fft.next_fast_len(width, real=True)), True: (side, side)}
    spectra = {turned: fft.rfft2(white, shape) for turned, shape in shapes.items()}
    found = []
    for linear in ISOMETRIES:
        turned = linear[0][0] == 0
        moved, corner = _moved(white, linear)
        own = spectra[turned] if linear == ISOMETRIES[0] else fft.rfft2(moved, shapes[turned])
        product = np.conj(own) * spectra[turned]
        surface = fft.irfft2(_levelled(product), shapes[turned])
        found += _peaks(surface.astype(np.float32), white, linear, corner)
    return sorted(found, key=lambda h: -h.strength)


def _moved(plane: np.ndarray, linear) -> tuple[np.ndarray, tuple[int, int]]:
    """The plane under a linear map, and where its lower left corner (x, y) came to lie."""
    height, width = plane.shape
    x, y = (min(0, row[0] * (width - 1)) + min(0, row[1] * (height - 1)) for row in linear)
    if linear[0][0] == 0:
        plane = plane.T  # of (x, y) -> (y, x); the sign flips one axis
        flips = (linear[1][0] < 0, linear[0][1] < 0)
    else:
        flips = (linear[1][1] < 0, linear[0][0] < 0)
    for axis, flip in enumerate(flips):
        plane = np.flip(plane, axis) if flip else plane
    return plane, (x, y)


def _levelled(product: np.ndarray) -> np.ndarray:
    """Cross spectrum with its strongest lines cut down: periodic textures and JPEG's grid are lines."""
    size = np.abs(product)
    ceiling = 4 * np.mean(size)
    return product * np.minimum(1, ceiling / np.maximum(size, 1e-12))


def _peaks(surface: np.ndarray, white: np.ndarray, linear, corner) -> list[Hypothesis]:
    rows, columns = surface.shape
    level = surface - box_mean(surface, 5)
    z = level / np.sqrt(box_mean(level**2, _AROUND) + 1e-12)
    if linear == ISOMETRIES[0]:
        z[:_NEAR, :_NEAR] = z[-_NEAR:, :_NEAR] = z[:_NEAR, -_NEAR:] = z[-_NEAR:, -_NEAR:] = 0
        z[rows // 2 + 1 :] = 0  # the other half is the same
    found = []
    for _ in range(_PEAKS):
        y, x = np.unravel_index(np.argmax(z), z.shape)
        if z[y, x] < _LEAST:
            break
        maps = [
            np.c_[np.array(linear, float), np.array([dx, dy], float) - np.array(corner, float)]
            for dy in (y, y - rows) for dx in (x, x - columns)
        ]  # fmt: skip
        matrix = max(maps, key=lambda m: _overlap(m, white.shape) and _local(white, m))
        if _local(white, matrix) > _LOCAL:
            found.append(Hypothesis(matrix, *_NOWHERE, log_nfa=0.0, strength=float(z[y, x])))
        cv2.circle(z, (int(x), int(y)), 4, 0, -1)
    return found


def _local(white: np.ndarray, matrix: np.ndarray) -> float:
    """Best agreement of the residual anywhere under a map: the mean product in a 16 x 16 window."""
    moved = cv2.warpAffine(white, matrix, white.shape[::-1], flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    return float(box_mean(white * moved, 16)[8::4, 8::4].max())


_NOWHERE = (np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32))


def _overlap(matrix: np.ndarray, shape: tuple[int, int]) -> float:
    """Share of the image that the map keeps inside it."""
    height, width = shape
    corners = np.array([[0, 0], [width, height]], float) @ matrix[:, :2].T + matrix[:, 2]
    low, high = corners.min(0).clip(0), corners.max(0).clip(max=(width, height))
    return float(np.prod(np.maximum(high - low, 0)) / (height * width))
