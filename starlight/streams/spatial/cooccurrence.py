"""Co-occurrences of truncated high-pass residuals, counted a band at a time.

Pevný, Bas, Fridrich, IEEE TIFS 5(2), 2010 (adjacent differences); Fridrich, Kodovský, IEEE TIFS 7(3), 2012 (second
differences, square kernel, symmetries); Goljan, Cogranne, Fridrich, WIFS 2014 (colour). Codes of
a co-occurrence fit into one byte, so that counting is fast: at most 256 bins, merged by symmetry afterwards.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from starlight.streams.spatial.counts import byte_histogram

__all__ = ["Spec", "codes", "count", "merged", "quantise", "second", "size"]


@dataclass(frozen=True)
class Spec:
    """One co-occurrence.

    Attributes
    ----------
    name : str
    step : int
        Residual units in one quantisation step, a power of two.
    bound : int
        Residuals are truncated to -bound .. bound steps.
    order : int
        Neighbours counted together; (2 * bound + 1) ** order is at most 256.
    """

    name: str
    step: int
    bound: int
    order: int

    @property
    def side(self) -> int:
        """Values of a quantised residual."""
        return 2 * self.bound + 1


def second(planes: np.ndarray, axis: int) -> np.ndarray:
    """Second differences of (..., H, W) int16 along axis -1 or -2."""
    moved = planes if axis == -1 else planes.swapaxes(-1, -2)
    out = moved[..., :-2] + moved[..., 2:]
    middle = moved[..., 1:-1]
    out -= middle
    out -= middle
    return out if axis == -1 else out.swapaxes(-1, -2)


def quantise(residual: np.ndarray, spec: Spec) -> np.ndarray:
    """Round int16 residuals to steps, truncate, shift to 0 .. side - 1; uint8."""
    out = residual + np.int16(spec.step // 2 + spec.bound * spec.step)
    if spec.step > 1:
        out >>= spec.step.bit_length() - 1
    np.clip(out, 0, 2 * spec.bound, out=out)
    return out.astype(np.uint8)


def codes(values: np.ndarray, spec: Spec, axis: int) -> np.ndarray:
    """Codes of runs of `spec.order` neighbours.

    Parameters
    ----------
    values : ndarray, shape (..., H, W), uint8
        Quantised.
    spec : Spec
    axis : int
        -1 along rows or -2 along columns.

    Returns
    -------
    ndarray, shape (n,), uint8
    """
    moved = values if axis == -1 else values.swapaxes(-1, -2)
    length = moved.shape[-1] - spec.order + 1
    parts = [moved[..., k : k + length] for k in range(spec.order)]
    side = np.uint8(spec.side)
    code = parts[0] * side
    for part in parts[1:-1]:
        code += part
        code *= side
    code += parts[-1]
    return (code if axis == -1 else code.swapaxes(-1, -2)).reshape(-1)


def count(across: np.ndarray, down: np.ndarray, spec: Spec) -> np.ndarray:
    """Count codes of `across` along rows and of `down` along columns, int64 (side ** order,).

    Parameters
    ----------
    across, down : ndarray, shape (..., H, W), uint8
        Quantised.
    spec : Spec

    Returns
    -------
    ndarray, shape (spec.side ** spec.order,), int64
    """
    both = np.concatenate([codes(across, spec, -1), codes(down, spec, -2)])
    return byte_histogram(both)[: spec.side**spec.order]


@functools.cache
def _classes(spec: Spec) -> tuple[np.ndarray, int]:
    """Bin of each code once those are merged that differ by sign or direction."""
    digits = np.indices((spec.side,) * spec.order).reshape(spec.order, -1)
    forms = [digits, 2 * spec.bound - digits]
    forms += [form[::-1] for form in forms]
    scale = spec.side ** np.arange(spec.order)[::-1]
    _, inverse = np.unique(np.min([scale @ form for form in forms], axis=0), return_inverse=True)
    return inverse, int(inverse.max()) + 1


def size(spec: Spec) -> int:
    """Number of bins after merging."""
    return _classes(spec)[1]


def merged(counts: np.ndarray, spec: Spec) -> np.ndarray:
    """Counts to square roots of shares, whose sampling error does not depend on the share; NaN for no counts."""
    inverse, bins = _classes(spec)
    summed = np.bincount(inverse, weights=counts, minlength=bins)
    total = summed.sum()
    return np.sqrt(summed / total) if total else np.full(bins, np.nan)
