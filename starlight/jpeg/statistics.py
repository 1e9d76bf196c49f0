"""Counts over quantised DCT coefficients: by mode and neighbourhood, and of pairs of neighbours."""

import numpy as np

__all__ = ["BANDS", "GROUPS", "LEVELS", "VALUES", "cell_counts", "pair_counts"]

GROUPS, LEVELS, VALUES = 16, 8, 9  # mode groups, busyness levels, values -4 .. 4 with the ends gathering the rest
BANDS = (slice(0, 3), slice(3, 8), slice(8, 15), slice(15, 16))  # groups of one range of anti-diagonals

# A mode and its transpose share a group, in order of anti-diagonal up to the sixth; the rest is the last group.
_LOW = [(u, s - u) for s in range(1, 7) for u in range(s // 2 + 1)]
_GROUP_OF_MODE = np.full(64, GROUPS - 1, np.uint16)
for _group, (_u, _v) in enumerate(_LOW):
    _GROUP_OF_MODE[[8 * _u + _v, 8 * _v + _u]] = _group
_LEVEL_OF_SUM = np.zeros(256, np.uint16)
for _level, _bound in enumerate((1, 2, 3, 5, 8, 13, 22), start=1):
    _LEVEL_OF_SUM[_bound:] = _level
_CAP = 15  # magnitudes beyond it say no more about busyness, and eight of them fit a byte


def cell_counts(modes: np.ndarray) -> np.ndarray:
    """Histogram of the AC coefficients in cells of alike mode and alike busyness of the neighbourhood.

    Busyness is the sum of the magnitudes of the four neighbours of the same mode in adjacent blocks and of the up to
    four adjacent modes in the same block.

    Parameters
    ----------
    modes : ndarray, shape (8, 8, Hb, Wb), int16

    Returns
    -------
    ndarray, shape (GROUPS, LEVELS, VALUES), float64
    """
    busy = np.minimum(np.abs(modes), _CAP).astype(np.uint8)
    busy[0, 0] = 0
    level = _LEVEL_OF_SUM[_neighbour_sum(busy)]
    level *= VALUES
    level += (_GROUP_OF_MODE * (LEVELS * VALUES)).reshape(8, 8, 1, 1)
    level += (np.clip(modes, -4, 4) + 4).view(np.uint16)
    counts = np.bincount(level.reshape(64, -1)[1:].ravel(), minlength=GROUPS * LEVELS * VALUES)
    return counts.reshape(GROUPS, LEVELS, VALUES).astype(float)


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


def pair_counts(modes: np.ndarray, top: int) -> np.ndarray:
    """Joint counts of the magnitudes of neighbours, in the block and across blocks, over the low modes.

    C. Chen, Y. Q. Shi, "JPEG Image Steganalysis Utilizing both Intrablock and Interblock Correlations", ISCAS 2008.

    Parameters
    ----------
    modes : ndarray, shape (8, 8, Hb, Wb), int16
    top : int
        Magnitudes are clipped to it.

    Returns
    -------
    ndarray, shape (3, top + 1, top + 1), float64
        Adjacent modes of one block; next but one in frequency; the same mode in adjacent blocks.
    """
    clipped = np.minimum(np.abs(modes[:6, :6]), top).astype(np.uint8)
    clipped[0, 0] = 0
    near = [(clipped[:, :-1], clipped[:, 1:]), (clipped[:-1], clipped[1:])]
    diagonal = [(clipped[:-1, :-1], clipped[1:, 1:]), (clipped[:-1, 1:], clipped[1:, :-1])]
    across = [(clipped[..., :-1], clipped[..., 1:]), (clipped[:, :, :-1], clipped[:, :, 1:])]
    return np.stack([sum(_joint(a, b, top + 1) for a, b in pairs) for pairs in (near, diagonal, across)])


def _joint(first: np.ndarray, second: np.ndarray, size: int) -> np.ndarray:
    code = first * np.uint8(size) + second
    return np.bincount(code.ravel(), minlength=size * size).reshape(size, size).astype(float)
