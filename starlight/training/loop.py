"""The training loop: read from top to bottom. Base detector, baseline and fine-tuning all go through `fit`."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from starlight.detector.model import UnifiedStarlightDetector
from starlight.detector.model.encoders import VectorEncoder
from starlight.training import checkpoint, devices
from starlight.training.augment import augment
from starlight.training.data import Batch, TrainingData
from starlight.training.losses import LossWeights, detector_loss
from starlight.training.selection import Validation, validate

__all__ = ["Schedule", "fit"]


@dataclass(frozen=True)
class Schedule:
    """How long and how fast.

    Attributes
    ----------
    epochs : int
    lr : float
        Peak learning rate of AdamW; warmed up over a tenth of the steps, then a cosine down to a twentieth.
    weight_decay : float
    patience : int
        Epochs without a better validation measure after which training stops; 0 never stops early.
    seed : int
    by_loss : bool
        The best epoch is that of the lowest validation loss: for what is judged at even odds, not at a rate.
    """

    epochs: int
    lr: float
    weight_decay: float = 0.02
    patience: int = 0
    seed: int = 0
    by_loss: bool = False


def fit(
    model: UnifiedStarlightDetector,
    train: TrainingData,
    val: TrainingData,
    batches: Callable[[int], Iterator[np.ndarray]],
    steps: int,
    schedule: Schedule,
    weights: LossWeights,
    checkpoint_path: Path | None = None,
    *,
    start_epoch_is_best: bool = False,
) -> pd.DataFrame:
    """Train in place; the model ends with the weights of its best epoch.

    Parameters
    ----------
    batches : callable
        Epoch number to batches of indices into `train`; the same on every process.
    steps : int
        Batches an epoch.
    checkpoint_path : Path, optional
        Written after every epoch and resumed from when it fits; removed by the caller.
    start_epoch_is_best : bool
        Count the weights as given as epoch 0, so that training can only keep or improve them.

    Returns
    -------
    DataFrame
        One row an epoch: learning rate, losses and validation measures.
    """
    device, rank, world = devices.current()
    model.to(device)
    for encoder in model.encoders.values():
        if isinstance(encoder, VectorEncoder) and encoder.judges.any():
            encoder.settle()
    wrapped = DistributedDataParallel(model, find_unused_parameters=True) if world > 1 else model
    optimiser = torch.optim.AdamW(model.parameters(), lr=schedule.lr, weight_decay=schedule.weight_decay)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimiser, _cosine(steps * schedule.epochs))
    state = checkpoint.State(model, optimiser, scheduler)
    torch.manual_seed(schedule.seed + rank)
    if not (checkpoint_path and state.resume(checkpoint_path)) and start_epoch_is_best:
        state.record(0, 0.0, math.nan, validate(model, val, device, weights))
    for epoch in range(state.epoch + 1, schedule.epochs + 1):
        if schedule.patience and epoch - 1 - state.best_epoch >= schedule.patience:
            break
        lr = optimiser.param_groups[0]["lr"]
        with devices.stopwatch(epoch, steps) as watch:
            loss = _epoch(wrapped, train, batches(epoch), epoch, schedule, weights, optimiser, scheduler, watch)
        measures = validate(model, val, device, weights)
        state.record(epoch, lr, loss, measures, by_loss=schedule.by_loss)
        if rank == 0:
            tqdm.write(_line(epoch, schedule.epochs, loss, measures, watch))
            if checkpoint_path:
                state.save(checkpoint_path)
        devices.barrier()
    state.restore_best()
    return pd.DataFrame(state.rows)


def _epoch(wrapped, train, batches, epoch, schedule, weights, optimiser, scheduler, watch) -> float:
    """One pass; returns the mean loss. `watch` counts images and shows the progress."""
    device, rank, world = devices.current()
    rng = np.random.default_rng([schedule.seed, epoch, 1])
    wrapped.train()
    total, count = 0.0, 0
    for indices in watch.over(batches):
        batch = augment(train.batch(indices, tile="random", rng=rng), rng)
        loss = _step(wrapped, _share(batch, rank, world).to(device), weights, device)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(wrapped.parameters(), 5.0)
        optimiser.step()
        scheduler.step()
        total, count = total + loss.item(), count + 1
        watch.images += len(indices)
    return total / max(1, count)


def _step(wrapped: nn.Module, batch: Batch, weights: LossWeights, device: torch.device) -> torch.Tensor:
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        output = wrapped(batch.inputs, batch.mask)
    output = type(output)(*(part.float() for part in output))
    return detector_loss(output, batch.technique, batch.weight, batch.pairs, batch.map_target, batch.map_valid, weights)


def _share(batch: Batch, rank: int, world: int) -> Batch:
    """This process's part of a batch: every world-th image. Pairs that fall apart are left out."""
    if world == 1:
        return batch
    take = torch.arange(rank, len(batch.technique), world)
    whole = [p for p in batch.pairs.tolist() if p[0] % world == rank and p[1] % world == rank]
    pairs = torch.tensor([[a // world, b // world] for a, b in whole], dtype=torch.int64).reshape(-1, 2)
    fields = {
        f.name: getattr(batch, f.name)[take] for f in dataclasses.fields(Batch) if f.name not in ("inputs", "pairs")
    }
    return Batch(inputs={k: v[take] for k, v in batch.inputs.items()}, pairs=pairs, **fields)


def _cosine(total: int) -> Callable[[int], float]:
    warm = max(1, total // 10)

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, total - warm))))

    return factor


def _line(epoch: int, epochs: int, loss: float, measures: Validation, watch) -> str:
    return (
        f"epoch {epoch}/{epochs}  loss {loss:.4f}  val loss {measures.loss:.4f}  detection {measures.detection:.4f}"
        f"  map MCC {measures.map_mcc:.3f}  {watch.seconds:.1f} s  {watch.rate:.0f} images/s"
    )
