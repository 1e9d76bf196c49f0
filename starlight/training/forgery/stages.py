"""The stages train, mine and finetune of the task forgery; miner, weights and control are those of every task."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from starlight.forgery.accepted import accepted
from starlight.forgery.verifier import Verifier
from starlight.training.forgery.crossed import Crossed
from starlight.training.forgery.examples import ROWS, Examples
from starlight.training.forgery.learn import (
    cross_trained,
    held_back,
    image_scores,
    pooled_parts,
    seeds_of,
    thresholded,
    tune,
)
from starlight.training.forgery.params import ForgeryParams
from starlight.training.forgery.record import KINDS
from starlight.training.mining import Evidence, Mined, MineParams, select
from starlight.training.weighting import EnsembleParams, FinetuneParams, as_many_at_random, by_area

__all__ = ["Trained", "base_of", "finetuned", "marked", "mined", "nothing_mined", "other_seeds", "sampling_weights"]


class Trained(NamedTuple):
    """Verifiers with their thresholds, and how they came about.

    base : before mining.
    tuned : the base fine-tuned on what was mined, alone.
    detector : what is used, the ensemble of both.
    control : as `detector`, of as many authentic images drawn at random.
    curve : DataFrame, a row a block of trees.
    folds : the detector, and those like it that have not seen a fold of covers.
    """

    base: Verifier
    tuned: Verifier
    detector: Verifier
    control: Verifier
    curve: pd.DataFrame
    folds: Crossed


def base_of(data: Examples, params: ForgeryParams, seed: int) -> Crossed:
    """The base verifier: it sees forged images, their twins, and what is not held back.

    Parameters
    ----------
    data : Examples
        Training and validation images.
    params : ForgeryParams
    seed : int

    Returns
    -------
    Crossed
        That of all images has its threshold.
    """
    weights = (~held_back(data.rows, params.held_back)).astype(float)
    made = cross_trained(data, weights, params, seed)
    return made._replace(whole=thresholded(made, data, params, name="base", seed=seed))


def mined(base: Verifier, data: Examples, mining: MineParams, params: ForgeryParams) -> Mined:
    """Mine the training images as they are, without changed copies: of the authentic ones those that base did not see.

    What it was trained on it scores low, whatever it thinks of others. Where nothing was held back, all are mined.

    Parameters
    ----------
    base : Verifier
    data : Examples
    mining : MineParams
        But for its `share`, which is `params.mine_share`.
    params : ForgeryParams

    Returns
    -------
    Mined
        See `starlight.training.mining.select`.
    """
    data = data.taken((data.rows["variant"] == 0).to_numpy())
    p = base.probability(data.table)
    score = np.log(_odds(image_scores(base, data)) / _odds(base.threshold))
    shares = np.array([_shares(data, p, i, mining.threshold) for i in range(len(data.rows))]).reshape(-1, 2)
    named = np.array([KINDS[data.kinds[at[p[at].argmax()]]] if len(at := data.of(i)) else ""
                      for i in range(len(data.rows))], dtype=object)  # fmt: skip
    evidence = Evidence(score, shares[:, 0], shares[:, 1], data.highest(p, 0.0), named)
    unseen = held_back(data.rows, params.held_back)
    mining = dataclasses.replace(mining, share=params.mine_share)
    return select(
        data.rows, data.labels, evidence, mining, positive="forged", pool=unseen if unseen.any() else None
    )  # fmt: skip


def nothing_mined(params: MineParams, why: str) -> Mined:
    """Tables without rows, and an account that says why.

    Parameters
    ----------
    params : MineParams
    why : str

    Returns
    -------
    Mined
    """
    none = np.zeros(0)
    found = select(pd.DataFrame(columns=ROWS), none, Evidence(*(none,) * 5), params, positive="forged")
    return found._replace(audit=found.audit | {"advice": f"nothing to learn from: {why}"})


def _odds(probability):
    p = np.clip(probability, 1e-9, 1 - 1e-9)
    return p / (1 - p)


def _shares(data: Examples, p: np.ndarray, image: int, threshold: float) -> tuple[float, float]:
    """Share of an authentic image that is marked at the threshold; overlap of a forged one with what is marked."""
    marked = [i for i in data.of(image) if p[i] >= threshold]
    if data.labels[image]:
        return 0.0, max((float(data.overlap[i]) for i in marked), default=0.0)
    if not marked:
        return 0.0, float("nan")
    return float(np.mean(np.any([data.mask(i) for i in marked], axis=0))), float("nan")


def sampling_weights(
    data: Examples, hard: pd.DataFrame, missed: pd.DataFrame, seen: np.ndarray, params: FinetuneParams
) -> np.ndarray:
    """Weight of each training image: 1 for what the base has seen, more for mined and for small forgeries.

    What the base has not seen joins only where it was mined.

    Parameters
    ----------
    data : Examples
    hard, missed : DataFrame
        With `sample_id` of the images.
    seen : (n,) bool
    params : FinetuneParams

    Returns
    -------
    ndarray, shape (n,)
    """
    is_hard = data.rows["sample_id"].isin(set(hard["sample_id"])).to_numpy()
    weights = np.where(data.labels == 1, by_area(data.rows["area"].to_numpy(float), params), 1.0)
    weights[~seen & ~is_hard] = 0.0
    weights[is_hard] *= params.hard_negative_weight
    weights[data.rows["sample_id"].isin(set(missed["sample_id"])).to_numpy()] *= params.missed_weight
    return weights


def finetuned(
    base: Crossed, data: Examples, found: Mined, params: ForgeryParams, tuning: FinetuneParams, pool: EnsembleParams,
    seed: int,
) -> Trained:  # fmt: skip
    """Fine-tune on what was mined, and on as many random authentic images as a control.

    Parameters
    ----------
    base : Crossed
    data : Examples
        Training and validation images.
    found : Mined
    params : ForgeryParams
    tuning : FinetuneParams
    pool : EnsembleParams
    seed : int

    Returns
    -------
    Trained
    """
    held = held_back(data.rows, params.held_back)
    original = (data.rows["variant"] == 0).to_numpy()
    is_hard = data.rows["sample_id"].isin(set(found.hard_negatives["sample_id"])).to_numpy()
    at = as_many_at_random((data.labels == 0) & original, is_hard & original, held, seed)
    made, curve = {}, None
    for name, hard in (("detector", found.hard_negatives), ("control", data.rows.iloc[at])):
        weights = sampling_weights(data, hard, found.missed, ~held, tuning)
        result = tune(base, data, weights, params, pool, seed) if len(hard) else None
        tuned = base if result is None else result.verifiers
        both = pooled_parts(base, tuned, pool) if result else base
        made[name] = thresholded(both, data, params, name=name, seed=seed)
        if name == "detector":
            folds = both
            made["tuned"] = thresholded(tuned, data, params, name="tuned", seed=seed)
            curve = result.curve if result else pd.DataFrame(columns=["trees", "score"])
    return Trained(base.whole, made["tuned"], made["detector"], made["control"], curve, folds)


def other_seeds(
    data: Examples, mining: MineParams, params: ForgeryParams, tuning: FinetuneParams, pool: EnsembleParams, seed: int
) -> Iterator[tuple[int, Trained]]:
    """Train, mine and fine-tune again with each seed but the first.

    Parameters
    ----------
    data : Examples
        Training and validation images.
    mining : MineParams
    params : ForgeryParams
    tuning : FinetuneParams
    pool : EnsembleParams
    seed : int
        The first one.

    Yields
    ------
    (int, Trained)
    """
    for other in seeds_of(seed, params)[1:]:
        base = base_of(data, params, other)
        found = mined(base.whole, data, mining, params)
        yield other, finetuned(base, data, found, params, tuning, pool, other)


def marked(verifier: Verifier, data: Examples, image: int) -> np.ndarray:
    """What a verifier marks in an image at its threshold.

    Parameters
    ----------
    verifier : Verifier
    data : Examples
    image : int

    Returns
    -------
    ndarray, shape (h, w), bool
    """
    at = data.of(image)
    kept = at[accepted(verifier.probability(data.table[at]), verifier.threshold)]
    row = data.rows.iloc[image]
    mask = np.zeros((int(row["height"]), int(row["width"])), bool)
    for i, side in zip(kept, verifier.chosen(data.table[kept]), strict=True):
        mask |= data.mask(i, int(side))
    return mask
