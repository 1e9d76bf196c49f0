"""The `train` stage: the baseline V3 and the base detector V4."""

from __future__ import annotations

import dataclasses
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from starlight.detector.model import UnifiedStarlightDetector
from starlight.detector.weights import Member, data_hash, write
from starlight.params import General
from starlight.store import StreamReader
from starlight.streams import REGISTRY, SETS
from starlight.training import devices
from starlight.training.build import build
from starlight.training.calibrate import calibrate, even_odds
from starlight.training.cells.crops import Crops
from starlight.training.data import TrainingData
from starlight.training.loop import Schedule, fit
from starlight.training.losses import LossWeights
from starlight.training.params import TrainParams
from starlight.training.pools import (
    Splits,
    expert_weights,
    groups,
    held_back,
    load_splits,
    sampler_of,
    weight_negatives,
)  # fmt: skip
from starlight.training.selection import Passes

__all__ = ["centroids", "ood_limit", "train"]

_BATCH = 64  # images of a category whose mean says where it lies
_PATIENCE = 4  # epochs without a better validation measure after which V3 is trained


def train(
    manifest: pd.DataFrame, reader: StreamReader, crops: Crops, general: General, params: TrainParams,
    *, variant: str, out: Path, curves: Path, scratch: Path,
) -> None:  # fmt: skip
    """Train one detector and write its weights and curves.

    Parameters
    ----------
    manifest : DataFrame
    reader : StreamReader
    crops : Crops
        Where the crops of the images come from.
    variant : {"v3", "v4_base"}
        V3 is what the predecessor was: six streams and no experts, trained on `ordinary` images, no constraint mask,
        judged at even odds.
    out, curves : Path
        Weights (safetensors) and curves (CSV).
    scratch : Path
        Absolute; folder for checkpoints and temporary files; outlives a kill.

    Raises
    ------
    StarlightError
        A split lacks stego or authentic images.
    """
    baseline = variant == "v3"
    streams = SETS["six" if baseline else general.streams]
    splits = load_splits(manifest, reader, streams, crops, scratch, baseline=baseline)
    weight_negatives(splits.train, general)
    sampler = sampler_of(
        splits.train, dataclasses.replace(general, negative_ratio=0.0) if baseline else general, params.batch_size,
        None if baseline else held_back(splits.train, params),
    )  # fmt: skip
    masked = params.constraint_mask and not baseline
    shares = expert_weights(splits.train, sampler)
    model = build(splits.train, streams, constraint_mask=masked, seed=general.seed, weight=shares)
    schedule = Schedule(
        params.baseline_epochs if baseline else params.epochs, params.lr, params.weight_decay,
        patience=_PATIENCE if baseline else 0, seed=general.seed,
    )  # fmt: skip
    recipe = {"general": dataclasses.asdict(general), "train": dataclasses.asdict(params), "variant": variant}
    made_of = data_hash([*splits.train.rows["sample_id"], *splits.val.rows["sample_id"]])
    saved = scratch / f"{variant}-{data_hash([str(recipe), made_of])}.pt"
    steps = params.steps(len(sampler))
    table = fit(
        model, splits.train, splits.val, lambda epoch: islice(sampler.epoch(epoch), steps), steps, schedule,
        LossWeights(0.0, 0.0, params.map_weight) if baseline else params.loss, saved,
    )  # fmt: skip
    members, passes = [Member(model, 1.0)], Passes(splits.val, maps=False)
    fitted = even_odds(members, passes) if baseline else calibrate(members, passes, params.target_fpr)
    if devices.current()[1] == 0:
        meta = {"name": variant, "params": recipe, "data_hash": made_of, "images": len(splits.train),
                "stream_versions": {name: REGISTRY[name].VERSION for name in streams},
                "ood_limit": ood_limit(model, splits), "centroids": centroids(model, splits.train)}  # fmt: skip
        write(out, members, fitted, meta)
        curves.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(curves, index=False, lineterminator="\n")
        saved.unlink(missing_ok=True)
    devices.barrier()


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
