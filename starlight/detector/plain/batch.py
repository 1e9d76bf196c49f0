"""Streams of some images side by side, as both runtimes hand them to their networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from starlight.detector.plain.cells import record_cells
from starlight.streams.collate import CROPS, first_rows, tile_count, vectors

__all__ = ["batch"]


def batch(records: Sequence[Mapping[str, Any]], streams: Sequence[str], starts: Sequence[str]) -> dict[str, np.ndarray]:
    """Vectors, starts and cells of b images.

    Parameters
    ----------
    records : sequence of mapping
        Stream name to stored form.
    streams : sequence of str
        That the detector reads.
    starts : sequence of str
        Crop streams whose first row is read.

    Returns
    -------
    dict
        `tiles` (b,); a vector stream's name to (b, d); what `first_rows` gives; `<crop>_cells` to (b, most, c, 32, 32).
    """
    arrays = vectors(records, [name for name in streams if name not in CROPS])
    arrays["tiles"] = np.array([tile_count(record) for record in records], dtype=np.int64)
    arrays |= first_rows(records, starts)
    for name in (name for name in streams if name in CROPS):
        arrays[f"{name}_cells"] = _stacked([record_cells(name, record) for record in records])
    return arrays


def _stacked(cells: Sequence[np.ndarray]) -> np.ndarray:
    """Cells of b images as (b, most, c, 32, 32), zeros past the end of an image with fewer tiles."""
    if len(cells) == 1:
        return cells[0][None]
    out = np.zeros((len(cells), max(map(len, cells)), *cells[0].shape[1:]), np.float32)
    for row, own in zip(out, cells, strict=True):
        row[: len(own)] = own
    return out
