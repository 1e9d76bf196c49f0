"""Block `structure` of the `content` stream: estimates of LSB replacement from the whole image."""

from __future__ import annotations

import math

import numpy as np

from starlight.attacks import chi_square, rs, spa, ws
from starlight.images import Image

__all__ = ["FEATURES", "compute"]

_PARTS = ("spa_rows", "spa_columns", "rs", "ws", "ws_mean8", "ws_corrected", "chi_square")
_PLANES = ("red", "green", "blue", "mean", "alpha", "index")
FEATURES = tuple(f"{plane}_{part}" for plane in _PLANES for part in _PARTS)


def compute(image: Image) -> list[float]:
    """Values of FEATURES; a grey image speaks for all three colours."""
    nothing = [math.nan] * len(_PARTS)
    if image.indices is None:
        planes = [_plane(np.ascontiguousarray(image.pixels[:, :, c])) for c in range(image.pixels.shape[2])]
        planes = planes * 3 if len(planes) == 1 else planes
        values = np.asarray([*planes, np.mean(planes, axis=0)])
    else:
        values = np.full((4, len(_PARTS)), math.nan)
    out = values.reshape(-1).tolist()
    out += nothing if image.alpha is None else _plane(image.alpha)
    return out + (nothing if image.indices is None else _plane(image.indices))


def _plane(channel: np.ndarray) -> list[float]:
    if min(channel.shape) < 4:
        return [math.nan] * len(_PARTS)
    chi = chi_square.estimate(channel)
    return [
        spa.estimate(channel), spa.estimate(channel.T), rs.estimate(channel), ws.estimate(channel),
        ws.estimate(channel, "mean8"), ws.estimate(channel, correct_bias=True),
        math.log1p(chi.statistic / chi.pairs) if chi.pairs else math.nan,
    ]  # fmt: skip
