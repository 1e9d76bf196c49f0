"""Where hidden planes begin: least significant bits of the first row, in scan order.

A readable payload starts at the first pixel. Means over cells of 8x8 pixels blur it with seven rows of nothing, so
where no statistic says what the bits decode to, a detector reads the beginning of the planes bit by bit. Derived from
streams that are stored: nothing new is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from starlight.streams.tiles import TILE

__all__ = ["STARTS", "read_by", "starts"]

STARTS = {"alpha": TILE, "lsb": 3 * TILE, "palette": TILE}  # stream to the bits of its first row
_NEEDED = {"alpha": ("alpha",), "lsb": ("pixel",), "palette": ("pixel", "palette")}


def read_by(streams: Sequence[str]) -> tuple[str, ...]:
    """Streams whose beginning a detector of these streams reads: none where `content` says what the bits decode to.

    Examples
    --------
    >>> read_by(("pixel", "alpha", "lsb"))
    ('alpha', 'lsb')
    >>> read_by(("pixel", "lsb", "content"))
    ()
    """
    return () if "content" in streams else tuple(name for name in STARTS if name in streams)


def starts(record: Mapping[str, np.ndarray], names: Sequence[str]) -> dict[str, np.ndarray]:
    """Bits of the first row of an image.

    Parameters
    ----------
    record : mapping
        Stream name to stored form: `pixel`, and `alpha` and `palette` where they are asked for.
    names : sequence of {"alpha", "lsb", "palette"}
        `lsb`: R, G, B, R, ... of the pixels; `palette`: of the index, told by the colour.

    Returns
    -------
    dict of str to (bits,) float32
        -1 for a 0, 1 for a 1, and 0 past the end of the row and where there is no such plane.
    """
    found = {}
    for name in names:
        out = np.zeros(STARTS[name], np.float32)
        bits = _BITS[name](*(record[stream] for stream in _NEEDED[name]))
        out[: len(bits)] = bits
        found[name] = out
    return found


def _signed(values: np.ndarray) -> np.ndarray:
    return 2.0 * (values.reshape(-1) & 1) - 1.0


def _of_alpha(alpha: np.ndarray) -> np.ndarray:
    return _signed(alpha[0, 0, 0]) if alpha.shape[1] else np.zeros(0)


def _of_colours(pixel: np.ndarray) -> np.ndarray:
    row = pixel[0, :, 0]  # (C, w)
    return _signed(np.broadcast_to(row, (3, row.shape[1])).T)


def _of_indices(pixel: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """The first index with the pixel's colour; 0 for a colour that the palette lacks."""
    if not palette.any():
        return np.zeros(0)
    row = pixel[0, :, 0].T.astype(np.int64)  # (w, C)
    listed = _code(palette.reshape(-1, 3).astype(np.int64))
    colours, first = np.unique(listed, return_index=True)
    wanted = _code(np.broadcast_to(row, (len(row), 3)))
    place = np.minimum(np.searchsorted(colours, wanted), len(colours) - 1)
    return np.where(colours[place] == wanted, _signed(first[place]), 0.0)


def _code(colours: np.ndarray) -> np.ndarray:
    return colours @ np.array([1 << 16, 1 << 8, 1])


_BITS = {"alpha": _of_alpha, "lsb": _of_colours, "palette": _of_indices}
