"""Regular and singular groups.

Fridrich, Goljan, Du, "Reliable detection of LSB steganography in color and grayscale images", ACM Multimedia and
Security 2001: how often flipping LSBs makes a group of four samples noisier, compared with shifted flipping.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["estimate"]


def estimate(channel: np.ndarray) -> float:
    """Embedding rate from horizontal groups of four and the mask 0110.

    Parameters
    ----------
    channel : (H, W) uint8

    Returns
    -------
    float
        Bits per pixel, near 0 on covers and not clipped there; NaN for fewer than four columns, or where regular and
        singular groups are equally many whatever is flipped.
    """
    width = channel.shape[1] // 4 * 4
    if not width or not len(channel):
        return math.nan
    groups = [channel[:, k:width:4].astype(np.int16) for k in range(4)]
    flipped = [g ^ 1 for g in groups]
    return _solve(*_balance(groups, flipped), *_balance(flipped, groups))


def _balance(groups: list[np.ndarray], flipped: list[np.ndarray]) -> tuple[float, float]:
    """Regular less singular groups, as a share, for the mask and for its negative."""
    first, *inner, last = groups
    before = _roughness(first, *inner, last)
    straight = _roughness(first, *flipped[1:3], last)
    shifted = _roughness(first, *(((g + 1) ^ 1) - 1 for g in inner), last)
    return tuple(
        (np.count_nonzero(after > before) - np.count_nonzero(after < before)) / before.size
        for after in (straight, shifted)
    )


def _roughness(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    out = np.abs(a - b)
    out += np.abs(b - c)
    out += np.abs(c - d)
    return out


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
