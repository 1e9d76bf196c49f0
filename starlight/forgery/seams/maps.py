"""Maps of local statistics, one cell every 8 pixels: noise, texture, resampling, compression.

What was put in from another image, or filled in, has the noise, sharpness and compression of where it came from.
Noise levels after X. Pan, X. Zhang and S. Lyu (ICCP 2012); error levels and ghosts after H. Farid (TIFS 4, 2009);
the grid after W. Li, Y. Yuan and N. Yu (Signal Processing 89, 2009).
"""

from __future__ import annotations

import cv2
import numpy as np

from starlight.forgery.scene import Scene, box_mean
from starlight.forgery.seams.cooccurrence import UNLIKE, shares, unlike
from starlight.forgery.seams.given import given
from starlight.forgery.seams.history import HISTORY, history

__all__ = ["CELL", "MAPS", "against", "maps"]

CELL = 8  # pixels between cells
_WINDOW = 16  # pixels, side of the window of a cell
_GRID_WINDOW = 4  # cells, half as wide again as blocks need
_QUALITIES = (65, 80, 92)
_OUTLIERS = 6.0

MAPS = (
    "noise", "noise_low", "texture", "structure", "chroma", "sharpness", "lag_x", "lag_y", "lag_xy", "still", "peaked",
    *(f"ghost_{q}" for q in _QUALITIES), "grid", "off_grid", *UNLIKE, "level", "clipped", "red",
    "blue", "steep", *HISTORY,
)  # fmt: skip


def maps(scene: Scene) -> np.ndarray:
    """Statistics around each cell, as they are and against those of like content in the image.

    Returns
    -------
    (len(MAPS) + len(GIVEN), h // 8, w // 8) float32
        First the values, roughly of unit size; then what content does not explain of them. Rounded to half precision,
        in which training holds those of thousands of images.
    """
    fine, middle, coarse = scene.bands
    shape = tuple(n // CELL for n in scene.grey.shape)
    power = _around(fine**2, shape)
    size, texture = _log(power), _log(_around(middle**2, shape))
    runs = shares(scene.grey, CELL)
    edge = ((scene.grey < 3) | (scene.grey > 252)).astype(np.float32)
    values = np.stack([
        size,
        _log(_cells(cv2.erode(box_mean(fine**2, 5), np.ones((_WINDOW, _WINDOW), np.uint8)), shape)),
        texture,
        _log(_around(coarse**2, shape)),
        _log(_around(_chroma(scene) ** 2, shape)),
        size - texture,
        *_lags(fine, power),
        _around((np.abs(fine) < 0.3).astype(np.float32), shape) * 2,
        # mean size over root mean square of the residual: 0.8 in Gaussian noise, less where few pixels stand out
        3 * _around(np.abs(fine), shape) / np.sqrt(power + 0.01),
        *_ghosts(scene, shape),
        *(grid[: shape[0], : shape[1]] for grid in _grid(scene.grey)),
        *unlike(runs),
        _around(scene.grey, shape) / 64 - 2,
        _around(edge, shape) * 2,
        *(_around(plane, shape) / 32 for plane in (scene.chroma, scene.blue)),
        _log(_cells(box_mean(scene.slope**2, CELL), shape)),
        *history(scene),
    ]).astype(np.float32)  # fmt: skip
    left = given(dict(zip(MAPS, values, strict=True)), runs.near, runs.far)
    return np.concatenate([values, left]).astype(np.float16).astype(np.float32)


def against(values: np.ndarray) -> np.ndarray:
    """Distance of each cell from the median of its map in units of the map's spread, (c, rows, columns) float32."""
    flat = values.reshape(len(values), -1)
    low, middle, high = np.quantile(flat, (0.25, 0.5, 0.75), axis=1)
    away = (flat - middle[:, None]) / np.maximum((high - low)[:, None], 0.1)
    return np.clip(away, -_OUTLIERS, _OUTLIERS).reshape(values.shape).astype(np.float32)


def _cells(plane: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return plane[CELL // 2 :: CELL, CELL // 2 :: CELL][: shape[0], : shape[1]]


def _around(plane: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Mean in the window of each cell."""
    return _cells(box_mean(plane, _WINDOW), shape)


def _log(power: np.ndarray) -> np.ndarray:
    """Half the logarithm of a mean square: doubling the noise adds 0.7 anywhere."""
    return 0.5 * np.log(np.maximum(power, 0) + 0.01)


def _chroma(scene: Scene) -> np.ndarray:
    plane = scene.chroma
    return plane - cv2.GaussianBlur(plane, (3, 3), 0.8, borderType=cv2.BORDER_REFLECT)


def _lags(fine: np.ndarray, power: np.ndarray) -> list[np.ndarray]:
    """Correlation of the residual with its neighbours: interpolation, blur and demosaicing leave theirs."""
    shifted = [np.roll(fine, s, (0, 1)) for s in ((0, 1), (1, 0), (1, 1))]
    return [3 * _around(fine * s, power.shape) / (power + 0.01) for s in shifted]


def _ghosts(scene: Scene, shape: tuple[int, int]) -> list[np.ndarray]:
    """How much one more compression changes, at several qualities: little where it was compressed so before."""
    found = []
    for quality in _QUALITIES:
        _, data = cv2.imencode(".jpg", scene.bytes8, (cv2.IMWRITE_JPEG_QUALITY, quality))
        change = cv2.absdiff(scene.bytes8, cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)).astype(np.float32)
        found.append(_log(_around(change**2, shape)))
    return found


def _grid(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How much stronger steps are at the image's own 8 x 8 grid than between its lines, and at the next best grid."""
    both = []
    for plane in (grey, grey.T):
        step = np.abs(plane[:, :-1] - plane[:, 1:])
        step = np.minimum(step, 16)
        width = step.shape[1] // CELL * CELL
        classes = step[:, :width].reshape(step.shape[0], -1, CELL).transpose(2, 0, 1)
        local = np.stack(
            [cv2.blur(np.ascontiguousarray(c), (_GRID_WINDOW + 1, 4 * CELL + 1))[4::CELL] for c in classes]
        )
        local = np.pad(local, ((0, 0), (0, 1), (0, 1)), mode="edge")
        excess = np.log((local + 0.1) / (local.mean(0) + 0.1))
        main = int(np.argmax(classes.mean((1, 2))))
        others = np.delete(excess, main, axis=0).max(0)
        pair = (3 * excess[main], 3 * others)
        both.append(pair if plane is grey else tuple(p.T for p in pair))
    rows, columns = (min(b[0].shape[i] for b in both) for i in (0, 1))
    return tuple((both[0][k][:rows, :columns] + both[1][k][:rows, :columns]).astype(np.float32) for k in (0, 1))
