"""Block `residual` of the `content` stream: co-occurrences of truncated high-pass residuals."""

from __future__ import annotations

import numpy as np

from starlight.images import Image

__all__ = ["FEATURES", "compute"]

_T = 2
_SIDE = 2 * _T + 1
FEATURES = tuple(f"{axis}_{i}" for axis in ("rows", "columns") for i in range(_SIDE**3))


def compute(image: Image) -> list[float]:
    """Values of FEATURES, square roots of shares; NaN for indexed and tiny images."""
    if image.indices is not None or min(image.pixels.shape[:2]) < 8:
        return [np.nan] * len(FEATURES)
    pixels = image.pixels.astype(np.int16)
    return [*_triples(pixels), *_triples(pixels.swapaxes(0, 1))]


def _triples(pixels: np.ndarray) -> np.ndarray:
    d = np.clip(pixels[:, 1:] - pixels[:, :-1], -_T, _T) + np.int16(_T)
    code = (d[:, 2:] * _SIDE + d[:, 1:-1]) * _SIDE + d[:, :-2]
    counts = np.bincount(code.reshape(-1), minlength=_SIDE**3)
    return np.sqrt(counts / counts.sum())
