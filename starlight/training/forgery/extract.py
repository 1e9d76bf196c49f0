"""Look for suspicions in every image of the task, once per distinct content."""

from __future__ import annotations

import functools
import hashlib
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd

from starlight.errors import StarlightError
from starlight.fanout import Engine
from starlight.forgery import candidates
from starlight.forgery.candidates import examine
from starlight.images.image import decode, read
from starlight.manifest import of_forgery, usable
from starlight.store import Store, table_name
from starlight.store.code import code_digest, decoder_versions
from starlight.store.once import once
from starlight.system.atomic import whole
from starlight.system.memory import keep_freed
from starlight.training.forgery.augment import augmentation
from starlight.training.forgery.examples import ROWS, Examples, gather
from starlight.training.forgery.nothing import lacking
from starlight.training.forgery.params import ForgeryParams
from starlight.training.forgery.record import Found, packed, unpacked
from starlight.training.forgery.seams import Networks, network_of, train_halves

__all__ = ["Extracted", "examine_all", "extract", "read_network", "task_rows"]

_VERSION = 1  # of the record
_NETWORK = "network.npz"


class Extracted(NamedTuple):
    """Suspicions of all images, the network that finds splices, and sample_ids of what could not be read, with why."""

    examples: Examples
    network: dict[str, np.ndarray]
    failed: dict[str, str]

    def save(self, folder: Path) -> None:
        """Write all of it: see `Examples.save`; `network.npz`, and `failed.csv`."""
        self.examples.save(folder)
        with whole(folder / _NETWORK) as partial, partial.open("wb") as file:
            np.savez(file, **dict(sorted(self.network.items())))
        failed = pd.DataFrame(sorted(self.failed.items()), columns=["sample_id", "reason"])
        with whole(folder / "failed.csv") as partial:
            failed.to_csv(partial, index=False, lineterminator="\n")


def read_network(folder: Path) -> dict[str, np.ndarray]:
    """The network that `Extracted.save` wrote."""
    with np.load(folder / _NETWORK, allow_pickle=False) as said:
        return dict(said)


def task_rows(manifest: pd.DataFrame) -> pd.DataFrame:
    """Images of the task that are fit for use.

    Raises
    ------
    StarlightError
        Names the split and what it lacks.
    """
    if why := lacking(manifest):
        raise StarlightError(f"datasets/: {why}")
    rows = usable(of_forgery(manifest))
    return rows[ROWS].sort_values("path").reset_index(drop=True)


def extract(manifest: pd.DataFrame, root: Path, params: ForgeryParams, seed: int, store: Store) -> Extracted:
    """Train the network, then examine every image and the changed copies of training images.

    Parameters
    ----------
    manifest : DataFrame
    root : Path
        What its paths start from.
    params : ForgeryParams
    seed : int
    store : Store
        Where results are kept by content.
    """
    rows = task_rows(manifest)
    halves = train_halves(rows[rows["split"] == "train"], root, params, seed)
    rows = _with_copies(rows, params.augmented)
    train = (rows["split"] == "train").to_numpy()
    with ThreadPoolExecutor(1) as beside:  # training images need the networks of halves alone: no core has to wait
        learning = beside.submit(halves.whole)
        records = _records(rows[train], root, halves.networks, params, store, halves.mapped)
        network = learning.result()
    records |= _records(rows[~train], root, (network,) * 3, params, store)
    examples, failed = _gathered(rows, records, root)
    return Extracted(examples, network, failed)


def examine_all(
    rows: pd.DataFrame, root: Path, networks: Networks, params: ForgeryParams, store: Store
) -> tuple[Examples, dict[str, str]]:
    """Examine images, each with the network that has not learnt from it.

    Parameters
    ----------
    rows : DataFrame
        `ROWS` of the manifest, and `variant`, the number of a changed copy or 0.
    root : Path
    networks : Networks
    params : ForgeryParams
    store : Store

    Returns
    -------
    examples : Examples
    failed : dict
        sample_id of what could not be read, and why.
    """
    return _gathered(rows, _records(rows, root, networks, params, store), root)


def _records(rows: pd.DataFrame, root: Path, networks: Networks, params: ForgeryParams, store: Store, mapped=None):
    """What was found in each image, or why it could not be read, by the key of its content.

    `mapped` are maps of local statistics that are known, by sample_id.
    """
    columns = (rows[name] for name in ("path", "sample_id", "variant", "split", "cover_id"))
    known = [None if changed else (mapped or {}).get(sample)
             for sample, changed in zip(rows["sample_id"], rows["variant"], strict=True)]  # fmt: skip
    jobs = dict(zip(_keys(rows), zip(*columns, known, strict=True), strict=True))
    task = functools.partial(_examined, root, networks)
    return once(store.table(_table_name(networks)), jobs, task, Engine(params.workers), label="examine")


def _gathered(rows: pd.DataFrame, records: dict, root: Path) -> tuple[Examples, dict[str, str]]:
    keys = _keys(rows)
    failed = {sample: records[k] for sample, k in zip(rows["sample_id"], keys, strict=True)
              if isinstance(records[k], str)}  # fmt: skip
    kept = [not isinstance(records[k], str) for k in keys]
    found: list[Found] = [unpacked(records[k]) for k, fine in zip(keys, kept, strict=True) if fine]
    return gather(rows[kept].reset_index(drop=True), found, root), failed


def _with_copies(rows: pd.DataFrame, copies: int) -> pd.DataFrame:
    """Each image, and changed copies of the training images that are forged or the twin of a forged one."""
    rows = rows.assign(variant=0)
    paired = (rows["label"] == 1) | rows["sample_id"].isin(set(rows["twin_id"]))
    chosen = rows[paired & (rows["split"] == "train")]
    return pd.concat([rows, *(chosen.assign(variant=k + 1) for k in range(copies))], ignore_index=True)


def _keys(rows: pd.DataFrame) -> list[str]:
    return [
        hashlib.sha256(f"{sample}:{variant}".encode()).hexdigest()[:16] if variant else sample
        for sample, variant in zip(rows["sample_id"], rows["variant"], strict=True)
    ]


def _table_name(networks: Networks) -> str:
    digest = hashlib.sha256(b"".join(value.tobytes() for network in networks for _, value in sorted(network.items())))
    return table_name("suspicions", _VERSION, {
        "code": code_digest([candidates.__name__, augmentation.__module__]), "network": digest.hexdigest(),
        "opencv": version("opencv-python-headless"), **decoder_versions(),
    })  # fmt: skip


def _examined(root: Path, networks: Networks, _: str, job: tuple) -> np.ndarray:
    path, sample_id, variant, split, cover, known = job
    cv2.setNumThreads(1)
    keep_freed()
    image = read(root / path)
    if variant:
        image = decode(augmentation(sample_id, variant).file(image.pixels))
    known = None if known is None else known.astype(np.float32)
    return packed(examine(image, network_of(networks, split, cover), known), image.pixels.shape[:2])
