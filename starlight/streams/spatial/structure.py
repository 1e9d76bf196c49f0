"""Block `structure` of the `content` stream: estimates of LSB replacement from every sample of the image.

Colour (or grey) samples, alpha and indices have their own groups. Values of the three colours are given as mean,
largest and smallest, so that no colour is special. Rates are in bits per sample, -1 to 2; z-scores as asinh.
"""

from __future__ import annotations

import math

import numpy as np

from starlight.images.image import Image
from starlight.streams.attacks import rs, spa
from starlight.streams.readable.scan_orders import stores_samples
from starlight.streams.spatial import parity, sequential, weighted
from starlight.streams.spatial.bands import bands

__all__ = ["FEATURES", "compute"]

_MIN_SIDE = 4
_MAX_COUNTED = 1 << 22  # samples of a plane that pairs, flat places and histograms are counted of
_MAX_RS_ROWS = 512  # regular and singular groups: of so many rows at most
_RATES = ("weighted", "weighted_z", "spa_across", "spa_down")
_PLAIN = ("noise", *parity.PAIRS, *parity.FLAT, *parity.HISTOGRAM, *parity.LSB)
_SAMPLE = (*_RATES, *_PLAIN)
_SCAN = (*(f"rows_{p}" for p in sequential.PARTS), *(f"columns_{p}" for p in sequential.PARTS))
_CERTAINTY = ("likely", "certain")
_POOLED = ("pooled", "pooled_z", "rs", "disagreement", *_CERTAINTY, *_SCAN)
_INDEX = ("closer", "closer_z", *parity.FLAT, *parity.HISTOGRAM, *parity.LSB, *_SCAN)
FEATURES = (
    *(f"sample_{part}_mean" for part in _SAMPLE),
    *(f"sample_{part}_max" for part in _RATES),
    *(f"sample_{part}" for part in _POOLED),
    *(f"alpha_{part}" for part in (*_SAMPLE, *_CERTAINTY, *_SCAN)),
    *(f"index_{part}" for part in _INDEX),
)


def compute(image: Image) -> np.ndarray:
    """Values of FEATURES; NaN for what an image does not have, and for images under 4 pixels."""
    nothing = math.nan
    samples = [nothing] * (len(_SAMPLE) + len(_RATES) + len(_POOLED))
    alpha, index = [nothing] * (len(_SAMPLE) + len(_CERTAINTY) + len(_SCAN)), [nothing] * len(_INDEX)
    if min(image.pixels.shape[:2]) >= _MIN_SIDE:
        if image.indices is not None:
            index = _index(image.indices, image.palette)
        elif stores_samples(image):
            samples = _samples(image.pixels)
        if image.alpha is not None:
            alpha = _alpha(image.alpha)
    return np.array([*samples, *alpha, *index])


def _samples(pixels: np.ndarray) -> list[float]:
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    evidence = weighted.from_planes(planes.transpose(1, 2, 0))
    each = np.array([_plane(e, p) for e, p in zip(evidence, planes, strict=True)])
    together = weighted.total([e.rows for e in evidence])
    groups = _bounded(rs.estimate(planes[len(planes) // 2][:_MAX_RS_ROWS]))
    estimates = [each[:, _RATES.index(name)].mean() for name in ("weighted", "spa_across", "spa_down")]
    rate, z = _bounded(weighted.rate(together)), weighted.z_score(together)
    pooled = [rate, math.asinh(z), groups, float(np.std(estimates)), *_certainty(z)]
    columns = weighted.total([e.columns for e in evidence])
    scans = sequential.contrasts(together) + sequential.contrasts(columns)
    return [*each.mean(axis=0), *each[:, : len(_RATES)].max(axis=0), *pooled, *scans]


def _alpha(plane: np.ndarray) -> list[float]:
    evidence = weighted.from_planes(plane[:, :, None], clip_ends=False)[0]
    scans = sequential.contrasts(evidence.rows) + sequential.contrasts(evidence.columns)
    return _plane(evidence, plane, ends=True) + _certainty(weighted.z_score(evidence.rows)) + scans


def _index(plane: np.ndarray, palette: np.ndarray) -> list[float]:
    rows, columns = weighted.from_index(plane, palette)
    plane = _sampled(plane)
    own = [weighted.rate(rows), math.asinh(weighted.z_score(rows))]
    plain = parity.flat_places(plane, ends=True) + parity.histogram(plane) + parity.lsb_plane(plane)
    return own + plain + sequential.contrasts(rows) + sequential.contrasts(columns)


def _certainty(z: float) -> list[float]:
    """Ramps from 3 to 6 and from 6 to 12 standard errors: a linear detector cannot bend a z-score by itself."""
    return [min(1.0, max(0.0, z / 3 - 1)), min(1.0, max(0.0, z / 6 - 1))]


def _sampled(plane: np.ndarray) -> np.ndarray:
    """The plane, or evenly spread bands of a large one, for counts that need no more."""
    if plane.size <= _MAX_COUNTED:
        return plane
    return np.concatenate([plane[start:stop] for start, stop in bands(*plane.shape, max_samples=_MAX_COUNTED)])


def _plane(evidence: weighted.PlaneEvidence, plane: np.ndarray, *, ends: bool = False) -> list[float]:
    plane = _sampled(plane)
    table = parity.pair_table(plane)
    values = [_bounded(weighted.rate(evidence.rows)), math.asinh(weighted.z_score(evidence.rows))]
    sets = parity.primary_sets(table), spa.pair_counts(plane[:-1], plane[1:])
    values += [*(_bounded(spa.solve(*each)) for each in sets), evidence.noise, *parity.pairs(table)]
    return values + parity.flat_places(plane, ends=ends) + parity.histogram(plane) + parity.lsb_plane(plane)


def _bounded(rate: float) -> float:
    return min(2.0, max(-1.0, rate)) if rate == rate else rate
