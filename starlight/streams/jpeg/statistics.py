"""Counts over quantised DCT coefficients: by mode and neighbourhood, and of pairs of neighbours."""

import functools

import numpy as np

from starlight.streams.spatial.counts import byte_histogram

__all__ = [
    "BANDS",
    "DIAGONAL_BANDS",
    "GROUPS",
    "LEVELS",
    "PAIR_SIZE",
    "TOP",
    "cell_counts",
    "grouped",
    "magnitude_counts",
    "pair_counts",
    "triple_counts",
]

TOP, LEVELS, GROUPS = 6, 8, 16  # values -6 .. 6 with the ends gathering the rest, busyness levels, mode groups
BANDS = (slice(0, 3), slice(3, 8), slice(8, 15), slice(15, 16))  # groups of one range of anti-diagonals

# A mode and its transpose share a group, in order of anti-diagonal up to the sixth; the rest is the last group.
_LOW = [(u, s - u) for s in range(1, 7) for u in range(s // 2 + 1)]
_MEMBERS = np.zeros((GROUPS, 64))
for _group, (_u, _v) in enumerate(_LOW):
    _MEMBERS[_group, [8 * _u + _v, 8 * _v + _u]] = 1
_MEMBERS[GROUPS - 1] = 1 - _MEMBERS.sum(axis=0)
_MEMBERS[:, 0] = 0  # DC is counted nowhere
_VALUES = 2 * TOP + 1
_LEVEL_BOUNDS = (1, 2, 3, 5, 8, 13, 22)
_MODE_CODE = (np.arange(64, dtype=np.uint16) * (LEVELS * _VALUES) + TOP).reshape(8, 8, 1, 1)
PAIR_SIZE, DIAGONAL_BANDS = 5, 3
_SIDE = 6  # neighbours are counted among the 6x6 low modes; above them nearly all is zero
_BAND = np.digitize(np.add.outer(np.arange(_SIDE), np.arange(_SIDE)), (3, 6)).astype(np.uint8)[:, :, None, None]
_CAP = 15  # magnitudes beyond it say no more about busyness, and eight of them fit a byte


def cell_counts(modes: np.ndarray) -> np.ndarray:
    """Histogram of the coefficients in cells of one mode and alike busyness of the neighbourhood.

    Busyness is the sum of the magnitudes of the four neighbours of the same mode in adjacent blocks and of the up to
    four adjacent modes in the same block.

    Parameters
    ----------
    modes : ndarray, shape (8, 8, Hb, Wb), int16

    Returns
    -------
    ndarray, shape (64, LEVELS, 2 * TOP + 1), float64
        The first row, DC, means nothing.
    """
    busy = np.minimum(np.abs(modes), _CAP).astype(np.uint8)
    busy[0, 0] = 0
    total = _neighbour_sum(busy)
    level = sum((total >= bound).view(np.uint8) for bound in _LEVEL_BOUNDS)
    code = level * np.uint16(_VALUES) + _MODE_CODE
    code += np.clip(modes, -TOP, TOP).view(np.uint16)
    return np.bincount(code.ravel(), minlength=64 * LEVELS * _VALUES).reshape(64, LEVELS, _VALUES).astype(float)


def _neighbour_sum(magnitude: np.ndarray) -> np.ndarray:
    total = np.zeros_like(magnitude)
    total[:, :, 1:] += magnitude[:, :, :-1]
    total[:, :, :-1] += magnitude[:, :, 1:]
    total[..., 1:] += magnitude[..., :-1]
    total[..., :-1] += magnitude[..., 1:]
    total[1:] += magnitude[:-1]
    total[:-1] += magnitude[1:]
    total[:, 1:] += magnitude[:, :-1]
    total[:, :-1] += magnitude[:, 1:]
    return total


def magnitude_counts(cells: np.ndarray, top: int) -> np.ndarray:
    """Fold counts of values -TOP .. TOP to counts of magnitudes 0 .. top, the last gathering the rest.

    Parameters
    ----------
    cells : ndarray, shape (..., 2 * TOP + 1)
    top : int, at most TOP

    Returns
    -------
    ndarray, shape (..., top + 1)
    """
    folded = cells[..., TOP:].copy()
    folded[..., 1:] += cells[..., TOP - 1 :: -1]
    folded[..., top] = folded[..., top:].sum(axis=-1)
    return folded[..., : top + 1]


def grouped(cells: np.ndarray) -> np.ndarray:
    """Sum counts of single modes, shape (64, ...), to the AC mode groups, shape (GROUPS, ...)."""
    return np.tensordot(_MEMBERS, cells, axes=1)


def pair_counts(modes: np.ndarray) -> np.ndarray:
    """Joint counts of the magnitudes of neighbours, in the block and across blocks.

    C. Chen, Y. Q. Shi, "JPEG Image Steganalysis Utilizing both Intrablock and Interblock Correlations", ISCAS 2008.

    Parameters
    ----------
    modes : ndarray, shape (8, 8, Hb, Wb), int16

    Returns
    -------
    ndarray, shape (3, DIAGONAL_BANDS, PAIR_SIZE, PAIR_SIZE), float64
        Adjacent modes of one block, lower frequency first; modes on one anti-diagonal; one mode in adjacent blocks.
        By anti-diagonal of the first mode; magnitudes are clipped to PAIR_SIZE - 1.
    """
    clipped = _clipped_magnitudes(modes, PAIR_SIZE - 1)
    first = clipped * np.uint8(PAIR_SIZE) + _BAND * np.uint8(PAIR_SIZE**2)
    kinds = (
        ((first[:, :-1], clipped[:, 1:]), (first[:-1], clipped[1:])),
        ((first[:-1, 1:], clipped[1:, :-1]),),
        ((first[..., :-1], clipped[..., 1:]), (first[:, :, :-1], clipped[:, :, 1:])),
    )
    return _tally(kinds, DIAGONAL_BANDS * PAIR_SIZE**2).reshape(3, DIAGONAL_BANDS, PAIR_SIZE, PAIR_SIZE)


def triple_counts(modes: np.ndarray) -> np.ndarray:
    """Joint counts of the magnitudes of three neighbours.

    Parameters
    ----------
    modes : ndarray, shape (8, 8, Hb, Wb), int16

    Returns
    -------
    ndarray, shape (3, DIAGONAL_BANDS, 3, 3, 3), float64
        Three modes in a row of one block; one mode in three blocks in a row; two blocks and the next higher mode.
        Magnitudes are clipped to 2.
    """
    clipped = _clipped_magnitudes(modes, 2)
    low, middle = clipped * np.uint8(9) + _BAND * np.uint8(27), clipped * np.uint8(3)
    kinds = (
        ((low[:, :-2], middle[:, 1:-1], clipped[:, 2:]), (low[:-2], middle[1:-1], clipped[2:])),
        ((low[..., :-2], middle[..., 1:-1], clipped[..., 2:]), (low[:, :, :-2], middle[:, :, 1:-1], clipped[:, :, 2:])),
        (
            (low[:-1, :, :, :-1], middle[:-1, :, :, 1:], clipped[1:, :, :, :-1]),
            (low[:, :-1, :-1], middle[:, :-1, 1:], clipped[:, 1:, :-1]),
        ),
    )
    return _tally(kinds, DIAGONAL_BANDS * 27).reshape(3, DIAGONAL_BANDS, 3, 3, 3)


def _clipped_magnitudes(modes: np.ndarray, top: int) -> np.ndarray:
    clipped = np.minimum(np.abs(modes[:_SIDE, :_SIDE]), top).astype(np.uint8)
    clipped[0, 0] = 0
    return clipped


def _tally(kinds: tuple, size: int) -> np.ndarray:
    """Count the codes that the members of each tuple add up to; tuples of one kind are pooled."""
    counts = [sum(byte_histogram(functools.reduce(np.add, parts)) for parts in kind)[:size] for kind in kinds]
    return np.concatenate(counts).astype(float)
