"""The small network that reads the maps: convolutions over cells, in NumPy. Weights come from training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

__all__ = ["DILATIONS", "probabilities"]

DILATIONS = (0, 1, 2, 4, 0)  # of each layer's 3 x 3 kernel; 0 for 1 x 1


def probabilities(weights: Mapping[str, np.ndarray], values: np.ndarray) -> np.ndarray:
    """Probability that each cell was put in or filled in.

    Parameters
    ----------
    weights : mapping
        `seams.<i>.weight` (out, in, k, k) and `seams.<i>.bias` (out,) of each layer.
    values : (c, rows, columns) float32
        See `starlight.forgery.seams.maps.maps`.

    Returns
    -------
    (rows, columns) float32
    """
    x = values
    for i, dilation in enumerate(DILATIONS):
        x = _convolve(x, weights[f"seams.{i}.weight"], weights[f"seams.{i}.bias"], dilation)
        if i < len(DILATIONS) - 1:
            x = np.maximum(x, 0.1 * x)
    return 1 / (1 + np.exp(-np.clip(x[0], -30, 30)))


def _convolve(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, dilation: int) -> np.ndarray:
    channels, rows, columns = x.shape
    if dilation == 0:
        return (weight[:, :, 0, 0] @ x.reshape(channels, -1)).reshape(-1, rows, columns) + bias[:, None, None]
    padded = np.pad(x, ((0, 0), (dilation, dilation), (dilation, dilation)), mode="edge")
    out = np.zeros((len(weight), rows * columns), np.float32)
    for i in range(3):
        for j in range(3):
            part = padded[:, i * dilation : i * dilation + rows, j * dilation : j * dilation + columns]
            out += weight[:, :, i, j] @ part.reshape(channels, -1)
    return out.reshape(-1, rows, columns) + bias[:, None, None]
