"""The noise floor: how quiet the quietest parts of an image are, and what a former JPEG compression left of its grid.

Rounding alone leaves a variance of 1/12 in each sample; where blocks of a former JPEG are found again, their high
frequencies hold nothing else, and a payload of few bits per pixel stands out (compare Böhme's JPEG-compatibility
attacks, Information Hiding 2008).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from starlight.streams.spatial.counts import byte_histogram

__all__ = ["FEATURES", "Part", "measure", "summarise"]

_BLOCK = 8
_MAX_BLOCKS = 1024
_FLOOR = 0.02  # variance, grey levels squared, that is added before logarithms
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_BASIS = np.array(
    [[math.sqrt((1 if k == 0 else 2) / 8) * math.cos(math.pi * (2 * n + 1) * k / 16) for n in range(8)]
     for k in range(8)], np.float32
)  # fmt: skip
_SUMS = np.add.outer(np.arange(8), np.arange(8)).reshape(-1)
_RISING = np.argsort(_SUMS, kind="stable")
_ORDER = _SUMS[_RISING]  # sum of both frequencies of each mode, modes by rising frequency
_DCT = np.kron(_BASIS, _BASIS)[_RISING].T.copy()
_BANDS = ((5, 7), (8, 9), (10, 14))  # sums of the two frequencies
_QUANTILES = (0.02, 0.1, 0.25, 0.5, 0.75)
_MAGNITUDES = np.array([0, 1, 2, 3, 4, 6, 8, 12, 16, 32])  # lower ends of bins of coefficients, in eighths
_ENERGIES = np.concatenate([[-np.inf], np.arange(-5, 7, 0.75), [np.inf]])  # log2 of a block's residual variance
_ENERGY_QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75)
_SETS = ("own", "colour")
FEATURES = (
    "grid_across", "grid_down",
    *(f"band{lo}_{q}" for lo, _ in _BANDS for q in _QUANTILES),
    *(f"quiet_mode{k}" for k in (0, 3, 7, 15, 31)),
    *(f"high_{i}" for i in range(len(_MAGNITUDES))),
    *(f"quiet_high_{i}" for i in range(len(_MAGNITUDES))),
    *(f"{name}_energy_{q}" for name in _SETS for q in _ENERGY_QUANTILES),
    *(f"{name}_energies_{i}" for name in _SETS for i in range(len(_ENERGIES) - 1)),
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """What is kept of a band."""

    luma: np.ndarray  # (rows, W) float32
    start: int  # its first row
    energy: tuple[np.ndarray, np.ndarray | None]  # variances of the residual in blocks: of planes, of differences


def measure(band: np.ndarray, squares: np.ndarray, difference: np.ndarray | None, start: int) -> Part:
    """Measure a band.

    Parameters
    ----------
    band : (C, rows, W) int16 samples
    squares : (C, rows - 2, W - 2) int16, residuals of the square kernel
    difference : (2, rows - 2, W - 2) int16, those of the colour differences, or None
    start : int
        The band's first row in the image.
    """
    luma = band[0].astype(np.float32)
    if len(band) == 3:
        luma *= _LUMA[0]
        luma += _LUMA[1] * band[1]
        luma += _LUMA[2] * band[2]
    own = _energy(squares) / 36
    return Part(luma, start, (own, None if difference is None else _energy(difference) / 72))


def summarise(parts: list[Part]) -> np.ndarray:
    """Values of FEATURES from all bands of an image."""
    scale = 1.0
    if parts[0].energy[1] is not None:
        scale = float((_LUMA**2).sum())  # of independent noise in three colours, in their luma
    energies = [None if parts[0].energy[k] is None else np.concatenate([p.energy[k] for p in parts]) for k in (0, 1)]
    values = [*_grid(parts, scale)]
    values += [q for e in energies for q in _energy_quantiles(e)]
    return np.array(values + [h for e in energies for h in _energy_histogram(e)])


def _energy(residual: np.ndarray) -> np.ndarray:
    """Mean squares over 8x8 blocks, (blocks,)."""
    count, height, width = (*residual.shape[:1], *(s // _BLOCK * _BLOCK for s in residual.shape[1:]))
    values = residual[:, :height, :width].astype(np.float32)
    values *= values
    rows = values.reshape(count, height // _BLOCK, _BLOCK, width).sum(axis=2)
    return _folded(rows.reshape(-1, _BLOCK), np.add) / _BLOCK**2


def _folded(rows: np.ndarray, combine: np.ufunc) -> np.ndarray:
    """(n,) combination of the entries of each short row, 2^k of them; quicker than `reduce`, which goes row by row."""
    while rows.shape[1] > 2:
        rows = combine(rows[:, ::2], rows[:, 1::2])
    return combine(rows[:, 0], rows[:, 1])


def _energy_quantiles(energy: np.ndarray | None) -> np.ndarray:
    if energy is None or not energy.size:
        return np.full(len(_ENERGY_QUANTILES), np.nan)
    return np.log(_quantiles(np.sort(energy), _ENERGY_QUANTILES) + _FLOOR)


def _energy_histogram(energy: np.ndarray | None) -> np.ndarray:
    if energy is None or not energy.size:
        return np.full(len(_ENERGIES) - 1, np.nan)
    at = np.searchsorted(_ENERGIES[1:-1], np.log2(energy + 2.0**-6), side="right")
    return np.sqrt(np.bincount(at, minlength=len(_ENERGIES) - 1) / energy.size)


def _quantiles(ordered: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    return ordered[np.round(np.asarray(shares) * (len(ordered) - 1)).astype(int)]


def _medians(values: np.ndarray) -> np.ndarray:
    """Of each column; sorted rows of contiguous memory take a sixth of the time of `numpy.median`."""
    ordered = np.sort(np.ascontiguousarray(values.T), axis=1)
    return (ordered[:, (len(values) - 1) // 2] + ordered[:, len(values) // 2]) / 2


def _grid(parts: list[Part], scale: float) -> list[float]:
    """Strength of the 8x8 grid, and statistics of the blocks on it."""
    across = sum(np.abs(np.diff(p.luma, axis=1)).sum(axis=0, dtype=np.float64) for p in parts)
    column, strength = _phase(across, np.arange(1, len(across) + 1))
    down = [np.abs(np.diff(p.luma, axis=0)).sum(axis=1, dtype=np.float64) for p in parts]
    rows = np.concatenate([p.start + 1 + np.arange(len(d)) for p, d in zip(parts, down, strict=True)])
    row, strength_down = _phase(np.concatenate(down), rows)
    step = max(1, sum(p.luma.size for p in parts) // (_BLOCK**2 * _MAX_BLOCKS))
    blocks = np.concatenate([_blocks(p, row, column, step) for p in parts])
    ends = _folded(np.maximum(blocks, 255 - blocks), np.maximum)
    blocks = blocks[ends < 254]  # clipping adds high frequencies of its own
    if len(blocks) < 4:
        return [strength, strength_down] + [math.nan] * (5 * len(_BANDS) + 5 + 2 * (len(_MAGNITUDES)))
    return [strength, strength_down, *_spectrum(blocks @ _DCT / np.float32(math.sqrt(scale)))]


def _phase(profile: np.ndarray, position: np.ndarray) -> tuple[int, float]:
    """Position modulo 8 where steps between neighbours are largest, and by how much, relative to their mean."""
    if len(profile) < 3 * _BLOCK:
        return 0, math.nan
    excess = profile[1:-1] - (profile[:-2] + profile[2:]) / 2
    phase = position[1:-1] % _BLOCK
    mean = np.bincount(phase, weights=excess, minlength=_BLOCK) / np.maximum(np.bincount(phase, minlength=_BLOCK), 1)
    best = int(mean.argmax())
    ordered = np.sort(mean)  # of so few `numpy.median` takes ten times as long
    middle = (ordered[_BLOCK // 2 - 1] + ordered[_BLOCK // 2]) / 2
    return best, float((mean[best] - middle) / (profile.mean() + 1e-3))


def _blocks(part: Part, row: int, column: int, step: int) -> np.ndarray:
    """Blocks on the grid, every `step`-th one of a row of blocks, (n, 64)."""
    luma = part.luma[(row - part.start) % _BLOCK :, column:]
    height, width = (s // _BLOCK * _BLOCK for s in luma.shape)
    blocks = luma[:height, :width].reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK)[:, :, ::step]
    return blocks.transpose(0, 2, 1, 3).reshape(-1, _BLOCK**2)


def _spectrum(modes: np.ndarray) -> list[float]:
    """Quantiles of energies, the quietest modes, histograms of magnitudes; modes (n, 64) by rising frequency."""
    squares = modes * modes
    out: list[float] = []
    for low, high in _BANDS:
        energy = squares[:, _from(low) : _from(high + 1)].mean(axis=1)
        out += np.log(_quantiles(np.sort(energy), _QUANTILES) + _FLOOR).tolist()
    quiet = np.sort(np.log(_medians(squares)[1:] + _FLOOR))
    out += quiet[[0, 3, 7, 15, 31]].tolist()
    middle = squares[:, _from(3) : _from(7)].mean(axis=1)
    calm = middle <= _quantiles(np.sort(middle), (0.25,))
    for chosen, order in ((modes, 9), (modes[calm], 8)):
        eighths = np.clip(np.abs(chosen[:, _from(order) :]) * 8, 0, 255).astype(np.uint8)
        counts = np.add.reduceat(byte_histogram(eighths), _MAGNITUDES)
        out += np.sqrt(counts / eighths.size).tolist()
    return out


def _from(order: int) -> int:
    """Position of the first mode whose two frequencies add up to `order` or more."""
    return int(np.searchsorted(_ORDER, order))
