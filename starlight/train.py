"""The `train` stage: the baseline V3 and the base detector V4."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from starlight.detector.calibration import calibration
from starlight.detector.model import UnifiedStarlightDetector
from starlight.detector.weights import Member, data_hash, write
from starlight.errors import StarlightError
from starlight.extract.extract import StreamReader
from starlight.params import General, knob
from starlight.streams import REGISTRY, SETS
from starlight.training import devices
from starlight.training.build import build
from starlight.training.data import LABELS, TrainingData
from starlight.training.loop import Schedule, fit
from starlight.training.losses import LossWeights
from starlight.training.sampler import NegativeSampler
from starlight.training.selection import Passes

__all__ = [
    "Splits", "TrainParams", "calibrate", "expert_weights", "groups", "held_back", "load_splits",
    "sampler_of", "train",
]  # fmt: skip

_BATCH = 64  # images of a category whose mean says where it lies


@dataclasses.dataclass(frozen=True)
class TrainParams:
    """The `train` block of `params.yaml`."""

    epochs: int = knob(4, min=1, max=1000)
    baseline_epochs: int = knob(8, min=1, max=1000)
    batch_size: int = knob(48, min=4, max=4096)
    max_steps: int = knob(0, min=0)
    lr: float = knob(1.5e-3, min=1e-7, max=1.0)
    weight_decay: float = knob(0.02, min=0.0, max=10.0)
    tail_weight: float = knob(0.5, min=0.0, max=100.0)
    pair_weight: float = knob(0.5, min=0.0, max=100.0)
    map_weight: float = knob(0.3, min=0.0, max=100.0)
    held_back: float = knob(0.2, min=0.0, max=0.8)
    held_back_negatives: float = knob(0.2, min=0.0, max=1.0)
    target_fpr: float = knob(0.0005, min=1e-7, max=0.05)
    constraint_mask: bool = knob(True)

    @property
    def loss(self) -> LossWeights:
        return LossWeights(self.tail_weight, self.pair_weight, self.map_weight)

    def steps(self, batches: int) -> int:
        """Batches of an epoch, of so many that there are."""
        return min(batches, self.max_steps or batches)


class Splits(NamedTuple):
    """Training and validation images of one data set."""

    train: TrainingData
    val: TrainingData


def train(
    manifest: pd.DataFrame, reader: StreamReader, general: General, params: TrainParams,
    *, variant: str, out: Path, curves: Path, scratch: Path,
) -> None:  # fmt: skip
    """Train one detector and write its weights and curves.

    Parameters
    ----------
    manifest : DataFrame
    reader : StreamReader
    variant : {"v3", "v4_base"}
        V3 reads six streams and knows neither negatives nor the constraint mask.
    out, curves : Path
        Weights (safetensors) and curves (CSV).
    scratch : Path
        Folder for checkpoints and temporary files; outlives a kill.

    Raises
    ------
    StarlightError
        A split lacks stego or authentic images.
    """
    baseline = variant == "v3"
    streams = SETS["six" if baseline else general.streams]
    splits = load_splits(manifest, reader, streams, scratch, negatives=not baseline)
    weight_negatives(splits.train, general)
    sampler = sampler_of(
        splits.train, dataclasses.replace(general, negative_ratio=0.0) if baseline else general, params.batch_size,
        None if baseline else held_back(splits.train, params),
    )  # fmt: skip
    masked = params.constraint_mask and not baseline
    shares = expert_weights(splits.train, sampler)
    model = build(splits.train, streams, constraint_mask=masked, seed=general.seed, weight=shares)
    schedule = Schedule(
        params.baseline_epochs if baseline else params.epochs, params.lr, params.weight_decay, seed=general.seed
    )
    recipe = {"general": dataclasses.asdict(general), "train": dataclasses.asdict(params), "variant": variant}
    made_of = data_hash([*splits.train.rows["sample_id"], *splits.val.rows["sample_id"]])
    saved = scratch / f"{variant}-{data_hash([str(recipe), made_of])}.pt"
    steps = params.steps(len(sampler))
    table = fit(
        model, splits.train, splits.val, lambda epoch: islice(sampler.epoch(epoch), steps), steps, schedule,
        params.loss, saved,
    )  # fmt: skip
    fitted = calibrate([Member(model, 1.0)], Passes(splits.val, maps=False), params.target_fpr)
    if devices.current()[1] == 0:
        meta = {"name": variant, "params": recipe, "data_hash": made_of, "images": len(splits.train),
                "stream_versions": {name: REGISTRY[name].VERSION for name in streams},
                "ood_limit": ood_limit(model, splits), "centroids": centroids(model, splits.train)}  # fmt: skip
        write(out, [Member(model, 1.0)], fitted, meta)
        curves.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(curves, index=False, lineterminator="\n")
        saved.unlink(missing_ok=True)
    devices.barrier()


def load_splits(
    manifest: pd.DataFrame, reader: StreamReader, streams: tuple[str, ...], scratch: Path, *, negatives: bool = True
) -> Splits:
    """Training and validation images that are fit for use.

    Raises
    ------
    StarlightError
        Names the split and what it lacks.
    """
    rows = manifest[(manifest["status"] == "ok") & manifest["kind"].isin(["clean", "stego", "negative"])]
    if not negatives:
        rows = rows[rows["kind"] != "negative"]
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


def sampler_of(
    data: TrainingData, general: General, batch_size: int, held: np.ndarray | None = None
) -> NegativeSampler:
    """Sampler of the training images, without those (n,) that are held back for mining."""
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


def calibrate(members: Sequence[Member], passes: Passes, target_fpr: float) -> calibration.Calibration:
    """Thresholds and probabilities of an ensemble.

    Parameters
    ----------
    members : sequence of Member
    passes : Passes
        Over the validation split; shared by ensembles that share members.
    target_fpr : float
        Image-level false-positive rate, in (0, 0.1).
    """
    logits, val = passes.log_odds(members), passes.data
    return calibration.fit(logits, val.technique, val.classes, techniques=LABELS, target_fpr=target_fpr)


@torch.no_grad()
def ood_limit(model: UnifiedStarlightDetector, splits: Splits) -> float:
    """Highest unlikeness that authentic training and validation images reach, all but one in a thousand."""
    names, values = [n for n in ("content", "dct") if n in model.encoders], []
    for part in splits:
        authentic = part.labels == 0
        batch = {n: torch.from_numpy(part.vectors(n)[authentic]) for n in names}
        values.append(model.cpu().unlikeness(batch | {"tiles": torch.zeros(int(authentic.sum()))}).numpy())
    return round(float(np.quantile(np.concatenate(values), 0.999)), 6)


@torch.no_grad()
def centroids(model: UnifiedStarlightDetector, data: TrainingData) -> dict[str, list[float]]:
    """Mean embedding of training images of each category: a technique, a kind of look-alike, or `clean`."""
    device, model = devices.current()[0], model.eval()
    names = np.where(groups(data) == "", "clean", groups(data))
    found = {}
    for name in sorted(set(names)):
        chosen = np.flatnonzero(names == name)
        chosen = chosen[:: -(-len(chosen) // _BATCH)]  # evenly over all of them
        batch = data.batch(chosen).to(device)
        found[str(name)] = model.to(device)(batch.inputs, batch.mask).embedding.float().mean(0).cpu()
    return {name: [round(v, 4) for v in mean.tolist()] for name, mean in found.items()}
