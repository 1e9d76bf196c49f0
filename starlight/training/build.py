"""A fresh detector for a data set: sizes, standardisation, experts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from tqdm import tqdm

from starlight.detector.model import DetectorConfig, UnifiedStarlightDetector
from starlight.detector.plain.network import VECTORS
from starlight.streams.starts import read_by
from starlight.techniques import LABELS, OTHER
from starlight.training.data import TrainingData
from starlight.training.fit_experts import (
    AGAIN,
    FIRST,
    Schedule,
    TrainingSet,
    fit_encoder,
    fit_expert,
    judged_by,
    reads,
)

__all__ = ["build", "moments", "refit", "stego_and_authentic"]

_STD_FLOOR = 1e-4  # a feature that never varies in training must not blow up on the first image in which it does
# Streams whose statistics are read turned too. Calibrated statistics of coefficients have a reference in the image
# itself: turned, they told steghide and F5 less well from unseen covers, with 900 images as with 4,500.
_TURNED = ("content",)
_CELL_SAMPLE = 2000  # tiles from which the cells' mean and spread are taken


def build(
    data: TrainingData, streams: Sequence[str], *, constraint_mask: bool, seed: int,
    weight: np.ndarray | None = None, reads: bool = True,
) -> UnifiedStarlightDetector:  # fmt: skip
    """Detector with standardisation and experts fitted to the training images.

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
    weight : (n,) float, optional
        Of each image in the experts' loss; 0 leaves it out. All alike unless given.
    reads : bool
        Whether a payload that can be read decides.
    """
    torch.manual_seed(seed)
    weight = np.ones(len(data)) if weight is None else weight
    found = {n: moments(data.vectors(n)) for n in streams if n in VECTORS}  # one stream at a time is held
    config = DetectorConfig(
        streams=tuple(streams),
        sizes=tuple((n, len(mean)) for n, (mean, _) in found.items()),
        techniques=LABELS,
        constraint_mask=constraint_mask,
        starts=read_by(streams),
        reads=reads,
    )
    model = UnifiedStarlightDetector(config)
    for name, (mean, std) in found.items():
        model.encoders[name].mean.copy_(torch.from_numpy(mean))
        model.encoders[name].std.copy_(torch.from_numpy(std))
    _fit_linear(model, data, weight)
    _fit_encoders(model, data, weight, seed)
    for name in model.crops:
        mean, std = data.cell_moments(name, _CELL_SAMPLE)
        model.encoders[name].mean.copy_(torch.from_numpy(mean)[:, None, None])
        model.encoders[name].std.copy_(torch.from_numpy(std)[:, None, None])
    return model


def refit(model: UnifiedStarlightDetector, data: TrainingData, weight: np.ndarray, *, seed: int) -> None:
    """Fit the experts of a detector again, in place, from where they stand.

    Parameters
    ----------
    model : UnifiedStarlightDetector
    data : TrainingData
    weight : (n,)
        Of the images.
    seed : int
    """
    _fit_linear(model, data, weight)
    _fit_encoders(model, data, weight, seed, AGAIN)


def _read_by_any(model: UnifiedStarlightDetector, data: TrainingData) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What linear experts read: of each stream which statistics, (d,) bool, and those alone, standardised, (n, k)."""
    found = {}
    for name in (n for n in model.config.streams if n in VECTORS):
        wanted = [reads(technique, (name,)).get(name) for technique in LABELS]
        if wanted := [one for one in wanted if one is not None]:
            columns = np.logical_or.reduce(wanted)
            values, chosen = torch.from_numpy(data.vectors(name)[:, columns]), torch.from_numpy(columns)
            found[name] = columns, model.encoders[name].standardise(values, chosen).numpy()
    return found


@torch.no_grad()
def _fit_linear(model: UnifiedStarlightDetector, data: TrainingData, weight: np.ndarray) -> None:
    values = _read_by_any(model, data)
    stego, authentic = stego_and_authentic(model, data)
    halves = _halves(data)
    for t, technique in enumerate(tqdm(LABELS, desc="experts", mininterval=2.0)):
        columns = reads(technique, tuple(values))
        if not columns:
            continue
        used = (stego[:, t] | authentic[:, t]) & (weight > 0)
        features = np.hstack([values[n][1][np.ix_(used, c[values[n][0]])] for n, c in columns.items()])
        found, offset = fit_expert(TrainingSet(features, stego[used, t], weight[used], halves[used]))
        model.offset[t] = offset
        model.has_expert[t] = bool(found.any())
        for name, chosen in columns.items():
            encoder, count = model.encoders[name], int(chosen.sum())
            encoder.reads[t, chosen] = True
            encoder.linear[t, chosen], found = torch.from_numpy(found[:count]), found[count:]
    model.offset.requires_grad_(False)


def _fit_encoders(
    model: UnifiedStarlightDetector, data: TrainingData, weight: np.ndarray, seed: int,
    schedule: Schedule = FIRST,
) -> None:  # fmt: skip
    """Fit the encoders that techniques show in, and leave them so: with the crops they would be overfitted again."""
    stego, authentic = (torch.from_numpy(part) for part in stego_and_authentic(model, data))
    for name in (n for n in model.config.streams if n in VECTORS):
        encoder = model.encoders[name]
        encoder.judges.copy_(torch.from_numpy(judged_by(name, LABELS)))
        if encoder.judges.any():
            weights = torch.from_numpy(weight).float()
            fit_encoder(
                encoder,
                torch.from_numpy(data.vectors(name)),
                stego,
                authentic,
                weights,
                schedule,
                seed=seed,
                turned=name in _TURNED,
            )
            model.has_expert |= encoder.judges
        if encoder.judges.any() or encoder.reads.any():
            encoder.requires_grad_(False)


def stego_and_authentic(model: UnifiedStarlightDetector, data: TrainingData) -> tuple[np.ndarray, np.ndarray]:
    """(n, t) bool: stego images of each technique, and authentic ones that could carry it.

    What is unlisted and can be read outright, such as bytes behind the image that nothing explains, is told without an
    expert: one that learnt from it would take what cameras leave there for a payload.
    """
    stego = data.technique[:, None] == np.arange(len(LABELS))
    stego[data.found.any(axis=1), LABELS.index(OTHER)] = False
    possible = data.mask if model.config.constraint_mask else np.ones_like(data.mask)
    return stego, (data.technique < 0)[:, None] & possible


def _halves(data: TrainingData) -> np.ndarray:
    """(n,) 0 or 1, the covers in two halves."""
    covers, place = np.unique(data.rows["cover_id"].astype(str), return_inverse=True)
    return np.random.default_rng(len(covers)).integers(0, 2, len(covers))[place]


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column, float32 (d,), without its NaN; 0 and 1 where a column is all NaN.

    Parameters
    ----------
    values : ndarray, shape (n, d)
    """
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    filled = np.where(known, values, 0.0).astype(np.float64)
    mean = filled.sum(axis=0) / np.maximum(count, 1)
    variance = np.where(known, (filled - mean) ** 2, 0.0).sum(axis=0) / np.maximum(count, 1)
    std = np.where(count > 1, np.maximum(np.sqrt(variance), _STD_FLOOR), 1.0)
    return mean.astype(np.float32), std.astype(np.float32)
