"""The cells of an image's tiles and where it differs from its twin, as one record: without loss, a quarter of the room.

A record is uint8 (tiles, longest): a row for each tile, a zlib stream of its own with its own checksum, zeros past its
end. In it: what planes there are, the map of differences of each crop stream, the first row of the pixels and of
alpha, and the cells as float16. A grey picture's cells, which are the same in all colours, are there once, those of
planes that it lacks not at all.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from starlight.detector.model.frontend import FRONTENDS
from starlight.detector.plain.cells import record_cells
from starlight.streams.collate import CELL, CROPS, TILE, tile_count

__all__ = ["CHANNELS", "MAP", "Tile", "pack", "unpack"]

MAP = TILE // CELL  # cells on a side of the map
_NAMES = tuple(CROPS)
CHANNELS = {name: FRONTENDS[name]().channels for name in CROPS}
_BEGUN = ("pixel", "alpha")  # streams whose first row is kept
_COLOURED = ("pixel", "lsb")  # streams whose channels are statistics of each of three colours
_HEAD = 6  # bytes: rows, columns, width less one, whether it was compared, whether it is grey, planes that there are
_MAPS = len(_NAMES) * MAP * MAP // 8  # bytes of the maps of differences
_ROWS = 4 * TILE  # bytes of the first rows, at most
_LEVEL = 1  # of zlib; the highest saves a twelfth more in four times the time

Record = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Tile:
    """One tile.

    Attributes
    ----------
    rows, columns : int
        Of its cells, those that the image reaches into.
    compared : bool
        Whether it was compared with that of a twin of the same shape.
    changed : dict
        Crop stream to where it differs from the twin's, bool (32, 32).
    first : dict
        `pixel` and `alpha` as they are stored, of the first row of pixels alone.
    cells : dict
        Crop stream to float16 (channels, 32, 32), or (channels / 3, 1, 32, 32) where all colours are the same; planes
        that the image lacks are not in it, and nothing is where they were not wanted.
    """

    rows: int
    columns: int
    compared: bool
    changed: dict[str, np.ndarray]
    first: dict[str, np.ndarray]
    cells: dict[str, np.ndarray]


def pack(record: Record, twin: Record | None) -> np.ndarray:
    """Cells of all tiles of an image.

    Parameters
    ----------
    record : mapping
        Crop streams in their stored form.
    twin : mapping, optional
        Those of the image's payload-free twin.

    Returns
    -------
    (k, n) uint8
    """
    height, width = record["pixel"].shape[-2:]
    compared = twin is not None and twin["pixel"].shape == record["pixel"].shape
    maps = [_changed(name, record, twin) for name in _NAMES] if compared else []
    held = {name: _held(name, record) for name in _NAMES if _crop(name, record).shape[1]}
    planes = sum(1 << i for i, name in enumerate(_NAMES) if name in held)
    grey = record["pixel"].shape[1] == 1
    head = bytes([-(-height // CELL), -(-width // CELL), width - 1, compared, grey, planes])
    rows = []
    for k in range(tile_count(record)):
        changed = np.packbits([m[k] for m in maps]).tobytes() if compared else bytes(_MAPS)
        values = np.concatenate([cells[k].ravel() for cells in held.values()]).astype("<f2", copy=False)
        first = b"".join(record[name][k, :, 0].tobytes() for name in _BEGUN)
        rows.append(zlib.compress(head + changed + first + values.tobytes(), _LEVEL))
    out = np.zeros((len(rows), max(map(len, rows))), np.uint8)
    for into, row in zip(out, rows, strict=True):
        into[: len(row)] = np.frombuffer(row, np.uint8)
    return out


def unpack(row: bytes, *, cells: bool = True) -> Tile:
    """A tile from a row of a record.

    Raises
    ------
    ValueError
        The row is damaged.
    """
    reading = zlib.decompressobj()
    try:
        content = reading.decompress(row, 0 if cells else _HEAD + _MAPS + _ROWS)
    except zlib.error as error:
        raise ValueError(f"a damaged tile: {error}") from error
    if len(content) < _HEAD + _MAPS or (cells and not reading.eof):
        raise ValueError("a damaged tile: it is cut short")
    rows, columns, last, compared, grey, planes = content[:_HEAD]
    bits = np.unpackbits(np.frombuffer(content, np.uint8, _MAPS, _HEAD)).view(bool)
    changed = dict(zip(_NAMES, bits.reshape(len(_NAMES), MAP, MAP), strict=True))
    first, start = {}, _HEAD + _MAPS
    for name, channels in zip(_BEGUN, (1 if grey else 3, planes >> _NAMES.index("alpha") & 1), strict=True):
        shape = (1, channels, 1, last + 1)
        first[name] = np.frombuffer(content, np.uint8, channels * (last + 1), start).reshape(shape)
        start += first[name].size
    held = _cells(content, start, bool(grey), planes) if cells else {}
    return Tile(rows, columns, bool(compared), changed, first, held)


def _crop(name: str, record: Record) -> np.ndarray:
    return record["pixel" if name == "lsb" else name]


def _held(name: str, record: Record) -> np.ndarray:
    """Cells of a stream as they are stored, float16 (k, ...): of equal colours one."""
    cells = record_cells(name, record).astype(np.float16)
    if name in _COLOURED and _crop(name, record).shape[1] == 1:
        return cells.reshape(len(cells), -1, 3, MAP, MAP)[:, :, :1]
    return cells


def _cells(content: bytes, start: int, grey: bool, planes: int) -> dict[str, np.ndarray]:
    """Cells of an unpacked row, read-only views of it."""
    left = np.frombuffer(content, "<f2", offset=start)
    cells = {}
    for i, name in enumerate(_NAMES):
        if planes >> i & 1:
            channels = CHANNELS[name]
            shape = (channels // 3, 1, MAP, MAP) if grey and name in _COLOURED else (channels, MAP, MAP)
            size = int(np.prod(shape))
            cells[name], left = left[:size].reshape(shape), left[size:]
    return cells


def _changed(name: str, record: Record, twin: Record) -> np.ndarray:
    """Cells of each tile in which what the model sees of a crop differs from the twin's, bool (k, 32, 32)."""
    one, other = (_seen(name, r) for r in (record, twin))
    differs = (one != other).any(axis=1)
    whole = np.zeros((len(differs), TILE, TILE), bool)
    whole[:, : differs.shape[1], : differs.shape[2]] = differs
    return whole.reshape(-1, MAP, CELL, MAP, CELL).any(axis=(2, 4))


def _seen(name: str, record: Record) -> np.ndarray:
    """Stored samples that the model's planes follow from; zeros for a plane that the image lacks."""
    crop = _crop(name, record)
    if not crop.shape[1]:
        return np.zeros((len(crop), 1, *crop.shape[2:]), np.uint8)
    return crop & 1 if name in ("lsb", "palette_lsb") else crop
