"""Heads on sets of statistics: linear ones, and the small network that the detector's encoders are.

A linear one is least squares with a ridge, which is Fisher's discriminant for equal weights. J. Kodovsky, J. Fridrich,
V. Holub, "Ensemble Classifiers for Steganalysis of Digital Media", IEEE TIFS 7 (2012), find that on rich statistics
linear heads are as good as any. There are more statistics than images, so that the normal equations are solved over
images. The network is fitted as the released experts are (`starlight.training.fit_experts`).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import solve

from starlight.detector.model.encoders import VectorEncoder
from starlight.metrics import auc
from starlight.training.fit_experts import Schedule, fit_encoder

__all__ = ["RIDGES", "Head", "fit", "fit_network"]

RIDGES = (0.03, 0.3, 3.0)  # of the mean squared norm of an image's statistics
_CLIP = 6.0  # standard deviations
_NETWORK, _HIDDEN = Schedule(40, 1e-3), 48
_HELD = 4  # covers of one in so many choose the ridge


class Head(NamedTuple):
    """A linear head: statistics' mean and deviation over authentic files, weights (d + 1,) with the constant last."""

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    weights: NDArray[np.float32]
    ridge: float

    def score(self, values: NDArray) -> NDArray[np.float32]:
        """(n,) higher for stego."""
        z = _standardised(values, self.mean, self.deviation)
        return z @ self.weights[:-1] + self.weights[-1]


def fit(values: NDArray, stego: NDArray, cover: Sequence[str], weight: NDArray | None = None) -> Head:
    """Fit a head; the ridge is chosen by covers apart.

    Parameters
    ----------
    values : ndarray, shape (n, d)
        Statistics; NaN where undefined.
    stego : ndarray of bool, shape (n,)
    cover : sequence of str, length n
        What is made from one cover is in one part.
    weight : ndarray, shape (n,), optional
        Of the images; authentic and stego ones are balanced whatever it is.
    """
    weight = np.ones(len(values)) if weight is None else np.asarray(weight, float)
    held = np.array([zlib.crc32(str(name).encode()) % _HELD == 0 for name in cover])
    tried = _solved(values[~held], stego[~held], weight[~held], RIDGES)
    sharp = held & (weight > weight.mean() / 2)
    ranks = [float(auc(stego[sharp], head.score(values[sharp]))[0]) for head in tried]
    best = RIDGES[int(np.nanargmax(ranks))] if np.isfinite(ranks).any() else RIDGES[-1]
    return _solved(values, stego, weight, (best,))[0]


def fit_network(values: NDArray, stego: NDArray, *, seed: int) -> VectorEncoder:
    """Fit one network to several families of techniques.

    Parameters
    ----------
    values : ndarray, shape (n, d)
        Statistics; NaN where undefined.
    stego : ndarray of bool, shape (n, families)
        Which family a file carries; none for authentic files.
    seed : int
        Of the order of the files and of dropout.

    Returns
    -------
    VectorEncoder
        In evaluation mode; the second of what it gives is the log-odds of each family.
    """
    torch.manual_seed(seed)
    network = VectorEncoder(values.shape[1], stego.shape[1], hidden=_HIDDEN)
    for buffer, moment in zip((network.mean, network.std), _moments(values), strict=True):
        buffer.copy_(torch.from_numpy(moment))
    network.judges.fill_(True)
    authentic = np.repeat(~stego.any(axis=1, keepdims=True), stego.shape[1], axis=1)
    tensors = (torch.from_numpy(np.ascontiguousarray(part)) for part in (values, stego, authentic))
    fit_encoder(network, *tensors, torch.ones(len(values)), _NETWORK, seed=seed, turned=False)
    return network.eval()


def _moments(values: NDArray) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    with np.errstate(invalid="ignore"):
        mean, deviation = (f(values, axis=0).astype(np.float32) for f in (np.nanmean, np.nanstd))
    return np.nan_to_num(mean), np.where(deviation > 0, deviation, 1).astype(np.float32)


def _standardised(values: NDArray, mean: NDArray, deviation: NDArray) -> NDArray[np.float32]:
    z = (np.asarray(values, np.float32) - mean) / deviation
    return np.clip(np.nan_to_num(z, copy=False), -_CLIP, _CLIP, out=z)


def _solved(values: NDArray, stego: NDArray, weight: NDArray, ridges: Sequence[float]) -> list[Head]:
    mean, deviation = _moments(values[~stego])
    balanced = weight / np.where(stego, weight[stego].sum(), weight[~stego].sum())
    root = np.sqrt(balanced / balanced.mean()).astype(np.float32)
    rows = np.concatenate([_standardised(values, mean, deviation), np.ones((len(values), 1), np.float32)], axis=1)
    rows *= root[:, None]
    gram = (rows @ rows.T).astype(np.float64)
    target, scale = np.where(stego, 1.0, -1.0) * root, np.trace(gram) / len(gram)
    return [Head(mean, deviation, rows.T @ _dual(gram, ridge * scale, target), ridge) for ridge in ridges]


def _dual(gram: NDArray, ridge: float, target: NDArray) -> NDArray[np.float32]:
    return solve(gram + ridge * np.eye(len(gram)), target, assume_a="pos").astype(np.float32)
