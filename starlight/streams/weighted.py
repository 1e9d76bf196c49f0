"""Evidence of LSB replacement, line by line: weighted stego with a predictor that also looks at the other colours.

Fridrich, Goljan, SPIE 5306, 2004; Ker, Böhme, SPIE 6819, 2008. The predictor is fitted to each band of the image: a
mixture of three means of neighbours, and of the prediction errors of the other colours at the same place, which noise
of the sensor and of JPEG shares between colours and a payload does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from starlight.streams.bands import bands

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
    """A plane's prediction errors and weights, in a band: (rows, columns) float32 each, borders left out."""

    near: np.ndarray  # sample less the mean of its left and right neighbours
    vertical: np.ndarray  # twice what the mean of those above and below exceeds that by
    diagonal: np.ndarray  # likewise four times, of Ker and Böhme's mixture
    square: np.ndarray  # four times the error of Ker and Böhme's predictor
    weight: np.ndarray
    even: np.ndarray  # the sign bit, uint32: an odd sample can only have risen, an even one only have fallen


def from_planes(planes: np.ndarray, *, clip_ends: bool = True) -> list[PlaneEvidence]:
    """Evidence of each plane.

    Parameters
    ----------
    planes : (H, W, C) uint8, at least 3x3
    clip_ends : bool
        Leave out samples at the ends of the range and beside them, whose errors are one-sided.

    Returns
    -------
    list of PlaneEvidence
        Rows and columns are the inner ones, first and last left out.
    """
    height, width, count = planes.shape
    by_row: list[list[Evidence]] = [[] for _ in range(count)]
    by_column: list[list[Evidence]] = [[] for _ in range(count)]
    spread = np.zeros(count)
    for start, stop in bands(height, width, overlap=2, samples=_BAND_SAMPLES):
        band = [planes[start:stop, :, c].astype(np.int16) for c in range(count)]
        weight = _weight(band[count // 2])  # of the green plane for all colours, whose textures are alike
        errors = [_errors(p, weight * _inside(p) if clip_ends else weight) for p in band]
        for c, own in enumerate(errors):
            error = _fitted(own, [e.square for i, e in enumerate(errors) if i != c])
            terms = _terms(error, own)
            by_row[c].append(_summed(terms, 1))
            by_column[c].append(_summed(terms, 0))
            spread[c] += float(np.vdot(terms[0], error))
    rows = [_joined(parts) for parts in by_row]
    noise = [math.log(s / (r.weight.sum() + 1e-9) + 1e-3) for s, r in zip(spread, rows, strict=True)]
    return [PlaneEvidence(rows[c], total(by_column[c]), noise[c]) for c in range(count)]


def _joined(parts: list[Evidence]) -> Evidence:
    return Evidence(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("signed", "weight", "square")))


def _errors(p: np.ndarray, weight: np.ndarray) -> _Errors:
    x, ends = p[1:-1, 1:-1], p[:, :-2] + p[:, 2:]
    across, along = ends[1:-1], p[:-2, 1:-1] + p[2:, 1:-1]
    near = x + x
    near -= across
    vertical = across - along
    along += along
    diagonal = ends[:-2] + ends[2:]
    diagonal -= along
    square = near + near
    square += diagonal
    even = (~x).astype(np.uint32)
    even <<= np.uint32(31)
    half = near.astype(np.float32)
    half *= np.float32(0.5)
    return _Errors(half, *(term.astype(np.float32) for term in (vertical, diagonal, square)), weight, even)


def _inside(p: np.ndarray) -> np.ndarray:
    """1 where a sample and its four neighbours are clear of the ends of the range, else 0; float32."""
    clear = (p - 2).view(np.uint16) < 252
    out = clear[1:-1, :-2] & clear[1:-1, 2:]
    out &= clear[1:-1, 1:-1]
    out &= clear[:-2, 1:-1]
    out &= clear[2:, 1:-1]
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


def _fitted(own: _Errors, others: list[np.ndarray]) -> np.ndarray:
    """Error of the predictor with the least weighted square error."""
    terms = [own.vertical, own.diagonal, *others]
    design = np.stack([t[::_SUBSAMPLE].reshape(-1) for t in terms])
    weighted = design * own.weight[::_SUBSAMPLE].reshape(-1)
    gram = weighted @ design.T
    gram.flat[:: len(gram) + 1] += 1e-3 * np.trace(gram) / len(gram) + 1e-6
    factors = np.linalg.solve(gram, weighted @ own.near[::_SUBSAMPLE].reshape(-1)).astype(np.float32)
    error, scaled = factors[0] * terms[0], np.empty_like(own.near)
    np.subtract(own.near, error, out=error)
    for factor, term in zip(factors[1:], terms[1:], strict=True):
        error -= np.multiply(term, factor, out=scaled)
    return error


def _terms(error: np.ndarray, own: _Errors) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted error in its own direction; in that of a replaced LSB; its square; and the weight, last."""
    weighted = own.weight * error
    signed = (weighted.view(np.uint32) ^ own.even).view(np.float32)
    return weighted, signed, weighted * weighted, own.weight


def _summed(terms: tuple[np.ndarray, ...], axis: int) -> Evidence:
    _, signed, square, weight = terms
    ones = np.ones(signed.shape[axis], np.float32)
    sums = (term @ ones if axis == 1 else ones @ term for term in (signed, weight, square))
    return Evidence(*(each.astype(np.float64) for each in sums))


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
        terms = (gain, gain, gain * gain, (other != own).astype(np.float32))
        by_row.append(_summed(terms, 1))
        by_column.append(_summed(terms, 0))
    return _joined(by_row), total(by_column)
