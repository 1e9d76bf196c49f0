"""The released detector of tampered images: the stages' own steps on all of a submission, judged out of fold."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from starlight.errors import StarlightError
from starlight.forgery.verifier import Verifier
from starlight.manifest import of_forgery, usable
from starlight.store import Store
from starlight.training.forgery.examples import ROWS, Examples
from starlight.training.forgery.extract import examine_all
from starlight.training.forgery.learn import scores_out_of_fold
from starlight.training.forgery.params import ForgeryParams
from starlight.training.forgery.seams import train_networks
from starlight.training.forgery.stages import base_of, finetuned, mined
from starlight.training.mining import MineParams
from starlight.training.weighting import EnsembleParams, FinetuneParams

__all__ = ["Released", "examined", "released", "table_of"]


class Released(NamedTuple):
    """A detector with what it says of each image when it was not trained on its cover.

    verifier : Verifier, with its threshold.
    rows : DataFrame, an image each, with its `score`.
    """

    verifier: Verifier
    rows: pd.DataFrame


def examined(
    manifest: pd.DataFrame, root: Path, params: ForgeryParams, seed: int, store: Store
) -> tuple[Examples, dict[str, np.ndarray]]:
    """Train the networks on all images of the task, and look for suspicions with the one that has not seen each.

    Parameters
    ----------
    manifest : DataFrame
    root : Path
        What its paths start from.
    params : ForgeryParams
    seed : int
    store : Store
        Where results are kept by content.

    Returns
    -------
    Examples
    dict of ndarray
        The network that learnt from all of them.

    Raises
    ------
    StarlightError
        An image cannot be read.
    """
    rows = usable(of_forgery(manifest))[ROWS].assign(split="train", variant=0).reset_index(drop=True)
    networks = train_networks(rows, root, params, seed)
    examples, failed = examine_all(rows, root, networks, params, store)
    for sample, why in failed.items():
        raise StarlightError(f"{root}: {sample}: {why}")
    return examples, networks[2]


def released(
    data: Examples, mining: MineParams, params: ForgeryParams, tuning: FinetuneParams, pool: EnsembleParams, seed: int
) -> Released:
    """Train, mine and fine-tune on all images; the threshold is set on scores of images whose covers were left out.

    Parameters
    ----------
    data : Examples
        That `examined` gave.
    mining, params, tuning, pool : parameters of the stages
    seed : int
    """
    base = base_of(data, params, seed)
    made = finetuned(base, data, mined(base.whole, data, mining, params), params, tuning, pool, seed)
    made.detector.meta["images"] = len(data.rows)
    return Released(made.detector, data.rows.assign(score=scores_out_of_fold(made.folds, data, params)))


def table_of(rows: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Of each kind of forgery and category of authentic images: how many there are, and how many are flagged."""
    groups = np.where(rows["label"] == 1, "forged", "authentic") + np.where(rows["category"] == "", "", " ")
    groups = groups + rows["category"].astype(str)
    flagged = (rows["score"] >= threshold).astype(int)
    return pd.DataFrame({"group": groups, "n": 1, "flagged": flagged}).groupby("group").sum().reset_index()
