"""A fresh detector for a data set: sizes, standardisation, Fisher start."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from starlight.model import DetectorConfig, UnifiedStarlightDetector
from starlight.model.detector import VECTOR_STREAMS
from starlight.streams import REGISTRY
from starlight.training.data import LABELS, TrainingData
from starlight.training.fisher import TrainingSet, fisher_discriminants

__all__ = ["build"]

_STD_FLOOR = 1e-4  # a feature that never varies in training must not blow up on the first image in which it does
_CELL_SAMPLE = 2000  # tiles from which the cells' mean and spread are taken


def build(data: TrainingData, streams: Sequence[str], *, constraint_mask: bool, seed: int) -> UnifiedStarlightDetector:
    """Detector with standardisation and discriminants fitted to the training images.

    Parameters
    ----------
    data : TrainingData
        The training split.
    streams : sequence of str
        Streams to read.
    constraint_mask : bool
        Whether impossible techniques are masked out.
    seed : int
        Of the random initial weights.
    """
    torch.manual_seed(seed)
    vectors = {n: data.vectors(n) for n in streams if n in VECTOR_STREAMS}
    config = DetectorConfig(
        streams=tuple(streams),
        blocks=tuple((n, _blocks(n, v.shape[1])) for n, v in vectors.items()),
        techniques=LABELS,
        constraint_mask=constraint_mask,
    )
    model = UnifiedStarlightDetector(config)
    possible = data.mask if constraint_mask else np.ones_like(data.mask)
    folds = _folds(data)
    for name, values in vectors.items():
        encoder = model.encoders[name]
        mean, std = _moments(values)
        encoder.mean.copy_(torch.from_numpy(mean))
        encoder.std.copy_(torch.from_numpy(std))
        standardised = encoder.standardise(torch.from_numpy(values))
        for layer, part in zip(encoder.direct, standardised.split(encoder.blocks, dim=1), strict=True):
            found = TrainingSet(part.numpy(), data.technique, possible, data.twins, folds)
            weight, bias = fisher_discriminants(found)
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(weight))
                layer.bias.copy_(torch.from_numpy(bias))
    for name in model.crops:
        mean, std = data.cell_moments(name, _CELL_SAMPLE)
        model.encoders[name].mean.copy_(torch.from_numpy(mean)[:, None, None])
        model.encoders[name].std.copy_(torch.from_numpy(std)[:, None, None])
    return model


def _blocks(name: str, size: int) -> tuple[int, ...]:
    """Lengths of a stream's blocks of features, in order."""
    spans = getattr(REGISTRY[name], "BLOCKS", None)
    if not spans:
        return (size,)
    lengths: dict[str, int] = {}
    for block, span in spans.items():  # what was calibrated is read beside what it was calibrated from
        whole = block.removesuffix("_calibrated")
        lengths[whole] = lengths.get(whole, 0) + span.stop - span.start
    return tuple(lengths.values())


def _folds(data: TrainingData) -> np.ndarray:
    """(n,) 0 or 1, the covers in two halves."""
    covers, place = np.unique(data.rows["cover_id"].astype(str), return_inverse=True)
    return np.random.default_rng(len(covers)).integers(0, 2, len(covers))[place]


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column without its NaN; 0 and 1 where a column is all NaN."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    filled = np.where(known, values, 0.0).astype(np.float64)
    mean = filled.sum(axis=0) / np.maximum(count, 1)
    variance = np.where(known, (filled - mean) ** 2, 0.0).sum(axis=0) / np.maximum(count, 1)
    std = np.where(count > 1, np.maximum(np.sqrt(variance), _STD_FLOOR), 1.0)
    return mean.astype(np.float32), std.astype(np.float32)
