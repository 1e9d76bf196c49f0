"""The `train` stage: the baseline V3 and the base detector V4."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
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
from starlight.techniques.shown import without_expert
from starlight.training import devices
from starlight.training.build import build
from starlight.training.calibrate import calibrate, even_odds, set_map_bar
from starlight.training.cells.crops import Crops
from starlight.training.data import TrainingData
from starlight.training.loop import Schedule, fit
from starlight.training.losses import LossWeights
from starlight.training.params import BaselineParams, TrainParams
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

_TOGETHER = 4096  # images whose unlikeness is taken at a time
_BATCH = 64  # images of a category whose mean says where it lies
_PATIENCE = 4  # epochs without a better validation measure after which a network that gives verdicts is trained


def train(
    manifest: pd.DataFrame, reader: StreamReader, crops: Crops, general: General, params: TrainParams,
    *, variant: str, out: Path, curves: Path, scratch: Path, baseline: BaselineParams | None = None,
) -> None:  # fmt: skip
    """Train one detector and write its weights and curves.

    Parameters
    ----------
    manifest : DataFrame
    reader : StreamReader
    crops : Crops
        Where the crops of the images come from.
    variant : {"v3", "v4_base"}
    out, curves : Path
        Weights (safetensors) and curves (CSV).
    scratch : Path
        Absolute; folder for checkpoints and temporary files; outlives a kill.
    baseline : BaselineParams, optional
        Makes it V3, what the predecessor was: six streams and no experts, trained on `ordinary` images, judged at even
        odds, and nothing read.

    Raises
    ------
    StarlightError
        A split lacks stego or authentic images.
    """
    streams = SETS["six" if baseline else general.streams]
    splits = load_splits(manifest, reader, streams, crops, scratch, baseline=baseline)
    if baseline:
        general = dataclasses.replace(general, negative_ratio=baseline.negatives, negative_categories=[])
    weight_negatives(splits.train, general)
    held = None if baseline else held_back(splits.train, params)
    sampler = sampler_of(splits.train, general, params.batch_size, held)
    model = build(
        splits.train, streams, constraint_mask=(baseline or params).constraint_mask, seed=general.seed,
        weight=expert_weights(splits.train, sampler), reads=params.reading and not baseline,
    )  # fmt: skip
    recipe = {"general": dataclasses.asdict(general), "train": dataclasses.asdict(params), "variant": variant}
    recipe |= {"baseline": dataclasses.asdict(baseline)} if baseline else {}
    made_of = data_hash([*splits.train.rows["sample_id"], *splits.val.rows["sample_id"]])
    saved = scratch / f"{variant}-{data_hash([str(recipe), made_of])}.pt"
    steps = params.steps(len(sampler))
    table = fit(
        model, splits.train, splits.val, lambda epoch: islice(sampler.epoch(epoch), steps), steps,
        _schedule(params, streams, general.seed, by_loss=baseline is not None),
        LossWeights(0.0, 0.0, params.map_weight) if baseline else params.loss, saved,
    )  # fmt: skip
    members, passes = [Member(model, 1.0)], Passes(splits.val, maps=False)
    if baseline:
        fitted = even_odds(members, passes)
    else:
        fitted = calibrate(members, passes, params.target_fpr, params.other_fprs)
        set_map_bar(model, splits.val, params.map_fp_ratio)
    if devices.current()[1] == 0:
        meta = {"name": variant, "params": recipe, "data_hash": made_of, "images": len(splits.train),
                "stream_versions": {name: REGISTRY[name].VERSION for name in streams},
                "ood_limit": ood_limit(model, splits), "centroids": centroids(model, splits.train)}  # fmt: skip
        write(out, members, fitted, meta)
        curves.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(curves, index=False, lineterminator="\n")
        saved.unlink(missing_ok=True)
    devices.barrier()


def _schedule(params: TrainParams, streams: Sequence[str], seed: int, *, by_loss: bool) -> Schedule:
    """A network that gives verdicts takes longer to learn to than one that draws the map."""
    network = bool(without_expert(streams))
    epochs, patience = (params.network_epochs, _PATIENCE) if network else (params.epochs, 0)
    return Schedule(epochs, params.lr, params.weight_decay, patience=patience, seed=seed, by_loss=by_loss)


@torch.no_grad()
def ood_limit(model: UnifiedStarlightDetector, splits: Splits) -> float:
    """Highest unlikeness that authentic training and validation images reach, all but one in a thousand."""
    names, values = [n for n in ("content", "dct") if n in model.encoders], []
    for part in splits:
        authentic, vectors = np.flatnonzero(part.labels == 0), {n: part.vectors(n) for n in names}
        for some in np.array_split(authentic, 1 + len(authentic) // _TOGETHER):
            batch = {n: torch.from_numpy(rows[some]) for n, rows in vectors.items()}
            values.append(model.cpu().unlikeness(batch | {"tiles": torch.zeros(len(some))}).numpy())
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
