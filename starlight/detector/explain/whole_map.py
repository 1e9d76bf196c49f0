"""Where in an image a payload may lie, all over it, a few tiles at a time: the cost grows with the image."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from starlight.detector.detector import Judged
from starlight.detector.predictor import Predictor
from starlight.images.image import Image
from starlight.streams import REGISTRY
from starlight.streams.collate import CELL, CROPS, TILE, first_rows
from starlight.streams.starts import read_by

__all__ = ["whole_map"]

_AT_ONCE = 16  # tiles in memory


def whole_map(predictor: Predictor, judged: Judged) -> np.ndarray:
    """The map of a whole image.

    Each tile is judged as training shows it, with what the image says as a whole beside it. Tiles lie on the grid of
    the cells; where two overlap, at the far edges, the surer one counts.

    Parameters
    ----------
    predictor : Predictor
    judged : Judged
        With the streams that the predictor reads.

    Returns
    -------
    (h, w) float32 in [0, 1]
        One value for each 8x8 pixels, those at the edges cut short.
    """
    height, width = judged.image.pixels.shape[:2]
    found = np.zeros((-(-height // CELL), -(-width // CELL)), np.float32)
    origins = iter([(y, x) for y in _starts(height) for x in _starts(width)])
    while chosen := list(itertools.islice(origins, _AT_ONCE)):
        records = list(_tiles(predictor, judged, chosen))
        cells = predictor.predict(records, judged.classes * len(records)).cells[:, 0]
        for (y, x), tile in zip(chosen, cells, strict=True):
            part = found[y // CELL : (y + TILE) // CELL, x // CELL : (x + TILE) // CELL]
            np.maximum(part, tile[: part.shape[0], : part.shape[1]], out=part)
    return _to_the_edges(found, judged.image)


def _starts(size: int) -> list[int]:
    """First pixels of the tiles along a side, multiples of a cell."""
    last = max(0, size - TILE) // CELL * CELL
    return [*range(0, last, TILE), last]


def _tiles(predictor: Predictor, judged: Judged, origins: list[tuple[int, int]]) -> Iterator[dict[str, np.ndarray]]:
    """Each tile as a record of its own, with the vectors of the whole image."""
    crops = {
        name: REGISTRY[name].compute(judged.image, origins)
        for name in predictor.streams
        if name in CROPS and hasattr(REGISTRY[name], "compute")
    }
    begins = {n: rows[0] for n, rows in first_rows([judged.record], read_by(predictor.streams)).items()}
    for i in range(len(origins)):
        yield {**judged.record, **begins, **{name: of[i : i + 1] for name, of in crops.items()}}


def _to_the_edges(cells: np.ndarray, image: Image) -> np.ndarray:
    """A last row or column that no tile reaches, of less than a cell, gets the value beside it."""
    for axis, size in enumerate(image.pixels.shape[:2]):
        if size > TILE and size % CELL:
            np.moveaxis(cells, axis, 0)[-1] = np.moveaxis(cells, axis, 0)[-2]
    return cells
