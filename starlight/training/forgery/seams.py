"""The network over local statistics, trained three times: for all images, and for each half of the training images.

What it says of images that it has learnt from is surer than what it says of others. So the verifier is shown, of each
training image, what the network says that learnt from the other half. Authentic ones are learnt from a second time,
forged anew.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd
import torch
from joblib import Parallel, delayed

from starlight.errors import BadImage, StarlightError
from starlight.fanout import Engine
from starlight.forgery.scene import prepare
from starlight.forgery.seams.fit import fit
from starlight.forgery.seams.maps import maps
from starlight.images.image import Image, read
from starlight.scan.masks import read_mask
from starlight.system.memory import keep_freed
from starlight.training.forgery.anew import forged_anew
from starlight.training.forgery.params import ForgeryParams

__all__ = ["Halves", "Networks", "fold_of", "network_of", "train_halves", "train_networks"]

_MOST = 5000  # images that are learnt from: more teach a small network little, and all of them are held in memory
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
    """Train on the training images of the manifest; see `train_halves`."""
    halves = train_halves(rows, root, params, seed)
    return (*halves.networks, halves.whole())


class Halves(NamedTuple):
    """What `train_halves` made.

    Attributes
    ----------
    networks : Networks
        Of half 0 and of half 1.
    whole : callable
        Trains on all images, on one core.
    mapped : dict of str to (c, rows, columns) float16
        `starlight.forgery.seams.maps.maps` of the images that were learnt from, by sample_id.
    """

    networks: Networks
    whole: Callable[[], dict[str, np.ndarray]]
    mapped: dict[str, np.ndarray]


def train_halves(rows: pd.DataFrame, root: Path, params: ForgeryParams, seed: int) -> Halves:
    """Train on the halves of the training images; what trains on all of them can then be done beside other work.

    Parameters
    ----------
    rows : DataFrame
        Rows of the manifest with the columns sample_id, path, mask, cover_id.
    root : Path
        What paths start from.
    params : ForgeryParams
    seed : int

    Returns
    -------
    Halves
    """
    drawn = [hashlib.sha256(f"network:{sample}".encode()).digest() for sample in rows["sample_id"]]
    rows = rows.iloc[sorted(np.argsort(drawn)[:_MOST])]
    folds = np.array([fold_of(cover) for cover in rows["cover_id"]])
    jobs = [(root / path, root / mask if mask else None) for path, mask in zip(rows["path"], rows["mask"], strict=True)]
    anew, sources = _jobs_anew(rows, folds, root, params.forged_anew)
    workers = Engine(params.workers).cores()
    tasks = [*(delayed(_maps)(*job) for job in jobs), *(delayed(_maps_anew)(*job) for job in anew)]
    pairs = Parallel(n_jobs=workers, batch_size=8)(tasks)
    folds = np.concatenate([folds, folds[sources]])
    made = np.array([pair is not None for pair in pairs])
    sets = [np.flatnonzero(made & (folds == half)) for half in (0, 1)] + [np.flatnonzero(made)]
    task = functools.partial(_fit, steps=params.network_steps, seed=seed)
    learnt, whole = [[pairs[i] for i in chosen] for chosen in sets[:2]], [pairs[i] for i in sets[2]]
    halves = tuple(Parallel(n_jobs=min(workers, 2))(delayed(task)(half) for half in learnt))
    mapped = {sample: values for sample, (values, _) in zip(rows["sample_id"], pairs[: len(rows)], strict=True)}
    return Halves(halves, functools.partial(task, whole), mapped)


def _jobs_anew(rows: pd.DataFrame, folds: np.ndarray, root: Path, share: float) -> tuple[list[tuple], np.ndarray]:
    """Authentic images to forge anew, each with a donor of another cover in the same half, and their places in `rows`.

    Which they are follows from their sample ids.
    """
    names, paths, covers = (rows[name].to_numpy() for name in ("sample_id", "path", "cover_id"))
    jobs, places = [], []
    for i in np.flatnonzero(rows["mask"].to_numpy() == ""):
        digest = hashlib.sha256(f"anew:{names[i]}".encode()).digest()
        donors = np.flatnonzero((folds == folds[i]) & (covers != covers[i]))
        if len(donors) and digest[0] < 256 * share:
            donor = donors[int.from_bytes(digest[1:5], "big") % len(donors)]
            jobs.append((root / paths[i], root / paths[donor], str(names[i])))
            places.append(i)
    return jobs, np.array(places, int)


def _maps(path: Path, mask: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Maps of an image, and which share of each cell is forged; float16, as there are hundreds of them."""
    return _mapped(_read(path), None if mask is None else read_mask(mask))


def _maps_anew(path: Path, donor: Path, name: str) -> tuple[np.ndarray, np.ndarray] | None:
    """The same of an image that is forged anew; None where it has no place for that."""
    made = forged_anew(_read(path).pixels, _read(donor).pixels, name)
    return None if made is None else _mapped(*made)


def _read(path: Path) -> Image:
    """An image that was read when the manifest was made."""
    try:
        return read(path)
    except BadImage as error:
        raise StarlightError(f"{path}: {error.reason}; run `dvc repro` again, so that scan sees it") from error


def _mapped(image: Image, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    cv2.setNumThreads(1)
    keep_freed()
    values = maps(prepare(image))
    rows, columns = values.shape[1:]
    truth = np.zeros((rows, columns), np.float16)
    if mask is not None:
        truth = cv2.resize(mask.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
    return values.astype(np.float16), truth.astype(np.float16)


def _fit(pairs: Sequence[tuple[np.ndarray, np.ndarray]], *, steps: int, seed: int) -> dict[str, np.ndarray]:
    torch.set_num_threads(1)  # the same sums in the same order on every machine
    keep_freed()
    return fit([values for values, _ in pairs], [truth for _, truth in pairs], seed, steps)
