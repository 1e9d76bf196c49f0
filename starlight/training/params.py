"""The blocks `train` and `baseline` of `params.yaml`."""

from __future__ import annotations

import dataclasses

from starlight.params import knob
from starlight.training.losses import LossWeights

__all__ = ["BaselineParams", "TrainParams"]


@dataclasses.dataclass(frozen=True)
class BaselineParams:
    """The `baseline` block: what V3 has of V4, nothing unless told; with each it climbs a rung of the ladder."""

    twins: bool = knob()
    negatives: float = knob(min=0.0, max=0.9)
    constraint_mask: bool = knob()


@dataclasses.dataclass(frozen=True)
class TrainParams:
    """The `train` block of `params.yaml`."""

    epochs: int = knob(min=1, max=1000)
    network_epochs: int = knob(min=1, max=1000)
    batch_size: int = knob(min=4, max=4096)
    max_steps: int = knob(min=0)
    lr: float = knob(min=1e-7, max=1.0)
    weight_decay: float = knob(min=0.0, max=10.0)
    tail_weight: float = knob(min=0.0, max=100.0)
    pair_weight: float = knob(min=0.0, max=100.0)
    map_weight: float = knob(min=0.0, max=100.0)
    held_back: float = knob(min=0.0, max=0.8)
    held_back_negatives: float = knob(min=0.0, max=1.0)
    held_back_alone: float = knob(min=0.0, max=1.0)
    target_fpr: float = knob(min=1e-7, max=0.05)
    other_fprs: list[float] = knob(min=1e-7, max=0.05)
    map_fp_ratio: float = knob(min=0.0, max=1.0)
    constraint_mask: bool = knob()
    reading: bool = knob()

    @property
    def loss(self) -> LossWeights:
        return LossWeights(self.tail_weight, self.pair_weight, self.map_weight)

    def steps(self, batches: int) -> int:
        """Batches of an epoch, of so many that there are."""
        return min(batches, self.max_steps or batches)
