"""Turn images into streams, once per distinct content, and pack them into a few large files."""

from __future__ import annotations

import dataclasses
import functools
import os
from pathlib import Path

import numpy as np
import pandas as pd

from starlight import stream_files
from starlight.collate import CROPS
from starlight.containers import Limits
from starlight.errors import StarlightError
from starlight.extract_chunk import MASK, Work, extract_chunk
from starlight.fanout import BACKENDS, Engine, chunked, run
from starlight.manifest import usable
from starlight.params import knob
from starlight.store import Store, StreamReader, key, table_name
from starlight.store.code import code_digest, decoder_versions
from starlight.streams import REGISTRY
from starlight.streams.compute import stored_names

__all__ = ["NEEDED", "ExtractParams", "StreamReader", "extract", "table_names"]

NEEDED = ("sample_id", "path", "bytes", "status")  # columns of the manifest
_ATTEMPTS = 3  # a damaged shard shows when it is read, and is computed again


@dataclasses.dataclass(frozen=True)
class ExtractParams:
    """Block `extract` of the parameters.

    Attributes
    ----------
    max_tiles : int
        Most crops of 256x256 pixels of an image.
    workers : int
        Processes; 0 means one for each core.
    backend : str
        How the work is spread: `loky` (processes), `threading`, `dask` (a cluster), `sequential`.
    scheduler : str
        Address of the Dask scheduler; empty starts a cluster on this machine.
    """

    max_tiles: int = knob(3, min=1, max=64)
    workers: int = knob(0, min=0, max=1024)
    backend: str = knob("loky", choices=BACKENDS)
    scheduler: str = knob("")


def extract(
    manifest: pd.DataFrame,
    datasets_root: Path | str,
    out_dir: Path | str,
    params: ExtractParams,
    store_root: Path | str,
    *,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
) -> dict:
    """Extract every usable image of a manifest.

    Parameters
    ----------
    manifest : pandas.DataFrame
        With the columns `NEEDED`.
    datasets_root : Path
        What the manifest's paths start from.
    out_dir : Path
        Gets `index.csv`, `streams.json`, `masks.npy`, `failed.csv` and a `.bin` for each stored stream. It is replaced
        as a whole once all is done; its bytes depend on the images and `params.max_tiles` alone.
    params : ExtractParams
    store_root : Path
        Absolute; results are kept there by content, stream and version. With Dask, a folder that all machines share.
    limits : Limits
        On one file.

    Returns
    -------
    dict
        `images`, `failed`, and `computed`: how many records of each stream were computed in this run.

    Raises
    ------
    StarlightError
        There is nothing to extract, a disk is full, or the cluster is out of reach.
    """
    rows = usable(manifest).sort_values("sample_id")
    if rows.empty:
        raise StarlightError("extract: the manifest has no usable image")
    root, store = Path(datasets_root).absolute(), Store(Path(store_root))
    engine = Engine(params.workers, params.backend, params.scheduler)
    names = table_names(params)
    paths = dict(zip(rows["sample_id"], rows["path"], strict=True))
    failed = _vanished(root, rows)
    computed = dict.fromkeys(names, 0)
    work = Work(root, limits, params.max_tiles, {stream: store.folder(name) for stream, name in names.items()})
    with stream_files.Writer(Path(out_dir)) as writer:
        for _ in range(_ATTEMPTS):
            _fill(store, names, work, paths, failed, computed, engine)
            if writer.write([i for i in paths if i not in failed], names, store, engine.threads()):
                break
        else:
            raise StarlightError(f"{store.root}: the store's records are damaged again and again")
        writer.publish([(i, paths[i], reason) for i, reason in sorted(failed.items())], params.max_tiles)
    for name in writer.crowded:
        store.table(name).compact()
    return {"images": len(paths) - len(failed), "failed": len(failed), "computed": computed}


def table_names(params: ExtractParams) -> dict[str, str]:
    """Table of the store for each stored stream and for the mask.

    A table's name changes with the stream's version, with the code that computes it, with the versions of the
    decoding libraries, and, for crops, with the number of tiles; so old results are never taken for new ones.
    """
    decoding = decoder_versions()
    tables = {}
    for stream in stored_names(REGISTRY):
        module = REGISTRY[stream]
        code = code_digest([module.__name__, "starlight.images"], alone=["starlight.streams.compute"])
        tiles = {"max_tiles": params.max_tiles} if stream in CROPS else {}
        tables[stream] = table_name(stream, module.VERSION, {"code": code, **tiles, **decoding})
    code = code_digest(["starlight.constraints", "starlight.images"])
    tables[MASK] = table_name(MASK, 1, {"code": code, **decoding})
    return tables


def _vanished(root: Path, rows: pd.DataFrame) -> dict[str, str]:
    """Contents whose file is gone, or has another length than at the scan: stored results do not speak for those."""
    failed = {}
    columns = (rows[name].tolist() for name in ("sample_id", "path", "bytes"))
    for sample_id, path, size in zip(*columns, strict=True):
        try:
            if os.stat(os.path.join(root, path)).st_size != size:
                failed[sample_id] = "changed since the scan"
        except OSError as error:
            failed[sample_id] = f"gone since the scan: {error.strerror or error}"
    return failed


def _fill(
    store: Store,
    names: dict[str, str],
    work: Work,
    paths: dict[str, str],
    failed: dict[str, str],
    computed: dict[str, int],
    engine: Engine,
) -> None:
    """Compute what the store lacks by now; adds to `failed` and `computed`."""
    ids = [i for i in paths if i not in failed]
    keys = np.array([key(i) for i in ids], np.uint64)
    needed = np.zeros(len(ids), np.uint32)
    for bit, name in enumerate(names.values()):
        missing = ~store.table(name).has(keys)
        needed |= missing.astype(np.uint32) << np.uint32(bit)
    streams = tuple(names)
    jobs = [(ids[i], paths[ids[i]], int(needed[i])) for i in np.flatnonzero(needed)]
    task = functools.partial(extract_chunk, work, streams)
    for result in run(engine, task, chunked(jobs, engine), label="extract"):
        failed.update(result.failed)
        for stream, count in result.computed.items():
            computed[stream] += count
