"""The network over local statistics, trained three times: for all images, and for each half of the training images.

What it says of images that it has learnt from is surer than what it says of others. So the verifier is shown, of each
training image, what the network says that learnt from the other half.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from joblib import Parallel, delayed

from starlight.fanout import Engine
from starlight.forgery.scene import prepare
from starlight.forgery.seams.fit import fit
from starlight.forgery.seams.maps import maps
from starlight.images.image import read
from starlight.scan.masks import read_mask
from starlight.training.forgery.params import ForgeryParams

__all__ = ["Networks", "fold_of", "network_of", "train_networks"]

_MOST = 4000  # images that are learnt from: more teach a small network little, and all of them are held in memory
Networks = tuple[dict[str, np.ndarray], ...]  # of those that learnt from half 0, from half 1, and from all


def fold_of(cover_id: str) -> int:
    """The half, 0 or 1, that all images of a cover are in."""
    return hashlib.sha256(f"fold:{cover_id}".encode()).digest()[0] & 1


def network_of(networks: Networks, split: str, cover_id: str) -> dict[str, np.ndarray]:
    """The network that has not learnt from an image, or the one of all training images where none has.

    Parameters
    ----------
    networks : Networks
    split : str
    cover_id : str
        Of the image.

    Returns
    -------
    dict of ndarray
    """
    return networks[1 - fold_of(cover_id)] if split == "train" else networks[2]


def train_networks(rows: pd.DataFrame, root: Path, params: ForgeryParams, seed: int) -> Networks:
    """Train on the training images of the manifest.

    Parameters
    ----------
    rows : DataFrame
        Rows of the manifest with the columns sample_id, path, mask, cover_id.
    root : Path
        What paths start from.
    params : ForgeryParams
    seed : int
    """
    drawn = [hashlib.sha256(f"network:{sample}".encode()).digest() for sample in rows["sample_id"]]
    rows = rows.iloc[sorted(np.argsort(drawn)[:_MOST])]
    workers = Engine(params.workers).cores()
    jobs = [(root / path, root / mask if mask else None) for path, mask in zip(rows["path"], rows["mask"], strict=True)]
    pairs = Parallel(n_jobs=workers, batch_size=8)(delayed(_maps)(*job) for job in jobs)
    folds = np.array([fold_of(cover) for cover in rows["cover_id"]])
    sets = [np.flatnonzero(folds == half) for half in (0, 1)] + [np.arange(len(rows))]
    task = functools.partial(_fit, steps=params.network_steps, seed=seed)
    return tuple(Parallel(n_jobs=min(workers, 3))(delayed(task)([pairs[i] for i in chosen]) for chosen in sets))


def _maps(path: Path, mask: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Maps of an image, and which share of each cell is forged; float16, as there are hundreds of them."""
    cv2.setNumThreads(1)
    values = maps(prepare(read(path)))
    rows, columns = values.shape[1:]
    truth = np.zeros((rows, columns), np.float16)
    if mask is not None:
        truth = cv2.resize(read_mask(mask).astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
    return values.astype(np.float16), truth.astype(np.float16)


def _fit(pairs: Sequence[tuple[np.ndarray, np.ndarray]], *, steps: int, seed: int) -> dict[str, np.ndarray]:
    torch.set_num_threads(1)  # the same sums in the same order on every machine
    return fit([values for values, _ in pairs], [truth for _, truth in pairs], seed, steps)
