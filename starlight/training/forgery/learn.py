"""The base verifier, and the same one fine-tuned on images that weigh more or less."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import pandas as pd

from starlight.errors import StarlightError
from starlight.forgery.boosting import Settings
from starlight.forgery.verifier import Verifier, ensemble, finetune, threshold_at, told_apart, train
from starlight.training.forgery.examples import Examples
from starlight.training.forgery.params import ForgeryParams
from starlight.training.weighting import EnsembleParams

__all__ = ["Tuned", "held_back", "image_scores", "pooled", "seeds_of", "thresholded", "train_base", "tune"]

_UNCLEAR = 0.1  # overlap from which a suspicion that is not right is not plainly wrong either: nothing is learnt of it
_LEAD = 0.2  # by how much one region of a copy overlaps more with the truth, for it to be the copy
_BLOCKS = 5  # of trees that fine-tuning adds; the best end of them is kept
_AROUND = (0.3, 0.6, 1.0, 1.7, 3.0)  # of the false-positive rate aimed at: at one alone, few images decide
_MASK_SHARE = 0.1  # weight of the mask beside the detection, as for the other task


class Tuned(NamedTuple):
    """A fine-tuned verifier and its curve: a row a block of trees, the first before any."""

    verifier: Verifier
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


def tune(
    base: Verifier, data: Examples, weights: np.ndarray, val: Examples, params: ForgeryParams, pool: EnsembleParams,
    seed: int,
) -> Tuned:  # fmt: skip
    """Add trees to a verifier in blocks, and keep the end of the block whose ensemble with it is best on validation.

    Best is by the share of forged images found at and around the false-positive rate aimed at, and a tenth of the mean
    F1 of masks; what stands before any block counts, too.

    Parameters
    ----------
    base : Verifier
    data : Examples
    weights : (n,)
        Of its images; those of weight 0 are left out.
    val : Examples
    params : ForgeryParams
    pool : EnsembleParams
        The ensemble that the result will be used in.
    seed : int

    Returns
    -------
    Tuned
    """
    table, y, w = _rows(data, weights, params)
    each = max(1, params.tuning_trees // _BLOCKS)
    settings = Settings(trees=each, depth=params.depth, rate=params.tuning_rate)
    best, now, curve = base, base, [_measured(base, val, params, 0)]
    for block in range(1, _BLOCKS + 1 if params.tuning_trees else 1):
        now = finetune(now, table, y, w, seed * 1000 + block, settings)
        curve.append(_measured(pooled(base, now, pool), val, params, block * each))
        if curve[-1]["val_score"] > max(row["val_score"] for row in curve[:-1]):
            best = now
    return Tuned(best, pd.DataFrame(curve).round(6))


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


def thresholded(verifier: Verifier, val: Examples, params: ForgeryParams, **meta: object) -> Verifier:
    """A verifier with the threshold that at most `target_fpr` of the authentic validation images reach.

    Parameters
    ----------
    verifier : Verifier
    val : Examples
    params : ForgeryParams
    **meta
        What is stored along with it.

    Returns
    -------
    Verifier
    """
    scores = image_scores(verifier, val)[val.labels == 0]
    threshold = threshold_at(scores, params.target_fpr)
    return dataclasses.replace(verifier, threshold=threshold, meta={"fpr": params.target_fpr, **meta})


def image_scores(verifier: Verifier, data: Examples) -> np.ndarray:
    """(n,) highest probability of an image's suspicions; 0 where there is none."""
    return data.highest(verifier.probability(data.table), 0.0)


def _rows(data: Examples, weights: np.ndarray, params: ForgeryParams) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Facts, truth and weight of the suspicions that something is learnt of."""
    y = data.overlap >= params.overlap
    w = weights[data.image]
    kept = (w > 0) & (y | (data.overlap < min(_UNCLEAR, params.overlap)))
    return data.table[kept], y[kept].astype(int), w[kept]


def _measured(verifier: Verifier, val: Examples, params: ForgeryParams, trees: int) -> dict[str, float]:
    p = verifier.probability(val.table)
    scores = val.highest(p, 0.0)
    forged = val.labels == 1
    found = [scores[forged] >= threshold_at(scores[~forged], params.target_fpr * step) for step in _AROUND]
    best = val.highest(np.where(p == scores[val.image], val.overlap, 0.0), 0.0)[forged]
    right = best[found[_AROUND.index(1.0)]]
    f1 = float((2 * right / (1 + right)).mean()) if len(right) else 0.0
    recall = float(np.mean(found)) if forged.any() else 0.0
    y, q = val.overlap >= params.overlap, np.clip(p, 1e-6, 1 - 1e-6)
    return {
        "trees": trees, "val_loss": float(-np.where(y, np.log(q), np.log(1 - q)).mean()) if len(q) else np.nan,
        "val_detection": recall, "val_mask_f1": f1, "val_score": recall + _MASK_SHARE * f1,
    }  # fmt: skip
