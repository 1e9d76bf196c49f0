"""Turn images into streams, once per distinct content, and pack them into a few large files."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from starlight.errors import StarlightError
from starlight.extract import stream_files
from starlight.extract.chunk import Work, extract_chunk
from starlight.fanout import BACKENDS, Engine, chunked, run
from starlight.images.containers import Limits
from starlight.manifest import of_stego, usable
from starlight.params import knob
from starlight.store import Store, key, table_name
from starlight.store.code import CodeMemo, code_digest, decoder_versions
from starlight.store.picking import Picked, pick
from starlight.store.reader import FACTS, FOUND, MASK
from starlight.streams import REGISTRY
from starlight.streams.collate import CROPS
from starlight.system.room import NoRoom

__all__ = ["NEEDED", "ExtractParams", "extract", "table_names"]

NEEDED = ("sample_id", "path", "kind", "bytes", "status")  # columns of the manifest
_ATTEMPTS = 3  # a damaged shard shows when it is read, and is computed again


@dataclasses.dataclass(frozen=True)
class ExtractParams:
    """Block `extract` of the parameters.

    Attributes
    ----------
    max_tiles : int
        Most crops of 256x256 pixels of an image, which are cut when a model is trained.
    workers : int
        Processes; 0 means one for each core.
    backend : str
        How the work is spread: `loky` (processes), `threading`, `sequential`.
    """

    max_tiles: int = knob(min=1, max=64)
    workers: int = knob(min=0, max=1024)
    backend: str = knob(choices=BACKENDS)


def extract(
    manifest: pd.DataFrame,
    datasets_root: Path | str,
    out_dir: Path | str,
    params: ExtractParams,
    store_root: Path | str,
    *,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    scheduler: str = "",
) -> dict:
    """Extract every usable image of a manifest that the task stego is about.

    Parameters
    ----------
    manifest : pandas.DataFrame
        With the columns `NEEDED`.
    datasets_root : Path
        What the manifest's paths start from.
    out_dir : Path
        Gets `index.csv`, `streams.json`, `failed.csv`, and the records in `.bin` parts. Its bytes depend on the images
        and `params.max_tiles` alone; of what is there already, parts that are right stay as they are. It changes
        once all is done, and anything else that is in it goes.
    params : ExtractParams
    store_root : Path
        Absolute; results are kept there by content, stream and version.
    limits : Limits
        On one file.
    scheduler : str
        Of a Dask cluster whose machines share `datasets_root` and `store_root`; empty for this machine.

    Returns
    -------
    dict
        `images`, `failed`, and `computed`: how many records of each stream were computed in this run.

    Raises
    ------
    StarlightError
        There is nothing to extract, a disk is full, or the cluster is out of reach.
    """
    rows = usable(of_stego(manifest)).sort_values("sample_id")
    if rows.empty:
        raise StarlightError("extract: the manifest has no usable image")
    root, store = Path(datasets_root).absolute(), Store(Path(store_root))
    engine = Engine(params.workers, params.backend, scheduler)
    memo = CodeMemo(store.root / "code.json")
    names = table_names(memo.digest)
    memo.save()
    paths = dict(zip(rows["sample_id"], rows["path"], strict=True))
    progress = _Progress(_vanished(root, rows), dict.fromkeys(names, 0), set())
    failed = progress.failed
    work = Work(root, limits, {stream: store.folder(name) for stream, name in names.items()})
    with stream_files.Writer(Path(out_dir), store, engine.threads()) as writer:
        for _ in range(_ATTEMPTS):
            picked = _gather(store, names, work, paths, engine, progress)
            if picked is None:
                continue
            bad = writer.write([i for i in paths if i not in failed], picked)
            if not bad:
                break
            store.mend(bad)
        else:
            raise StarlightError(f"{store.root}: the store's records are damaged again and again")
        writer.publish([(i, paths[i], reason) for i, reason in sorted(failed.items())], params.max_tiles)
    for name in sorted(progress.crowded):
        store.table(name).compact()
    return {"images": len(paths) - len(failed), "failed": len(failed), "computed": progress.computed}


class _Progress(NamedTuple):
    """What a run has come to so far.

    Attributes
    ----------
    failed : dict
        Contents that cannot be read, and why.
    computed : dict
        Records of each stream that were computed.
    crowded : set
        Tables of the store that are worth compacting.
    """

    failed: dict[str, str]
    computed: dict[str, int]
    crowded: set[str]


def table_names(digest: Callable[..., str] = code_digest) -> dict[str, str]:
    """Table of the store for each stored stream and for what is kept beside them.

    A table's name changes with the stream's version, with the code that computes it, and with the versions of the
    decoding libraries; so old results are never taken for new ones. Crops are not stored: they are cut from the
    files again where they are needed.
    """
    decoding = decoder_versions()
    tables = {}
    for stream in (name for name in REGISTRY if name not in CROPS):
        module = REGISTRY[stream]
        code = digest([module.__name__, "starlight.images.image"], alone=["starlight.streams.compute"])
        tables[stream] = table_name(stream, module.VERSION, {"code": code, **decoding})
    for name, module in (
        (MASK, "starlight.techniques.constraints"),
        (FACTS, "starlight.images.picture"),
        (FOUND, "starlight.findings.reading.reader"),
    ):
        tables[name] = table_name(name, 1, {"code": digest([module, "starlight.images.image"]), **decoding})
    return tables


def _vanished(root: Path, rows: pd.DataFrame) -> dict[str, str]:
    """Contents whose file is gone, or has another length than at the scan: stored results do not speak for those."""
    failed, folder = {}, os.fspath(root)
    columns = (rows[name].tolist() for name in ("sample_id", "path", "bytes"))
    for sample_id, path, size in zip(*columns, strict=True):
        try:
            if os.stat(os.path.join(folder, path)).st_size != size:
                failed[sample_id] = "changed since the scan"
        except OSError as error:
            failed[sample_id] = f"gone since the scan: {error.strerror or error}"
    return failed


def _gather(
    store: Store,
    names: dict[str, str],
    work: Work,
    paths: dict[str, str],
    engine: Engine,
    progress: _Progress,
) -> dict[str, Picked] | None:
    """Compute what the store lacks by now, and find all records; None where one was lost in between."""
    ids = [i for i in paths if i not in progress.failed]
    picked: dict[str, Picked] = {}
    needed = _look_up(store, names, ids, picked, progress.crowded)
    if needed.any():
        streams = tuple(names)
        jobs = [(ids[i], paths[ids[i]], int(needed[i])) for i in np.flatnonzero(needed)]
        task = functools.partial(extract_chunk, work, streams)
        done = 0
        try:
            for result in run(engine, task, chunked(jobs, engine), label="extract"):
                done += result.images
                progress.failed.update(result.failed)
                for stream, count in result.computed.items():
                    progress.computed[stream] += count
        except NoRoom as error:
            raise error.before(len(jobs) - done) from None
        left = [i for i in ids if i not in progress.failed]
        if len(left) < len(ids):
            picked.clear()
        if _look_up(store, names, left, picked, progress.crowded).any():
            return None
    return {stream: picked[stream] for stream in names}  # in order, whatever came late


def _look_up(
    store: Store, names: dict[str, str], ids: list[str], picked: dict[str, Picked], crowded: set[str]
) -> np.ndarray:
    """Find the records of streams that are not in `picked` yet, one table open at a time.

    Returns
    -------
    np.ndarray
        What is absent, uint32 (n,): bit k stands for the k-th of `names`.
    """
    keys = np.array([key(i) for i in ids], np.uint64)
    needed = np.zeros(len(ids), np.uint32)
    for bit, (stream, name) in enumerate(names.items()):
        if stream in picked:
            continue
        table = store.table(name)
        found = pick(table, keys)
        if found is None:
            needed |= (~table.has(keys)).astype(np.uint32) << np.uint32(bit)
            continue
        picked[stream] = found
        if table.crowded():
            crowded.add(name)
    return needed
