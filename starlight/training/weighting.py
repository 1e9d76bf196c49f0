"""How much each image counts in fine-tuning, for every task: mined ones more, small payloads and forgeries more."""

from __future__ import annotations

import dataclasses

import numpy as np

from starlight.params import knob

__all__ = ["EnsembleParams", "FinetuneParams", "as_many_at_random", "by_area"]


@dataclasses.dataclass(frozen=True)
class FinetuneParams:
    """The `finetune` block of `params.yaml`."""

    epochs: int = knob(min=0, max=1000)
    patience: int = knob(min=0)
    batch_size: int = knob(min=4, max=4096)
    lr: float = knob(min=1e-8, max=1.0)
    weight_decay: float = knob(min=0.0, max=10.0)
    hard_negative_weight: float = knob(min=0.0, max=100.0)
    only_mined: bool = knob()
    pair_stego: bool = knob()
    missed_weight: float = knob(min=0.0, max=100.0)
    tiny_weight: float = knob(min=0.0, max=100.0)
    small_weight: float = knob(min=0.0, max=100.0)
    large_weight: float = knob(min=0.0, max=100.0)
    control: bool = knob()


@dataclasses.dataclass(frozen=True)
class EnsembleParams:
    """The `ensemble` block of `params.yaml`: weights of the members in the average of log-odds."""

    enabled: bool = knob()
    base: float = knob(min=0.0, max=100.0)
    hard_negative: float = knob(min=0.0, max=100.0)


def by_area(share: np.ndarray, params: FinetuneParams) -> np.ndarray:
    """(n,) weight by the share of the image that carries payload or was tampered with; 1 where it is unknown or 0."""
    known = ~np.isnan(share) & (share > 0)
    weights = np.select([share < 0.01, share <= 0.05], [params.tiny_weight, params.small_weight], params.large_weight)
    return np.where(known, weights, 1.0)


def as_many_at_random(authentic: np.ndarray, mined: np.ndarray, held: np.ndarray, seed: int) -> np.ndarray:
    """Positions of as many authentic images as were mined, drawn at random, and as many of them held back.

    Parameters
    ----------
    authentic, mined, held : bool (n,)
    seed : int
    """
    rng, chosen = np.random.default_rng([seed, 77]), []
    for pool in (held, ~held):
        chosen += rng.permutation(np.flatnonzero(authentic & pool))[: np.count_nonzero(mined & pool)].tolist()
    return np.array(sorted(chosen), int)
