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
from starlight.training.build import moments
from starlight.training.fit_experts import Schedule, fit_encoder

__all__ = ["RIDGES", "Head", "Pairs", "fit", "fit_network", "prepared"]

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


class Pairs(NamedTuple):
    """Statistics of n files that heads learn from, and what all heads on them share.

    standardised : (n, d + 1) float32, a column of ones last.
    gram : (n, n) float64, inner products of the rows.
    """

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    standardised: NDArray[np.float32]
    gram: NDArray[np.float64]
    stego: NDArray[np.bool_]


def prepared(values: NDArray, stego: NDArray) -> Pairs:
    """Standardise statistics by those of authentic files.

    Parameters
    ----------
    values : ndarray, shape (n, d)
        NaN where undefined.
    stego : ndarray of bool, shape (n,)
    """
    mean, deviation = moments(values[~stego])
    rows = np.ones((len(values), values.shape[1] + 1), np.float32)
    rows[:, :-1] = _standardised(values, mean, deviation)
    return Pairs(mean, deviation, rows, (rows @ rows.T).astype(np.float64), np.asarray(stego, bool))


def fit(pairs: Pairs, photograph: Sequence[str], weight: NDArray | None = None) -> Head:
    """Fit a head; the ridge is chosen by photographs apart.

    Parameters
    ----------
    pairs : Pairs
    photograph : sequence of str, length n
        What is made from one photograph is in one part.
    weight : ndarray, shape (n,), optional
        Of the files; authentic and stego ones are balanced whatever it is.
    """
    weight = np.ones(len(pairs.stego)) if weight is None else np.asarray(weight, float)
    held = np.array([zlib.crc32(str(name).encode()) % _HELD == 0 for name in photograph])
    sharp = np.flatnonzero(held & (weight > weight.mean() / 2))
    known = np.flatnonzero(~held)
    ranks = [
        float(auc(pairs.stego[sharp], pairs.gram[np.ix_(sharp, known)] @ _dual(pairs, known, weight, ridge))[0])
        for ridge in RIDGES
    ]
    best = RIDGES[int(np.nanargmax(ranks))] if np.isfinite(ranks).any() else RIDGES[-1]
    share = _dual(pairs, np.arange(len(weight)), weight, best)
    return Head(pairs.mean, pairs.deviation, pairs.standardised.T @ share.astype(np.float32), best)


def _dual(pairs: Pairs, at: NDArray, weight: NDArray, ridge: float) -> NDArray[np.float64]:
    """What each of some files contributes to the weights of a head."""
    stego, weight = pairs.stego[at], weight[at]
    balanced = weight / np.where(stego, weight[stego].sum(), weight[~stego].sum())
    root = np.sqrt(balanced / balanced.mean())
    gram = pairs.gram[np.ix_(at, at)] * root[:, None] * root
    gram[np.diag_indices_from(gram)] += ridge * np.trace(gram) / len(gram)
    return root * solve(gram, np.where(stego, 1.0, -1.0) * root, assume_a="pos", overwrite_a=True)


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
    for buffer, moment in zip((network.mean, network.std), moments(values), strict=True):
        buffer.copy_(torch.from_numpy(moment))
    network.judges.fill_(True)
    authentic = np.repeat(~stego.any(axis=1, keepdims=True), stego.shape[1], axis=1)
    tensors = (torch.from_numpy(np.ascontiguousarray(part)) for part in (values, stego, authentic))
    fit_encoder(network, *tensors, torch.ones(len(values)), _NETWORK, seed=seed, turned=False)
    return network.eval()


def _standardised(values: NDArray, mean: NDArray, deviation: NDArray) -> NDArray[np.float32]:
    z = (np.asarray(values, np.float32) - mean) / deviation
    return np.clip(np.nan_to_num(z, copy=False), -_CLIP, _CLIP, out=z)
