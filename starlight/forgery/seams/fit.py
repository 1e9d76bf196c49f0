"""Training of the network that reads the maps. The only module here that needs torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from starlight.forgery.seams.network import DILATIONS

__all__ = ["fit"]

_WIDTHS = (24, 32, 32, 24, 1)
_BATCH = 8  # images a step
_CROP = 48  # cells on a side
_RATE = 3e-3
_SLOPE = 0.1
_POSITIVE = 4.0  # weight of forged cells
_AIMED = 0.7  # share of the parts cut from forged images that are made to hold a forged cell
_ANY = 0.5  # share of a cell from which it counts as forged


def fit(
    images: Sequence[np.ndarray], targets: Sequence[np.ndarray], seed: int, steps: int = 1500
) -> dict[str, np.ndarray]:
    """Train on maps of forged and authentic images.

    Parameters
    ----------
    images : sequence of (c, rows, columns) arrays
        See `starlight.forgery.seams.maps.maps`.
    targets : sequence of (rows, columns) arrays in [0, 1]
        Which share of a cell is forged; all 0 for authentic images.
    seed : int
    steps : int

    Returns
    -------
    dict of str to array
        Weights as `starlight.forgery.seams.network.probabilities` takes them.
    """
    torch.manual_seed(seed)
    forged = np.array([float(target.max()) > _ANY for target in targets])
    rng = np.random.default_rng(seed)
    layers = _layers(images[0].shape[0])
    parameters = [p for layer in layers for p in layer.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=_RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    loss_of = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(_POSITIVE), reduction="none")
    for _ in range(steps):
        batch = [_crop(images[i], targets[i], rng) for i in _drawn(forged, rng)]
        x, y, known = (torch.from_numpy(np.stack(part)) for part in zip(*batch, strict=True))
        loss = (loss_of(_forward(layers, x)[:, 0], y) * known).sum() / known.sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return {
        f"seams.{i}.{name}": value.detach().numpy().copy()
        for i, layer in enumerate(layers) for name, value in layer.named_parameters()
    }  # fmt: skip


def _drawn(forged: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Images of a batch: half of them forged, though most images are not."""
    kinds = [np.flatnonzero(forged == side) for side in (True, False)]
    kinds = [k if len(k) else np.arange(len(forged)) for k in kinds]
    return np.concatenate([rng.choice(k, _BATCH // 2) for k in kinds])


def _layers(channels: int) -> list[nn.Conv2d]:
    layers = []
    for width, dilation in zip(_WIDTHS, DILATIONS, strict=True):
        size = 3 if dilation else 1
        layers.append(nn.Conv2d(
            channels, width, size, padding=dilation, dilation=max(dilation, 1), padding_mode="replicate"
        ))  # fmt: skip
        channels = width
    return layers


def _forward(layers: list[nn.Conv2d], x: torch.Tensor) -> torch.Tensor:
    for layer in layers[:-1]:
        x = nn.functional.leaky_relu(layer(x), _SLOPE)
    return layers[-1](x)


def _crop(image: np.ndarray, target: np.ndarray, rng: np.random.Generator):
    """A part of an image, turned over at random, with the cells that it covers; small images are padded.

    Of a forged image most parts hold something forged: else many small forgeries would hardly ever be seen.
    """
    top, left = (int(rng.integers(0, max(n - _CROP, 0) + 1)) for n in target.shape)
    forged = np.argwhere(target > _ANY)
    if len(forged) and rng.random() < _AIMED:
        start = forged[rng.integers(0, len(forged))] - rng.integers(0, _CROP, 2)
        top, left = (int(np.clip(s, 0, max(n - _CROP, 0))) for s, n in zip(start, target.shape, strict=True))
    x = image[:, top : top + _CROP, left : left + _CROP].astype(np.float32)
    y = (target[top : top + _CROP, left : left + _CROP] > _ANY).astype(np.float32)
    padding = ((0, _CROP - y.shape[0]), (0, _CROP - y.shape[1]))
    known = np.pad(np.ones_like(y), padding)
    x, y = np.pad(x, ((0, 0), *padding), mode="edge"), np.pad(y, padding)
    for axis in (1, 2):
        if rng.random() < 0.5:
            x, y, known = np.flip(x, axis), np.flip(y, axis - 1), np.flip(known, axis - 1)
    return tuple(np.ascontiguousarray(a) for a in (x, y, known))
