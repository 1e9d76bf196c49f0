"""Stored streams to a batch in the shapes that the detector takes. NumPy only: the ONNX runtime uses it too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from starlight.streams import REGISTRY
from starlight.streams.starts import starts

__all__ = ["CELL", "CROPS", "TILE", "collate", "first_rows", "tile_count", "vectors"]

CROPS = {"pixel": 3, "alpha": 2, "lsb": 3, "palette_lsb": 1}  # crop streams and their channels
TILE = 256  # side of a crop in pixels
CELL = 8  # side of a cell of the map in pixels

Record = Mapping[str, np.ndarray]


def tile_count(record: Record) -> int:
    """Number of tiles that a record holds."""
    return len(record["pixel"])


def vectors(records: Sequence[Record], streams: Sequence[str]) -> dict[str, np.ndarray]:
    """Vector streams (b, d) float32 of b records."""
    rows = {name: [REGISTRY[name].to_model(r[name]) for r in records] for name in streams}
    return {name: np.stack(values).astype(np.float32, copy=False) for name, values in rows.items()}


def first_rows(records: Iterable[Record], names: Sequence[str]) -> dict[str, np.ndarray]:
    """`<stream>_start` (b, bits) of streams whose beginning is read, see `starlight.streams.starts`.

    A record that is a tile of a larger image brings that of the image along.
    """
    rows = [{n: record[f"{n}_start"] for n in names if f"{n}_start" in record} or starts(record, names)
            for record in records]  # fmt: skip
    return {f"{name}_start": np.stack([row[name] for row in rows]) for name in names}


def collate(
    records: Sequence[Record], streams: Sequence[str], *, tiles: str | Sequence[int] = "all"
) -> dict[str, np.ndarray]:
    """Batch of b records.

    Parameters
    ----------
    records : sequence of mappings
        Stream name to stored form.
    streams : sequence of str
    tiles : "all", "first", or one tile index a record

    Returns
    -------
    dict
        Crop streams (b, k, c, 256, 256) float32, zeros where a record has fewer than k tiles; vector streams
        (b, d) float32; `tiles` (b,) int64, the number of real tiles.
    """
    if tiles == "all":
        chosen = [list(range(tile_count(r))) for r in records]
    elif tiles == "first":
        chosen = [[0] for _ in records]
    else:
        chosen = [[int(k)] for k in tiles]
    most = max(map(len, chosen))
    batch: dict[str, np.ndarray] = {"tiles": np.array([len(c) for c in chosen], dtype=np.int64)}
    batch |= {name: _crops(name, records, chosen, most) for name in streams if name in CROPS}
    return batch | vectors(records, [name for name in streams if name not in CROPS])


def _crops(name: str, records: Sequence[Record], chosen: list[list[int]], most: int) -> np.ndarray:
    out = np.zeros((len(records), most, CROPS[name], TILE, TILE), np.float32)
    source = "pixel" if name == "lsb" else name  # the LSB planes are stored as the pixels that they come from
    for i, (record, ks) in enumerate(zip(records, chosen, strict=True)):
        for j, k in enumerate(ks):
            out[i, j] = REGISTRY[name].to_model(record[source], k)
    return out
