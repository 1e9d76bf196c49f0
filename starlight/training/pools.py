"""Which images a detector learns from, how often, and how much each counts."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from starlight.errors import StarlightError
from starlight.params import General
from starlight.store import StreamReader
from starlight.techniques import protocol
from starlight.training.data import TrainingData
from starlight.training.params import BaselineParams, TrainParams
from starlight.training.sampler import NegativeSampler

__all__ = [
    "Splits",
    "expert_weights",
    "groups",
    "held_back",
    "load_splits",
    "ordinary",
    "sampler_of",
    "weight_negatives",
]


class Splits(NamedTuple):
    """Training and validation images of one data set."""

    train: TrainingData
    val: TrainingData


def load_splits(
    manifest: pd.DataFrame, reader: StreamReader, streams: tuple[str, ...], scratch: Path, *,
    baseline: BaselineParams | None = None,
) -> Splits:  # fmt: skip
    """Training and validation images that are fit for use.

    Parameters
    ----------
    manifest : DataFrame
    reader : StreamReader
    streams : tuple of str
    scratch : Path
        Folder for what does not fit into memory.
    baseline : BaselineParams, optional
        Only what V3 is trained on, see `ordinary`.

    Returns
    -------
    Splits

    Raises
    ------
    StarlightError
        Names the split and what it lacks.
    """
    rows = manifest[(manifest["status"] == "ok") & manifest["kind"].isin(["clean", "stego", "negative"])]
    rows = ordinary(rows, baseline) if baseline else rows
    parts = {}
    for split in ("train", "val"):
        chosen = rows[rows["split"] == split]
        for label, what in ((1, "stego"), (0, "clean or negative")):
            if not (chosen["label"] == label).any():
                raise StarlightError(
                    f"datasets/: the {split} split has no usable {what} image; add a submission with some, "
                    "or set sample.enabled: true in params.yaml"
                )
        parts[split] = TrainingData(chosen, reader, streams, scratch)
    return Splits(**parts)


def ordinary(rows: pd.DataFrame, baseline: BaselineParams) -> pd.DataFrame:
    """Images as V3's predecessor had them: stego of the protocol's techniques, and clean ones that it was not made of.

    No look-alikes and no payload-free twins of that stego: nothing tells what a payload is from what it came in. Where
    all clean images are such twins, or no stego is of the protocol, those that there are serve.

    Parameters
    ----------
    rows : DataFrame
        Of the manifest.
    baseline : BaselineParams
        Whether the twins of that stego, and look-alikes, are there after all.
    """
    clean, stego = rows[rows["kind"] == "clean"], rows[rows["kind"] == "stego"]
    plain = _some(stego[stego["technique"].isin(protocol())], stego)
    twin = clean["sample_id"].isin(set(plain["twin_id"].dropna()))
    parts = [plain, clean if baseline.twins else _some(clean[~twin], clean)]
    if baseline.negatives:
        parts.append(rows[rows["kind"] == "negative"])
    return rows[rows["sample_id"].isin(pd.concat(parts)["sample_id"])]


def _some(chosen: pd.DataFrame, every: pd.DataFrame) -> pd.DataFrame:
    return chosen if set(chosen["split"]) >= {"train", "val"} else every


def sampler_of(
    data: TrainingData, general: General, batch_size: int, held: np.ndarray | None = None
) -> NegativeSampler:
    """Sampler of the training images.

    Parameters
    ----------
    data : TrainingData
    general : General
    batch_size : int
    held : (n,) bool, optional
        Images that are held back for mining.

    Returns
    -------
    NegativeSampler
    """
    kinds = data.rows["kind"] if held is None else np.where(held, "held back", data.rows["kind"])
    return NegativeSampler(
        general.negative_ratio, general.negative_categories, kinds=kinds, groups=groups(data), twins=data.twins,
        batch_size=batch_size, seed=general.seed,
    )  # fmt: skip


def groups(data: TrainingData) -> np.ndarray:
    """Technique of stego images, category of negatives: what batches are stratified by."""
    rows = data.rows
    return np.where(rows["label"] == 1, rows["technique"].fillna(""), rows["category"].fillna("")).astype(object)


def held_back(data: TrainingData, params: TrainParams) -> np.ndarray:
    """(n,) bool: authentic images that base training does not see, so that mining finds what it gets wrong.

    A detector is hardly ever wrong on images that it was trained on. Twins are not held back: without them the
    container would tell stego from clean. Which images they are follows from their sample ids.
    """
    twin = np.zeros(len(data), bool)
    twin[data.twins[data.twins >= 0]] = True
    drawn = np.array([int(sample[:8], 16) / 16**8 for sample in data.rows["sample_id"]])
    negative = (data.rows["kind"] == "negative").to_numpy()
    share = np.where(negative, params.held_back_negatives, params.held_back)
    return (data.labels == 0) & ~twin & (drawn < share)


def expert_weights(data: TrainingData, sampler: NegativeSampler) -> np.ndarray:
    """(n,) weight of each image in the experts' loss; 0 for what the sampler leaves out.

    An expert sees every image many times. Negatives that counted as often as batches show them, many times what a
    clean image does, would be learnt by heart, and the images unlike them paid for it. So a negative counts the share
    of negatives in a batch, times its loss weight, and one of a small category more, by the root of the sizes.
    """
    weights = np.where(data.labels == 1, 1.0, 0.0)
    weights[sampler.clean] = 1.0
    share = sampler.shares[2] / sum(sampler.shares)
    sizes = np.array([len(group) for group in sampler.negatives])
    for group in sampler.negatives:
        weights[group] = share * np.sqrt(sizes.mean() / len(group))
    return weights * data.weight


def weight_negatives(data: TrainingData, general: General) -> None:
    """Set each negative's loss weight from its category."""
    negative = (data.rows["kind"] == "negative").to_numpy()
    weights = [general.negative_weights.get(c, 2.0) for c in data.rows["category"][negative]]
    data.weight[negative] = np.asarray(weights, np.float32)
