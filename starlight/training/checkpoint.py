"""Checkpoints: after a kill, training goes on to the same final weights."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from torch import nn

from starlight.system.atomic import whole
from starlight.training.selection import Validation

__all__ = ["State"]


class State:
    """All that a resumed training needs: weights, optimiser, schedule, random state, curves and the best epoch.

    Parameters
    ----------
    model : Module
    optimiser : Optimizer
    scheduler : LRScheduler
    """

    def __init__(self, model: nn.Module, optimiser: torch.optim.Optimizer, scheduler: Any) -> None:
        self.model, self.optimiser, self.scheduler = model, optimiser, scheduler
        self.epoch, self.best_epoch, self.best_score = 0, 0, float("-inf")
        self.best: dict[str, torch.Tensor] = copy.deepcopy(model.state_dict())
        self.rows: list[dict[str, float]] = []

    def record(self, epoch: int, lr: float, loss: float, measures: Validation, *, by_loss: bool = False) -> None:
        """Note an epoch; keep its weights when it is the best so far (the earlier one wins a tie).

        Parameters
        ----------
        epoch : int
        lr, loss : float
            Learning rate, and mean loss on the training images.
        measures : Validation
        by_loss : bool
            The best epoch is that of the lowest validation loss, not of the highest score.
        """
        self.epoch = epoch
        self.rows.append({
            "epoch": epoch, "lr": round(lr, 8), "train_loss": round(loss, 6), "val_loss": round(measures.loss, 6),
            "val_auc": round(measures.auc, 6), "val_detection": round(measures.detection, 6),
            "val_fpr": round(measures.fpr, 6), "val_map_mcc": round(measures.map_mcc, 6),
        })  # fmt: skip
        score = -measures.loss if by_loss else measures.score
        if score > self.best_score:
            self.best_score, self.best_epoch = float(score), epoch
            self.best = copy.deepcopy(self.model.state_dict())

    def restore_best(self) -> None:
        """Give the model the weights of the best epoch."""
        self.model.load_state_dict(self.best)

    def save(self, path: Path) -> None:
        """Write atomically."""
        with whole(path) as partial:
            torch.save({
                "model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(),
                "scheduler": self.scheduler.state_dict(), "random": torch.get_rng_state(), "best": self.best,
                "epoch": self.epoch, "best_epoch": self.best_epoch, "best_score": self.best_score, "rows": self.rows,
            }, partial)  # fmt: skip

    def resume(self, path: Path) -> bool:
        """Go on from a checkpoint; False where there is none."""
        if not path.exists():
            return False
        saved = torch.load(path, weights_only=True, map_location="cpu")
        self.model.load_state_dict(saved["model"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.scheduler.load_state_dict(saved["scheduler"])
        torch.set_rng_state(saved["random"])
        self.best, self.rows = saved["best"], saved["rows"]
        self.epoch, self.best_epoch, self.best_score = saved["epoch"], saved["best_epoch"], saved["best_score"]
        return True
