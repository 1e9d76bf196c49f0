"""Cell statistics of stored crops: what `starlight.detector.model.frontend` gives, in a fraction of the time on a CPU.

Residuals of 8-bit samples are whole numbers in quarters of a grey level, and truncated ones fit a byte, as does their
sum over the eight rows of a cell: nothing is rounded before the last division.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from starlight.streams.collate import CELL
from starlight.streams.tiles import TILE

__all__ = ["pixel_cells", "plane_cells", "record_cells"]

_SIDE = TILE // CELL
_TRUNCATE = 3  # grey levels
_UNITS = (1, 1, 2, 2, 4)  # steps of each residual in a grey level
_PARTS = 3  # statistics of a residual: magnitude, parity-signed, share of zeros
_GROUP = 64  # columns that are summed in one matrix product
_COLUMNS = np.kron(np.eye(_GROUP // CELL), np.ones((CELL, 1))).astype(np.float32)
_SCALE = np.array([[1 / (u * _TRUNCATE), 1 / (u * _TRUNCATE), 1] for u in _UNITS], np.float32) / CELL**2
_SCALE = _SCALE[:, :, None, None, None]


def record_cells(name: str, record: Mapping[str, np.ndarray]) -> np.ndarray:
    """Cell statistics of a crop stream of one image.

    Parameters
    ----------
    name : {"pixel", "alpha", "lsb", "palette_lsb"}
    record : mapping
        Stream name to stored form.

    Returns
    -------
    (k, channels, 32, 32) float32
        Of each of its k tiles; zeros for a plane that the image does not have.
    """
    crops = record["pixel" if name == "lsb" else name]
    compute, channels = _CELLS[name]
    if not crops.shape[1]:
        return np.zeros((len(crops), channels, _SIDE, _SIDE), np.float32)
    return np.stack([compute(crop) for crop in crops])


def pixel_cells(crop: np.ndarray) -> np.ndarray:
    """As `PixelFrontend` on one crop.

    Parameters
    ----------
    crop : (C, h, w) uint8
        Grey or colours, at most 256 x 256; black beyond.

    Returns
    -------
    (48, 32, 32) float32
    """
    planes = _padded(crop)
    sign = 1 - 2 * (planes & 1).astype(np.int8)
    rows = np.empty((_PARTS, len(planes), _SIDE, TILE), np.int8)
    cells = np.empty((len(_UNITS) * _PARTS + 1, 3, _SIDE, _SIDE), np.float32)  # a grey plane stands for all colours
    for i, (unit, residual) in enumerate(zip(_UNITS, _residuals(planes), strict=True)):
        short = np.clip(residual, -_TRUNCATE * unit, _TRUNCATE * unit).astype(np.int8)
        _sum_rows(np.abs(short), rows[0])
        _sum_rows(short == 0, rows[2])
        short *= sign
        _sum_rows(short, rows[1])
        np.multiply(_sum_columns(rows), _SCALE[i], out=cells[_PARTS * i : _PARTS * (i + 1)])
    cells[-1] = _means(planes) / np.float32(255)
    return cells.reshape(-1, _SIDE, _SIDE)


def plane_cells(planes: np.ndarray) -> np.ndarray:
    """As `PlaneFrontend` on one crop's planes of whole numbers.

    Parameters
    ----------
    planes : (c, h, w) uint8

    Returns
    -------
    (3 * c, 32, 32) float32
    """
    values = _padded(planes)
    return _means(np.concatenate([values, *(_step(values, axis) for axis in (2, 1))]))


def _lsb(crop: np.ndarray) -> np.ndarray:
    cells = plane_cells(crop & 1).reshape(3, len(crop), _SIDE, _SIDE)
    return np.broadcast_to(cells, (3, 3, _SIDE, _SIDE)).reshape(-1, _SIDE, _SIDE)


def _alpha(crop: np.ndarray) -> np.ndarray:
    cells = plane_cells(np.concatenate([crop, crop & 1]))
    cells[::2] /= 255
    return cells


_CELLS = {
    "pixel": (pixel_cells, 48),
    "alpha": (_alpha, 6),
    "lsb": (_lsb, 9),
    "palette_lsb": (lambda crop: plane_cells(crop & 1), 3),
}


def _step(values: np.ndarray, axis: int) -> np.ndarray:
    """Size of the change from the sample before, the last one before the first."""
    before = np.roll(values, 1, axis)
    return np.maximum(values, before) - np.minimum(values, before)


def _padded(crop: np.ndarray) -> np.ndarray:
    if crop.shape[1:] == (TILE, TILE):
        return crop
    out = np.zeros((len(crop), TILE, TILE), np.uint8)
    out[:, : crop.shape[1], : crop.shape[2]] = crop
    return out


def _residuals(planes: np.ndarray):
    """The residuals of `frontend`, in steps of a grey level over `_UNITS`; int16."""
    edged = np.empty((len(planes), TILE + 2, TILE + 2), np.int16)
    edged[:, 1:-1, 1:-1] = planes
    edged[:, 0, 1:-1], edged[:, -1, 1:-1] = planes[:, 0], planes[:, -1]
    edged[:, :, 0], edged[:, :, -1] = edged[:, :, 1], edged[:, :, -2]
    middle = np.ascontiguousarray(edged[:, :, 1:-1])
    centre = middle[:, 1:-1]
    right, down = edged[:, 1:-1, 2:] - centre, middle[:, 2:] - centre
    yield right
    yield down
    middle += middle  # rows of `centre` too
    across = edged[:, :, :-2] + edged[:, :, 2:]
    across -= middle
    yield across[:, 1:-1]
    along = edged[:, :-2, 1:-1] + edged[:, 2:, 1:-1]
    along -= centre
    yield along
    square = across[:, :-2] + across[:, 2:]
    square -= across[:, 1:-1]
    square -= across[:, 1:-1]
    yield square


def _sum_rows(values: np.ndarray, out: np.ndarray) -> None:
    """Sum (c, 256, 256) bytes over the rows of each cell."""
    np.add.reduce(values.view(np.int8).reshape(-1, _SIDE, CELL, TILE), axis=2, out=out, dtype=np.int8)


def _sum_columns(rows: np.ndarray) -> np.ndarray:
    """Sum (..., 256) over the columns of each cell; float32 (..., 32)."""
    return (rows.astype(np.float32).reshape(-1, _GROUP) @ _COLUMNS).reshape(*rows.shape[:-1], _SIDE)


def _means(planes: np.ndarray) -> np.ndarray:
    """Mean over cells of (c, 256, 256) uint8."""
    rows = np.add.reduce(planes.reshape(-1, _SIDE, CELL, TILE), axis=2, dtype=np.uint16)
    return _sum_columns(rows) / np.float32(CELL**2)
