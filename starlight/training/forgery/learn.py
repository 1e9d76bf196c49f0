"""The base verifier, and the same one fine-tuned on images that weigh more or less."""

from __future__ import annotations

import dataclasses
import functools
from typing import NamedTuple

import numpy as np
import pandas as pd

from starlight.errors import StarlightError
from starlight.fanout import Engine
from starlight.forgery.boosting import Settings
from starlight.forgery.verifier import Verifier, ensemble, finetune, threshold_at, told_apart, train
from starlight.training.forgery.crossed import Crossed, crossed, folds_of
from starlight.training.forgery.examples import Examples
from starlight.training.forgery.params import ForgeryParams
from starlight.training.weighting import EnsembleParams

__all__ = [
    "Tuned", "cross_trained", "held_back", "image_scores", "pooled", "pooled_parts", "scores_out_of_fold", "seeds_of",
    "thresholded", "train_base", "tune",
]  # fmt: skip

_UNCLEAR = 0.1  # overlap from which a suspicion that is not right is not plainly wrong either: nothing is learnt of it
_LEAD = 0.2  # by how much one region of a copy overlaps more with the truth, for it to be the copy
_BLOCKS = 5  # of trees that fine-tuning adds; the best end of them is kept
_AROUND = (0.3, 0.6, 1.0, 1.7, 3.0)  # of the false-positive rate aimed at: at one alone, few images decide
_MASK_SHARE = 0.1  # weight of the mask beside the detection, as for the other task


class Tuned(NamedTuple):
    """Fine-tuned verifiers and their curve: a row a block of trees, the first before any."""

    verifiers: Crossed
    curve: pd.DataFrame


def held_back(rows: pd.DataFrame, share: float) -> np.ndarray:
    """(n,) bool: authentic images that base training does not see, so that mining finds what it gets wrong.

    Twins are not held back: without them the picture would tell forged from authentic. Which images they are follows
    from their sample ids.
    """
    twin = rows["sample_id"].isin(set(rows["twin_id"])).to_numpy()
    drawn = np.array([int(sample[:8], 16) / 16**8 for sample in rows["sample_id"]])
    return (rows["label"] == 0).to_numpy() & ~twin & (drawn < share)


def seeds_of(seed: int, params: ForgeryParams) -> list[int]:
    """Seeds of the trainings that figures are given for."""
    return [seed + k for k in range(params.seeds)]


def train_base(data: Examples, weights: np.ndarray, params: ForgeryParams, seed: int) -> Verifier:
    """Train a verifier on images.

    Parameters
    ----------
    data : Examples
    weights : (n,)
        Of the images; those of weight 0 are left out.
    params : ForgeryParams
    seed : int

    Returns
    -------
    Verifier

    Raises
    ------
    StarlightError
        No suspicion is right, or none is wrong.
    """
    table, y, w = _rows(data, weights, params)
    if not 0 < y.sum() < len(y):
        raise StarlightError(
            f"forgery: of {len(y)} suspicions in training images {y.sum()} are right (overlap {params.overlap}): "
            "nothing can be learnt; add forged images, or set tampering.enabled: true in params.yaml"
        )
    verifier = train(table, y, w, seed, Settings(trees=params.trees, depth=params.depth))
    verifier = dataclasses.replace(verifier, caution=params.caution)
    told = (data.overlap >= params.overlap) & (np.abs(data.lead) >= _LEAD) & (weights[data.image] > 0)
    return told_apart(verifier, data.table[told], data.lead[told] > 0) if told.any() else verifier


def cross_trained(data: Examples, weights: np.ndarray, params: ForgeryParams, seed: int) -> Crossed:
    """As `train_base`, of all images and without each fold.

    Parameters
    ----------
    data : Examples
    weights : (n,)
    params : ForgeryParams
    seed : int

    Returns
    -------
    Crossed
    """
    folds, workers = _folds(data, params), Engine(params.workers).cores()
    return crossed(functools.partial(_base, data, weights, params, seed), folds, workers)[0]


def tune(
    base: Crossed, data: Examples, weights: np.ndarray, params: ForgeryParams, pool: EnsembleParams, seed: int
) -> Tuned:
    """Add trees to verifiers in blocks, and keep the end of the block whose ensemble with them is best out of fold.

    Best is by the share of forged images found at and around the false-positive rate aimed at, and a tenth of the mean
    F1 of masks; what stands before any block counts, too.

    Parameters
    ----------
    base : Crossed
    data : Examples
    weights : (n,)
        Of its images; those of weight 0 are left out.
    params : ForgeryParams
    pool : EnsembleParams
        The ensemble that the result will be used in.
    seed : int

    Returns
    -------
    Tuned
    """
    folds, workers = _folds(data, params), Engine(params.workers).cores()
    ends = [base]
    if params.tuning_trees:
        ends += crossed(functools.partial(_blocks, base, data, weights, params, seed), folds, workers)
    said = [pooled_parts(base, end, pool).probability(data, folds) if i else base.probability(data, folds)
            for i, end in enumerate(ends)]  # fmt: skip
    curve = pd.DataFrame([{"trees": i * _each(params)} | _measured(p, data, params) for i, p in enumerate(said)])
    return Tuned(ends[int(curve["score"].argmax())], curve.round(6))


def pooled(base: Verifier, tuned: Verifier, params: EnsembleParams) -> Verifier:
    """The ensemble of the two, or the fine-tuned one alone.

    Parameters
    ----------
    base, tuned : Verifier
    params : EnsembleParams

    Returns
    -------
    Verifier
    """
    if not params.enabled or params.base == 0:
        return tuned
    return ensemble([base, tuned], [params.base, params.hard_negative])


def pooled_parts(base: Crossed, tuned: Crossed, params: EnsembleParams) -> Crossed:
    """As `pooled`, of the verifiers of all images and of those of each fold."""
    parts = zip(base.parts, tuned.parts, strict=True)
    return Crossed(pooled(base.whole, tuned.whole, params), tuple(pooled(*pair, params) for pair in parts))


def thresholded(verifiers: Crossed, data: Examples, params: ForgeryParams, **meta: object) -> Verifier:
    """The verifier of all images, with the threshold that at most `target_fpr` of authentic ones reach out of fold.

    Parameters
    ----------
    verifiers : Crossed
    data : Examples
        What they learnt from; changed copies set no threshold.
    params : ForgeryParams
    **meta
        What is stored along with it.

    Returns
    -------
    Verifier
    """
    scores = scores_out_of_fold(verifiers, data, params)
    threshold = threshold_at(scores[(data.labels == 0) & _as_they_are(data)], params.target_fpr)
    return dataclasses.replace(verifiers.whole, threshold=threshold, meta={"fpr": params.target_fpr, **meta})


def scores_out_of_fold(verifiers: Crossed, data: Examples, params: ForgeryParams) -> np.ndarray:
    """(n,) as `image_scores`, of the images that verifiers learnt from: each by the one that has not seen its fold."""
    return data.highest(verifiers.probability(data, _folds(data, params)), 0.0)


def image_scores(verifier: Verifier, data: Examples) -> np.ndarray:
    """(n,) highest probability of an image's suspicions; 0 where there is none."""
    return data.highest(verifier.probability(data.table), 0.0)


def _rows(data: Examples, weights: np.ndarray, params: ForgeryParams) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Facts, truth and weight of the suspicions that something is learnt of."""
    y = data.overlap >= params.overlap
    w = weights[data.image]
    kept = (w > 0) & (y | (data.overlap < min(_UNCLEAR, params.overlap)))
    return data.table[kept], y[kept].astype(int), w[kept]


def _folds(data: Examples, params: ForgeryParams) -> np.ndarray:
    return folds_of(data, data.overlap >= params.overlap)


def _as_they_are(data: Examples) -> np.ndarray:
    """(n,) bool: images that are no changed copies."""
    return (data.rows["variant"] == 0).to_numpy()


def _base(data: Examples, weights, params: ForgeryParams, seed: int, _: int, seen: np.ndarray) -> list[Verifier]:
    return [train_base(data, weights * seen, params, seed)]


def _blocks(base: Crossed, data: Examples, weights, params: ForgeryParams, seed: int, fold: int, seen):
    """Verifiers after each block of trees."""
    now = base.whole if fold < 0 else base.parts[fold]
    table, y, w = _rows(data, weights * seen, params)
    settings = Settings(trees=_each(params), depth=params.depth, rate=params.tuning_rate)
    ends = []
    for block in range(1, _BLOCKS + 1):
        now = finetune(now, table, y, w, seed * 1000 + block, settings)
        ends.append(now)
    return ends


def _each(params: ForgeryParams) -> int:
    """Trees of a block."""
    return max(1, params.tuning_trees // _BLOCKS)


def _measured(p: np.ndarray, data: Examples, params: ForgeryParams) -> dict[str, float]:
    """What probabilities of suspicions, (m,), are worth, on images as they are."""
    scores = data.highest(p, 0.0)
    forged, authentic = ((data.labels == label) & _as_they_are(data) for label in (1, 0))
    found = [scores[forged] >= threshold_at(scores[authentic], params.target_fpr * step) for step in _AROUND]
    best = data.highest(np.where(p == scores[data.image], data.overlap, 0.0), 0.0)[forged]
    right = best[found[_AROUND.index(1.0)]]
    f1 = float((2 * right / (1 + right)).mean()) if len(right) else 0.0
    recall = float(np.mean(found)) if forged.any() else 0.0
    y, q = data.overlap >= params.overlap, np.clip(p, 1e-6, 1 - 1e-6)
    return {
        "loss": float(-np.where(y, np.log(q), np.log(1 - q)).mean()) if len(q) else np.nan,
        "detection": recall, "mask_f1": f1, "score": recall + _MASK_SHARE * f1,
    }  # fmt: skip
