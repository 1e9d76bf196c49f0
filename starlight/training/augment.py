"""Augmentation that cannot destroy the signal: exact flips and quarter turns of the cells, nothing resampled."""

from __future__ import annotations

import numpy as np
import torch

from starlight.detector.model.frontend import FRONTENDS
from starlight.training.data import Batch

__all__ = ["augment"]


def augment(batch: Batch, rng: np.random.Generator) -> Batch:
    """Turn and mirror all crops of a batch, and their map targets, by one of the eight symmetries of the square.

    The cells of the fixed front end are turned, with their direction channels exchanged. What is read in scan order
    (`content`, `metadata`, ...) is not touched.
    """
    transpose, across, down = (bool(b) for b in rng.integers(0, 2, 3))
    inputs = dict(batch.inputs)
    for name, front in FRONTENDS.items():
        key = f"{name}_cells"
        if key in inputs:
            cells = inputs[key]
            if transpose:
                cells = cells[:, :, front().transposed()]
            inputs[key] = _turn(cells, transpose, across, down)
    return Batch(
        inputs, batch.mask, batch.technique, batch.weight, batch.pairs,
        _turn(batch.map_target, transpose, across, down), _turn(batch.map_valid, transpose, across, down),
    )  # fmt: skip


def _turn(maps: torch.Tensor, transpose: bool, across: bool, down: bool) -> torch.Tensor:
    if transpose:
        maps = maps.transpose(-1, -2)
    axes = [axis for axis, wanted in ((-1, across), (-2, down)) if wanted]
    return maps.flip(axes) if axes else maps
