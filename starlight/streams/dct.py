"""Stream `dct`: statistics of a JPEG file's quantised coefficients, and of its 4-pixel-shifted recompression.

A float32 vector of fixed length `len(FEATURES)`, NaN throughout for anything but a JPEG of at least 3x3 luma blocks.
Relative frequencies are stored as square roots, whose sampling error does not depend on the frequency; calibrated
features are the difference between file and calibrated version, near 0 on covers.
"""

import numpy as np

from starlight.images.image import Image
from starlight.streams.jpeg import estimates, planes, residuals, statistics

__all__ = ["BLOCKS", "FEATURES", "NAME", "VERSION", "compute", "to_model"]

NAME = "dct"
VERSION = 4

_MIN_BLOCKS, _MAX_BLOCKS = 3, 65_536  # the latter are four megapixels, plenty for statistics and 0.2 s
_CONTEXT = [f"{b}_{level}_{t}" for b in range(4) for level in range(statistics.LEVELS) for t in range(5)]
_PAIRS = [f"{k}_{b}_{i}{j}" for k in range(3) for b in range(3) for i in range(5) for j in range(5)]
_TRIPLES = [f"{k}_{b}_{np.base_repr(c, 3):0>3}" for k in range(3) for b in range(3) for c in range(27)]
_NAMES = {
    "facts": ("log_blocks", "chroma", "chroma_ratio", "nonzero", "nonzero_chroma", "quality_step", "step_slope"),
    "context": [f"context{at}" for at in _CONTEXT],
    "context_calibrated": [f"context{at}_calibrated" for at in _CONTEXT],
    "pairs_calibrated": [f"pair{at}_calibrated" for at in _PAIRS],
    "triples": [f"triple{at}" for at in _TRIPLES],
    "triples_calibrated": [f"triple{at}_calibrated" for at in _TRIPLES],
    "residuals": [f"residual{u}{v}_{c}_{t}" for u, v in residuals.KERNELS for c in range(25) for t in range(2)],
    "estimates": (
        [f"{t}_{what}" for t in ("outguess", "jsteg", "f5", "steghide") for what in ("rate", "deviations")]
        + ["blockiness", "blockiness_calibrated", "blockiness_ratio"]
    ),
}  # fmt: skip
FEATURES: tuple[str, ...] = tuple(name for names in _NAMES.values() for name in names)
_ENDS = np.cumsum([len(names) for names in _NAMES.values()]).tolist()
BLOCKS: dict[str, slice] = {
    name: slice(end - len(names), end) for (name, names), end in zip(_NAMES.items(), _ENDS, strict=True)
}


def compute(image: Image, tiles: list[tuple[int, int]] | None = None) -> np.ndarray:
    """Statistics of the coefficients of a JPEG image.

    Parameters
    ----------
    image : Image
    tiles : ignored
        The whole image is covered; of one over four megapixels, the rows in the middle that make up as many.

    Returns
    -------
    ndarray, shape (len(FEATURES),), float32
        NaN throughout where there are no coefficients; single NaN where one statistic is undefined.
    """
    coefficients = image.coefficients
    if coefficients is None or min(coefficients.y.shape[:2]) < _MIN_BLOCKS:
        return np.full(len(FEATURES), np.nan, np.float32)
    table = np.maximum(coefficients.qt[coefficients.qt_index[0]], 1).astype(np.float32)
    modes = planes.by_mode(_middle_rows(coefficients.y))
    phases = planes.phase_planes(modes, table)
    moved = planes.calibrated(phases, table)
    cells, cover = statistics.cell_counts(modes), statistics.cell_counts(moved)
    step = residuals.overall_step(table)
    parts = [
        _facts(coefficients, table, step),
        *_calibrated(_context_histograms(cells), _context_histograms(cover)),
        _pairs(modes) - _pairs(moved),
        *_calibrated(_triples(modes), _triples(moved)),
        np.sqrt(residuals.phase_histograms(phases, max(float(step), 0.5))),
        _estimates(cells, cover, [_blockiness(p) for p in (phases, planes.phase_planes(moved, table))]),
    ]
    return np.concatenate([np.ravel(part) for part in parts]).astype(np.float32)


def to_model(stored: np.ndarray, tile: int = 0) -> np.ndarray:
    """The vector as it is stored."""
    return stored


def _middle_rows(blocks: np.ndarray) -> np.ndarray:
    rows = max(_MIN_BLOCKS, min(blocks.shape[0], _MAX_BLOCKS // blocks.shape[1]))
    first = (blocks.shape[0] - rows) // 2
    return blocks[first : first + rows]


def _facts(coefficients, table: np.ndarray, step: float) -> list[float]:
    y, chroma = coefficients.y, [p for p in (coefficients.cb, coefficients.cr) if p is not None]
    filled = sum(np.count_nonzero(p) for p in chroma) / sum(p.size for p in chroma) if chroma else 0.0
    ratio = chroma[0].size / y.size if chroma else 0.0
    slope = np.log(table[4:, 4:].mean() / table[:2, :2].mean())
    blocks = y.shape[0] * y.shape[1]
    return [np.log(blocks), len(chroma) / 2, ratio, np.count_nonzero(y) / y.size, filled, np.log(step + 0.1), slope]


def _calibrated(own: np.ndarray, cover: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return own, own - cover


def _root_frequencies(counts: np.ndarray, axis) -> np.ndarray:
    total = counts.sum(axis=axis, keepdims=True)
    return np.sqrt(counts / np.maximum(total, 1))


def _context_histograms(cells: np.ndarray) -> np.ndarray:
    counts = statistics.magnitude_counts(statistics.grouped(cells), 4)
    return _root_frequencies(np.stack([counts[band].sum(axis=0) for band in statistics.BANDS]), (1, 2))


def _pairs(modes: np.ndarray) -> np.ndarray:
    return _root_frequencies(statistics.pair_counts(modes), (2, 3))


def _triples(modes: np.ndarray) -> np.ndarray:
    return _root_frequencies(statistics.triple_counts(modes), (2, 3, 4))


def _estimates(cells: np.ndarray, cover: np.ndarray, blockiness: list[float]) -> list[float]:
    flat, calm = cells[1:].reshape(-1, cells.shape[2]), cover[1:].reshape(-1, cells.shape[2])
    calm = calm * (flat.sum() / calm.sum())
    fits = [estimates.outguess_rate(flat), estimates.jsteg_rate(flat)]
    fits += [f(flat, calm) for f in (estimates.f5_rate, estimates.steghide_rate)]
    scaled = [x for rate, deviations in fits for x in (np.arcsinh(4 * rate), np.arcsinh(deviations))]
    return [*scaled, *blockiness, blockiness[0] - blockiness[1]]


def _blockiness(phases: np.ndarray) -> float:
    """Log ratio of the steps across block borders to those in the middle of blocks."""
    border = np.abs(phases[:, 7, :, :-1] - phases[:, 0, :, 1:]).mean()
    border += np.abs(phases[7, :, :-1] - phases[0, :, 1:]).mean()
    inside = np.abs(phases[:, 3] - phases[:, 4]).mean() + np.abs(phases[3] - phases[4]).mean()
    return float(np.log((border + 1e-3) / (inside + 1e-3)))
