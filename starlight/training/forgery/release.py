"""The released detector of tampered images: trained on all of a submission, judged on each image by folds of covers."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from starlight.fanout import Engine
from starlight.forgery.candidates import examine
from starlight.forgery.verifier import Verifier, finetune, threshold_at
from starlight.images.image import read
from starlight.manifest import of_forgery, usable
from starlight.training.forgery.examples import ROWS, Examples, gather
from starlight.training.forgery.learn import image_scores, pooled, train_base
from starlight.training.forgery.params import ForgeryParams
from starlight.training.forgery.record import Found, packed, unpacked
from starlight.training.forgery.seams import Networks, network_of, train_networks
from starlight.training.weighting import EnsembleParams, FinetuneParams

__all__ = ["Released", "examined", "released", "table_of"]

_FOLDS = 5
_HARD = 0.05  # share of authentic images, those with the highest scores, that fine-tuning gives more weight


class Released(NamedTuple):
    """A detector with what it says of each image when it was not trained on its cover.

    verifier : Verifier, with its threshold.
    network : dict of str to array
    rows : DataFrame, an image each, with its `score`.
    """

    verifier: Verifier
    network: dict[str, np.ndarray]
    rows: pd.DataFrame


def examined(manifest: pd.DataFrame, root: Path, params: ForgeryParams, seed: int) -> tuple[Examples, Networks]:
    """Train the networks on all images of the task, and look for suspicions with the one that has not seen each.

    Parameters
    ----------
    manifest : DataFrame
    root : Path
        Folder that its paths start from.
    params : ForgeryParams
    seed : int

    Returns
    -------
    Examples
    Networks
    """
    rows = usable(of_forgery(manifest))[ROWS].assign(split="train", variant=0).reset_index(drop=True)
    networks = train_networks(rows, root, params, seed)
    workers = Engine(params.workers).cores()
    found = Parallel(n_jobs=workers, batch_size=8)(
        delayed(_found)(root / path, network_of(networks, "train", cover))
        for path, cover in zip(rows["path"], rows["cover_id"], strict=True)
    )
    return gather(rows, found, root), networks


def released(
    data: Examples, networks: Networks, params: ForgeryParams, tuning: FinetuneParams, pool: EnsembleParams, seed: int
) -> Released:
    """Train on all images; the threshold is set on scores of images whose covers were left out.

    Parameters
    ----------
    data : Examples
    networks : Networks
        Those that `examined` gave.
    params, tuning, pool : parameters of the stages
    seed : int
    """
    folds = np.array([hashlib.sha256(c.encode()).digest()[1] % _FOLDS for c in data.rows["cover_id"]])
    hard = np.zeros(len(data.rows), bool)
    for _ in range(2):  # first to find what is hard, then with it
        score = np.zeros(len(data.rows))
        for fold in range(_FOLDS):
            made = _fitted(data, (folds != fold).astype(float), hard, params, tuning, pool, seed)
            score[folds == fold] = image_scores(made, data)[folds == fold]
        authentic = data.labels == 0
        hard = authentic & (score >= threshold_at(score[authentic], _HARD))
    verifier = _fitted(data, np.ones(len(data.rows)), hard, params, tuning, pool, seed)
    threshold = threshold_at(score[authentic], params.target_fpr)
    meta = {"name": "forgery", "seed": seed, "fpr": params.target_fpr, "images": len(data.rows)}
    return Released(
        dataclasses.replace(verifier, threshold=threshold, meta=meta), networks[2], data.rows.assign(score=score)
    )


def table_of(rows: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Of each kind of forgery and category of authentic images: how many there are, and how many are flagged."""
    groups = np.where(rows["label"] == 1, "forged", "authentic") + np.where(rows["category"] == "", "", " ")
    groups = groups + rows["category"].astype(str)
    flagged = (rows["score"] >= threshold).astype(int)
    return pd.DataFrame({"group": groups, "n": 1, "flagged": flagged}).groupby("group").sum().reset_index()


def _fitted(data, weights, hard, params, tuning, pool, seed: int) -> Verifier:
    """Base, fine-tuned on what is hard for it, and the ensemble of both."""
    base = train_base(data, weights, params, seed)
    if not (hard & (weights > 0)).any():
        return base
    w = weights * np.where(hard, tuning.hard_negative_weight, 1.0)
    kept = w[data.image] > 0
    y = (data.overlap >= params.overlap).astype(int)
    return pooled(base, finetune(base, data.table[kept], y[kept], w[data.image][kept], seed), pool)


def _found(path: Path, network: dict[str, np.ndarray]) -> Found:
    cv2.setNumThreads(1)
    image = read(path)
    return unpacked(packed(examine(image, network), image.pixels.shape[:2]))
