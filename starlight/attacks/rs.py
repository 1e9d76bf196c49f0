"""Regular and singular groups.

Fridrich, Goljan, Du, "Reliable detection of LSB steganography in color and grayscale images", ACM Multimedia and
Security 2001: how often flipping LSBs makes a group of four samples noisier, compared with shifted flipping.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["estimate"]

_MASK = np.array([0, 1, 1, 0], bool)


def estimate(channel: np.ndarray) -> float:
    """Embedding rate from horizontal groups of four and the mask 0110.

    Parameters
    ----------
    channel : (H, W) uint8

    Returns
    -------
    float
        Bits per pixel, near 0 on covers and not clipped there; NaN for fewer than four columns, or where all groups
        are flat.
    """
    width = channel.shape[1] // 4 * 4
    groups = channel[:, :width].reshape(-1, 4).astype(np.int16)
    if not len(groups):
        return math.nan
    plus, minus = _balance(groups)
    flipped = groups ^ 1
    plus_flipped, minus_flipped = _balance(flipped)
    return _solve(plus, minus, plus_flipped, minus_flipped)


def _balance(groups: np.ndarray) -> tuple[float, float]:
    """Regular less singular groups, as a share, for the mask and for its negative."""
    before = _roughness(groups)
    straight, shifted = groups.copy(), groups.copy()
    straight[:, _MASK] ^= 1
    shifted[:, _MASK] = ((groups[:, _MASK] + 1) ^ 1) - 1
    return tuple(float(np.sign(_roughness(g) - before).mean()) for g in (straight, shifted))


def _roughness(groups: np.ndarray) -> np.ndarray:
    return np.abs(np.diff(groups, axis=1)).sum(axis=1, dtype=np.int16)


def _solve(d0: float, n0: float, d1: float, n1: float) -> float:
    """Rate from the root of 2(d1 + d0) z^2 + (n0 - n1 - d1 - 3 d0) z + d0 - n0 = 0 that is smaller in size."""
    a, b, c = 2 * (d1 + d0), n0 - n1 - d1 - 3 * d0, d0 - n0
    if a == 0 and b == 0:
        return math.nan
    if a == 0:
        z = -c / b
    else:
        root = math.sqrt(max(0.0, b * b - 4 * a * c))
        z = min((-b + root) / (2 * a), (-b - root) / (2 * a), key=abs)
    return z / (z - 0.5) if z != 0.5 else math.nan
