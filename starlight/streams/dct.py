"""Stream `dct`: statistics of a JPEG file's quantised coefficients, and of its 4-pixel-shifted recompression.

A float32 vector of fixed length `len(FEATURES)`, NaN throughout for anything but a JPEG of at least 3x3 luma blocks.
Relative frequencies are stored as square roots, whose sampling error does not depend on the frequency; calibrated
features are the difference between file and calibrated version, near 0 on covers.
"""

import numpy as np

from starlight.images import Image
from starlight.jpeg import estimates, planes, residuals, statistics

__all__ = ["BLOCKS", "FEATURES", "NAME", "VERSION", "compute", "to_model"]

NAME = "dct"
VERSION = 1

_MIN_BLOCKS, _TOP = 3, 3
_STANDARD_STEPS = {(0, 1): 11, (1, 0): 12, (1, 1): 12, (0, 2): 10, (2, 0): 14, (2, 2): 16, (3, 3): 29}
_NAMES = {
    "facts": ("log_blocks", "chroma", "chroma_ratio", "nonzero", "nonzero_chroma", "quality_step", "step_slope"),
    "modes": [f"mode{g}_{t}" for g in range(statistics.GROUPS) for t in range(5)],
    "modes_calibrated": [f"mode{g}_{t}_calibrated" for g in range(statistics.GROUPS) for t in range(5)],
    "context": [f"context{b}_{le}_{t}" for b in range(4) for le in range(statistics.LEVELS) for t in range(5)],
    "context_calibrated": [
        f"context{b}_{le}_{t}_calibrated" for b in range(4) for le in range(statistics.LEVELS) for t in range(5)
    ],
    "pairs": [f"pair{k}_{i}{j}" for k in range(3) for i in range(_TOP + 1) for j in range(_TOP + 1)],
    "pairs_calibrated": [f"pair{k}_{i}{j}_calibrated" for k in range(3) for i in range(4) for j in range(_TOP + 1)],
    "estimates": (
        [f"f5_rate_{k}" for k in range(8)] + ["f5_rate", "outguess_rate", "outguess_deviations", "blockiness"]
        + ["blockiness_calibrated", "blockiness_ratio"]
    ),
    "residual_mean": [f"residual{k}_{t}" for k in range(len(residuals.KERNELS)) for t in range(3)],
    "residual_phase": [
        f"residual{k}_{t}_phase{c}" for k in range(len(residuals.KERNELS)) for t in range(3) for c in range(25)
    ],
}  # fmt: skip
FEATURES: tuple[str, ...] = tuple(name for names in _NAMES.values() for name in names)
_ENDS = np.cumsum([len(names) for names in _NAMES.values()]).tolist()
BLOCKS: dict[str, slice] = {
    name: slice(end - len(names), end) for (name, names), end in zip(_NAMES.items(), _ENDS, strict=True)
}


def compute(image: Image, tiles: list[tuple[int, int]] | None = None) -> np.ndarray:
    """Statistics of the coefficients of a whole JPEG image.

    Parameters
    ----------
    image : Image
    tiles : ignored
        The whole image is covered.

    Returns
    -------
    ndarray, shape (len(FEATURES),), float32
        NaN throughout where there are no coefficients; single NaN where one statistic is undefined.
    """
    coefficients = image.coefficients
    if coefficients is None or min(coefficients.y.shape[:2]) < _MIN_BLOCKS:
        return np.full(len(FEATURES), np.nan, np.float32)
    table = np.maximum(coefficients.qt[coefficients.qt_index[0]], 1).astype(np.float32)
    modes = planes.by_mode(coefficients.y)
    phases = planes.phase_planes(modes, table)
    moved = planes.calibrated(phases, table)
    cells, cover = statistics.cell_counts(modes), statistics.cell_counts(moved)
    step = 8 * np.median([table[at] / steps for at, steps in _STANDARD_STEPS.items()])
    exceedance = residuals.phase_exceedance(phases, max(float(step), 0.5))
    parts = [
        _facts(coefficients, table, step),
        *_calibrated(_mode_histograms(cells), _mode_histograms(cover)),
        *_calibrated(_context_histograms(cells), _context_histograms(cover)),
        *_calibrated(_pairs(modes), _pairs(moved)),
        _estimates(modes, moved, cells, phases, planes.phase_planes(moved, table)),
        *_residuals(exceedance),
    ]
    return np.concatenate([np.ravel(part) for part in parts]).astype(np.float32)


def to_model(stored: np.ndarray, tile: int = 0) -> np.ndarray:
    """The vector as it is stored."""
    return stored


def _facts(coefficients, table: np.ndarray, step: float) -> list[float]:
    y, chroma = coefficients.y, [p for p in (coefficients.cb, coefficients.cr) if p is not None]
    filled = sum(np.count_nonzero(p) for p in chroma) / sum(p.size for p in chroma) if chroma else 0.0
    ratio = chroma[0].size / y.size if chroma else 0.0
    slope = np.log(table[4:, 4:].mean() / table[:2, :2].mean())
    blocks = y.shape[0] * y.shape[1]
    return [np.log(blocks), len(chroma) / 2, ratio, np.count_nonzero(y) / y.size, filled, np.log(step + 0.1), slope]


def _calibrated(own: np.ndarray, cover: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return own, own - cover


def _fold(counts: np.ndarray) -> np.ndarray:
    """Counts of values -4 .. 4 to counts of magnitudes 0 .. 4, along the last axis."""
    folded = counts[..., 4:].copy()
    folded[..., 1:] += counts[..., 3::-1]
    return folded


def _root_frequencies(counts: np.ndarray, axis) -> np.ndarray:
    total = counts.sum(axis=axis, keepdims=True)
    return np.sqrt(counts / np.maximum(total, 1))


def _mode_histograms(cells: np.ndarray) -> np.ndarray:
    return _root_frequencies(_fold(cells.sum(axis=1)), -1)


def _context_histograms(cells: np.ndarray) -> np.ndarray:
    banded = np.stack([_fold(cells[band].sum(axis=0)) for band in statistics.BANDS])
    return _root_frequencies(banded, (1, 2))


def _pairs(modes: np.ndarray) -> np.ndarray:
    return _root_frequencies(statistics.pair_counts(modes, _TOP), (1, 2))


def _estimates(modes, moved, cells, phases, moved_phases) -> list[float]:
    share = modes.size / moved.size
    own, cover = ([np.stack([np.count_nonzero(np.abs(m.reshape(64, -1)) == t, axis=1) for t in range(4)], 1)][0]
                  for m in (modes, moved))  # fmt: skip
    rates = estimates.f5_change_rates(own.astype(float), cover * share)
    flat = cells[1:].reshape(-1, statistics.VALUES)
    rate, deviations = estimates.outguess_change_rate(flat[:, 3::-1], flat[:, 5:])
    blockiness = [_blockiness(p) for p in (phases, moved_phases)]
    return [*np.clip(rates, -1, 2), np.nanmedian(rates), rate, deviations, *blockiness, blockiness[0] - blockiness[1]]


def _blockiness(phases: np.ndarray) -> float:
    """Log ratio of the steps across block borders to those in the middle of blocks."""
    border = np.abs(phases[:, 7, :, :-1] - phases[:, 0, :, 1:]).mean()
    border += np.abs(phases[7, :, :-1] - phases[0, :, 1:]).mean()
    inside = np.abs(phases[:, 3] - phases[:, 4]).mean() + np.abs(phases[3] - phases[4]).mean()
    return float(np.log((border + 1e-3) / (inside + 1e-3)))


def _residuals(exceedance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = exceedance.mean(axis=2, keepdims=True)
    return np.sqrt(mean), (exceedance - mean) / np.sqrt(mean * (1 - mean) + 1e-4)
