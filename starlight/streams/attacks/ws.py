"""Weighted stego image.

Fridrich, Goljan, "On estimation of secret message length in LSB steganography in spatial domain", SPIE 5306, 2004;
predictor and bias correction of Ker, Böhme, "Revisiting weighted stego-image steganalysis", SPIE 6819, 2008: a sample
that was changed lies on the side of its prediction that its parity tells.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["PREDICTORS", "estimate"]

PREDICTORS = {  # weights of the four nearest neighbours and of the four diagonal ones
    "kb": (0.5, -0.25),
    "mean4": (0.25, 0.0),
    "mean8": (0.125, 0.125),
}
_MODERATION = 5.0  # variance, grey levels squared, below which flat areas gain no more weight


def estimate(channel: np.ndarray, predictor: str = "kb", *, weighted: bool = True, correct_bias: bool = False) -> float:
    """Embedding rate from the errors of predicting each sample by its eight neighbours.

    Parameters
    ----------
    channel : (H, W) uint8
    predictor : {"kb", "mean4", "mean8"}
    weighted : bool
        Weight samples by 1 / (5 + local variance).
    correct_bias : bool
        Take off the bias where neighbours agree in parity: they change in the same direction as the sample, and its
        prediction with them (after Ker and Böhme, section 3.3).

    Returns
    -------
    float
        Bits per pixel, near 0 on covers and not clipped there; NaN for fewer than three rows or columns.
    """
    if min(channel.shape) < 3:
        return math.nan
    values = channel.astype(np.float32)
    centre = values[1:-1, 1:-1]
    sign = 1 - 2 * (channel & 1).astype(np.float32)  # flipped value less value
    error = centre - _predict(values, predictor)
    weights = _weights(values) if weighted else np.full_like(error, 1 / error.size)
    change_rate = -float((weights * sign[1:-1, 1:-1] * error).sum(dtype=np.float64))
    if correct_bias:
        shift = _predict(sign, predictor)
        change_rate /= 1 + float((weights * sign[1:-1, 1:-1] * shift).sum(dtype=np.float64))
    return 2 * change_rate


def _predict(plane: np.ndarray, predictor: str) -> np.ndarray:
    near, diagonal = PREDICTORS[predictor]
    rows = plane[:-2] + plane[2:]
    cross = rows[:, 1:-1] + plane[1:-1, :-2] + plane[1:-1, 2:]
    return near * cross + diagonal * (rows[:, :-2] + rows[:, 2:]) if diagonal else near * cross


def _weights(values: np.ndarray) -> np.ndarray:
    mean, square = _mean9(values), _mean9(values * values)
    weights = 1 / (_MODERATION + np.maximum(square - mean * mean, 0))
    return weights / weights.sum(dtype=np.float64)


def _mean9(plane: np.ndarray) -> np.ndarray:
    rows = plane[:-2] + plane[1:-1] + plane[2:]
    return (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9
