"""Evidence of LSB replacement, line by line: weighted stego with a predictor that also looks at the other colours.

Fridrich, Goljan, SPIE 5306, 2004; Ker, Böhme, SPIE 6819, 2008. The predictor is fitted to each band of the image: a
mixture of three means of neighbours, and of the prediction errors of the other colours at the same place, which noise
of the sensor and of JPEG shares between colours and a payload does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from starlight.streams.spatial.bands import bands

__all__ = ["Evidence", "PlaneEvidence", "from_index", "from_planes", "rate", "total", "z_score"]

_MODERATION = 5.0  # variance, grey levels squared, below which flat areas gain no more weight
_BAND_SAMPLES = 1 << 15  # float32 planes, many at a time
_SUBSAMPLE = 8  # every so many rows are used to fit the predictor
_FLOOR = 1e-3  # variance that keeps an image without any noise from being infinitely certain


@dataclass(frozen=True)
class Evidence:
    """Sums along one axis of what each sample says about LSB replacement.

    Attributes
    ----------
    signed : (n,) weighted error in the direction that a replaced LSB goes.
    weight : (n,)
    square : (n,) variance of `signed`, if errors are independent.
    """

    signed: np.ndarray
    weight: np.ndarray
    square: np.ndarray


@dataclass(frozen=True)
class PlaneEvidence:
    """One plane's evidence by row and by column, and the log of its weighted mean square prediction error."""

    rows: Evidence
    columns: Evidence
    noise: float


def rate(evidence: Evidence) -> float:
    """Embedding rate in bits per sample; NaN where no sample has weight."""
    weight = evidence.weight.sum()
    return float(2 * evidence.signed.sum() / weight) if weight > 0 else math.nan


def z_score(evidence: Evidence) -> float:
    """Rate over its standard error."""
    return float(evidence.signed.sum() / math.sqrt(evidence.square.sum() + _FLOOR))


def total(parts: list[Evidence]) -> Evidence:
    """Sum of the evidence of several planes."""
    return Evidence(*(sum(getattr(p, name) for p in parts) for name in ("signed", "weight", "square")))


@dataclass(frozen=True)
class _Errors:
    """Prediction errors of the planes in a band: (C, rows, columns) float32 each, borders left out."""

    near: np.ndarray  # sample less the mean of its left and right neighbours
    vertical: np.ndarray  # twice what the mean of those above and below exceeds that by
    diagonal: np.ndarray  # likewise four times, of Ker and Böhme's mixture
    square: np.ndarray  # four times the error of Ker and Böhme's predictor


def from_planes(planes: np.ndarray, *, clip_ends: bool = True) -> list[PlaneEvidence]:
    """Evidence of each plane.

    Parameters
    ----------
    planes : (H, W, C) uint8, at least 3x3
        Fastest where each plane is contiguous.
    clip_ends : bool
        Leave out samples at the ends of the range and beside them, whose errors are one-sided.

    Returns
    -------
    list of PlaneEvidence
        Rows and columns are the inner ones, first and last left out.
    """
    height, width, count = planes.shape
    by_row, by_column, spread = [], [], np.zeros(count)
    for start, stop in bands(height, width, overlap=2, samples=_BAND_SAMPLES):
        band = planes[start:stop].transpose(2, 0, 1)
        values = band.astype(np.int16, order="C")
        terms = np.empty((3, count, stop - start - 2, width - 2), np.float32)
        _, weight, _ = terms
        weight[:] = _weight(values[count // 2])  # of the green plane for all colours, whose textures are alike
        if clip_ends:
            weight *= _inside(band)
        spread += _fill(terms, _fitted(_errors(values), weight), band)
        by_row.append(_summed(terms, 1))
        by_column.append(_summed(terms, 0))
    rows, columns = np.concatenate(by_row, axis=-1), sum(by_column)
    noise = [math.log(s / (w.sum() + 1e-9) + 1e-3) for s, w in zip(spread, rows[1], strict=True)]
    return [PlaneEvidence(Evidence(*rows[:, c]), Evidence(*columns[:, c]), noise[c]) for c in range(count)]


def _errors(p: np.ndarray) -> _Errors:
    x, ends = p[:, 1:-1, 1:-1], p[:, :, :-2] + p[:, :, 2:]
    across, along = ends[:, 1:-1], p[:, :-2, 1:-1] + p[:, 2:, 1:-1]
    near = x + x
    near -= across
    vertical = across - along
    along += along
    diagonal = ends[:, :-2] + ends[:, 2:]
    diagonal -= along
    square = near + near
    square += diagonal
    half = near.astype(np.float32)
    half *= np.float32(0.5)
    return _Errors(half, *(term.astype(np.float32) for term in (vertical, diagonal, square)))


def _inside(p: np.ndarray) -> np.ndarray:
    """1 where a sample and its four neighbours are clear of the ends of the range, else 0; float32."""
    clear = (p - np.uint8(2)) < 252
    out = clear[:, 1:-1, :-2] & clear[:, 1:-1, 2:]
    out &= clear[:, 1:-1, 1:-1]
    out &= clear[:, :-2, 1:-1]
    out &= clear[:, 2:, 1:-1]
    return out.view(np.uint8).astype(np.float32)


def _weight(p: np.ndarray) -> np.ndarray:
    """1 / (5 + variance of the 3x3 samples around)."""
    values = p.astype(np.float32)
    values *= values
    variance = _sum3(values[:, :-2] + values[:, 1:-1] + values[:, 2:])
    sums = _sum3(p[:, :-2] + p[:, 1:-1] + p[:, 2:]).astype(np.float32)
    sums *= sums
    sums *= np.float32(1 / 9)
    variance -= sums
    variance *= np.float32(1 / 9)
    variance += np.float32(_MODERATION)
    return np.reciprocal(variance, out=variance)


def _sum3(rows: np.ndarray) -> np.ndarray:
    out = rows[:-2] + rows[1:-1]
    out += rows[2:]
    return out


def _fitted(errors: _Errors, weight: np.ndarray) -> np.ndarray:
    """Error of each plane's predictor with the least weighted square error."""
    own = (errors.vertical, errors.diagonal)
    others = [[square for i, square in enumerate(errors.square) if i != c] for c in range(len(weight))]
    sampled = errors.near[0, ::_SUBSAMPLE]
    design = np.empty((len(others), len(own) + len(others[0]), *sampled.shape), np.float32)
    for c, squares in enumerate(others):
        for place, term in enumerate((*(one[c] for one in own), *squares)):
            design[c, place] = term[::_SUBSAMPLE]
    factors = _factors(design, errors.near, weight)
    error, scaled = factors[:, 0, None, None] * errors.vertical, factors[:, 1, None, None] * errors.diagonal
    np.subtract(errors.near, error, out=error)
    error -= scaled
    for c, squares in enumerate(others):
        for factor, square in zip(factors[c, len(own) :], squares, strict=True):
            error[c] -= np.multiply(square, factor, out=scaled[c])
    return error


def _factors(design: np.ndarray, near: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Factors (C, terms) of the terms (C, terms, some rows, columns) whose sum comes nearest to `near`."""
    planes, terms = design.shape[:2]
    design = design.reshape(planes, terms, -1)
    weighted = design * weight[:, ::_SUBSAMPLE].reshape(planes, 1, -1)
    gram = weighted @ design.transpose(0, 2, 1)
    diagonal = np.einsum("cii->ci", gram)
    diagonal += (1e-3 * np.trace(gram, axis1=1, axis2=2) / terms + 1e-6)[:, None]
    aim = weighted @ near[:, ::_SUBSAMPLE].reshape(planes, -1, 1)
    return np.linalg.solve(gram, aim)[:, :, 0].astype(np.float32, copy=False)


def _fill(terms: np.ndarray, error: np.ndarray, band: np.ndarray) -> list[float]:
    """Fill in what each sample says, next to its weight; returns the weighted square error of each plane.

    Parameters
    ----------
    terms : (3, C, rows, columns) float32
        As `Evidence`: weighted error in the direction that a replaced LSB goes, its weight, and its square.
    error : (C, rows, columns) float32
    band : (C, rows + 2, columns + 2) uint8
        The samples: an odd one can only have risen, an even one only have fallen.
    """
    signed, weight, square = terms
    weighted = weight * error
    even = (~band[:, 1:-1, 1:-1]).astype(np.uint32)
    even <<= np.uint32(31)
    np.bitwise_xor(weighted.view(np.uint32), even, out=signed.view(np.uint32))
    np.multiply(weighted, weighted, out=square)
    return [float(np.vdot(w, e)) for w, e in zip(weighted, error, strict=True)]


def _summed(terms: np.ndarray, axis: int) -> np.ndarray:
    """Sums (3, C, n) of (3, C, rows, columns) along the rows or the columns, in float64."""
    ones = np.ones(terms.shape[2 + axis], np.float32)
    return (terms @ ones if axis == 1 else ones @ terms).astype(np.float64)


def from_index(indices: np.ndarray, palette: np.ndarray) -> tuple[Evidence, Evidence]:
    """Evidence of an indexed image: how much closer to its neighbours' luma a sample comes when its LSB is flipped.

    Parameters
    ----------
    indices : (H, W) uint8, at least 3x3
    palette : (n, 3) uint8

    Returns
    -------
    rows, columns : Evidence
        Negative on images whose LSBs are as they were.
    """
    table = np.zeros(256, np.float32)
    table[: min(256, len(palette))] = palette[:256].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    by_row, by_column = [], []
    for start, stop in bands(*indices.shape, overlap=2, samples=_BAND_SAMPLES):
        luma, other = table[indices[start:stop]], table[indices[start + 1 : stop - 1, 1:-1] ^ 1]
        own = luma[1:-1, 1:-1]
        mean = (luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]) / 4
        gain = np.clip(np.abs(own - mean) - np.abs(other - mean), -8, 8)
        terms = np.array([gain, other != own, gain * gain], np.float32)[:, None]
        by_row.append(_summed(terms, 1))
        by_column.append(_summed(terms, 0))
    return Evidence(*np.concatenate(by_row, axis=-1)[:, 0]), Evidence(*sum(by_column)[:, 0])
