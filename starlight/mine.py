"""The `mine` stage: authentic images that the base detector flags, and stego that it misses."""

from __future__ import annotations

import numpy as np
import torch

from starlight.detector.calibration.judgement import judge
from starlight.detector.weights import Member, Stored
from starlight.techniques import LABELS
from starlight.training import devices
from starlight.training.data import TrainingData
from starlight.training.mining import Evidence, Mined, MineParams, select
from starlight.training.params import TrainParams
from starlight.training.pools import brought_alone, held_back
from starlight.training.selection import forward

__all__ = ["MineParams", "Mined", "mine", "views"]


def mine(stored: Stored, data: TrainingData, params: MineParams, training: TrainParams) -> Mined:
    """Mine one split, the training split: what base training has not seen of it, submissions without stego first.

    Parameters
    ----------
    stored : Stored
        Its first member is mined with.
    data : TrainingData
    params : MineParams
    training : TrainParams
        Of base training, which say what it has seen; where it has seen all, all is mined.

    Returns
    -------
    Mined
        See `starlight.training.mining.select`.
    """
    model = stored.members[0].model
    run = forward(model, data, devices.current()[0], threshold=params.threshold)
    answer = judge(
        run.logits, np.zeros(0), run.unlike, data.classes, stored.calibration, stored.meta["ood_limit"], data.found
    )
    payload = run.counts[:, 0] + run.counts[:, 2]
    recall = np.divide(run.counts[:, 0], payload, out=np.full(len(data), np.nan), where=payload > 0)
    fp_ratio = run.counts[:, 1] / np.maximum(run.counts.sum(axis=1), 1)
    named = np.asarray(LABELS, dtype=object)[answer.technique_scores.argmax(axis=1)]
    evidence = Evidence(answer.score, fp_ratio, recall, run.confidence, named)
    unseen = held_back(data, training)
    pool = unseen if unseen.any() else data.labels == 0
    return select(
        data.rows, data.labels, evidence, params, skipped=len(data.missing), pool=pool, first=brought_alone(data)
    )


@torch.no_grad()
def views(members: tuple[Member, ...], data: TrainingData, indices: list[int]) -> tuple[list, list]:
    """What to show of some images: of each its most suspicious tile.

    Parameters
    ----------
    members : tuple of Member
        The first is asked.
    data : TrainingData
    indices : list of int
        Images.

    Returns
    -------
    crops : list of ndarray, shape (h, w, 3), uint8
    maps : list of ndarray in [0, 1]
        One value for each 8x8 pixels of the crop.
    """
    crops, maps = [], []
    for i in indices:
        batch = data.batch([i], tile="all")
        cells = torch.sigmoid(members[0].model.eval()(batch.inputs, batch.mask).cell_logits[0])
        tile = int(cells.flatten(1).amax(1).argmax())
        pixel = data.crop(i, tile)
        crops.append(np.ascontiguousarray(np.broadcast_to(pixel, (*pixel.shape[:2], 3))))
        height, width = -(-pixel.shape[0] // 8), -(-pixel.shape[1] // 8)
        maps.append(cells[tile, :height, :width].numpy())
    return crops, maps
