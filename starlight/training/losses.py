"""The training loss: technique, image, pair and map terms."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from starlight.detector.model import Output
from starlight.detector.plain.network import IMPOSSIBLE

__all__ = ["LossWeights", "detector_loss"]

from dataclasses import dataclass


@dataclass(frozen=True)
class LossWeights:
    """Weights of the terms.

    Attributes
    ----------
    tail : float
        Extra weight of the worst tenth of the authentic images of a batch: the tail is where false alarms live.
    pair : float
        Weight of the ranking of each stego image over its payload-free twin.
    map : float
        Weight of the localisation map.
    """

    tail: float = 0.5
    pair: float = 0.5
    map: float = 0.3


def detector_loss(
    output: Output,
    technique: Tensor,
    weight: Tensor,
    pairs: Tensor,
    map_target: Tensor,
    map_valid: Tensor,
    weights: LossWeights,
) -> Tensor:
    """Loss of a batch.

    As the experts', each technique against authentic images that could carry it: which technique it is, is left to
    calibration, so that one that nobody can see does not weigh on the others. Stego and authentic images count alike.

    Parameters
    ----------
    output : Output
        Of b images with t techniques and k tiles.
    technique : (b,) int64
        Index of the technique, -1 for authentic images.
    weight : (b,) float
        Per-image weight (the negative's category weight, the stego image's weight).
    pairs : (p, 2) int64
        Positions in the batch of (stego, twin).
    map_target, map_valid : (b, k, 32, 32) float
        1 where the cell differs from the twin; 0 in `map_valid` leaves a cell out.

    Returns
    -------
    Tensor
        Scalar.
    """
    stego = technique >= 0
    own = output.logits.gather(1, technique.clamp(min=0)[:, None])[:, 0]
    possible = (output.logits > IMPOSSIBLE).float()
    others = (F.softplus(output.logits) * possible).sum(1) / possible.sum(1).clamp(min=1)
    each = torch.where(stego, F.softplus(-own), others) * weight
    loss = sum(each[part].sum() / weight[part].sum() for part in (stego, ~stego) if part.any())
    authentic = each[technique < 0]
    if weights.tail and len(authentic):
        worst = torch.topk(authentic, max(1, len(authentic) // 10)).values
        loss = loss + weights.tail * worst.mean()
    if weights.pair and len(pairs):
        margin = _own_logit(output, technique, pairs[:, 0], pairs[:, 0]) - _own_logit(
            output, technique, pairs[:, 1], pairs[:, 0]
        )
        loss = loss + weights.pair * F.softplus(-margin).mean()
    if weights.map and map_valid.any():
        cells = F.binary_cross_entropy_with_logits(output.cell_logits, map_target, reduction="none")
        loss = loss + weights.map * (cells * map_valid).sum() / map_valid.sum()
    return loss


def _own_logit(output: Output, technique: Tensor, image: Tensor, stego: Tensor) -> Tensor:
    """Logit, at `image`, of the technique of `stego`, where a masked-out twin counts as a sure "no"."""
    return output.logits[image, technique[stego]].clamp(min=-8.0)
