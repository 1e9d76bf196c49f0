"""Results by content, each computed once: what the store has is read, what it lacks is computed in parallel."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from starlight.errors import BadImage, StarlightError
from starlight.fanout import Engine, chunked, run
from starlight.store import Table, key
from starlight.store.shard import ShardWriter
from starlight.system.room import NoRoom

__all__ = ["fill", "once"]

_ATTEMPTS = 3  # again only where a shard turns out damaged

J = TypeVar("J")
Compute = Callable[[str, J], np.ndarray]


def once(
    table: Table, jobs: Mapping[str, J], compute: Callable[[str, J], np.ndarray], engine: Engine, *,
    label: str, unpack: Callable[[np.ndarray], Any] = np.asarray,
) -> dict[str, Any]:  # fmt: skip
    """Records of distinct contents, from the store where it has them.

    Parameters
    ----------
    table : Table
        Of a name as `table_name` gave it: whatever changes a result changes the name.
    jobs : mapping
        sample_id to what `compute` needs besides.
    compute : callable
        (sample_id, job) to a record; must be picklable. BadImage means that there is none, and why.
    engine : Engine
    label : str
        For the progress bar.
    unpack : callable
        What to make of a record as soon as it is read; by default it stays as it is.

    Returns
    -------
    dict
        sample_id to its record, or to the reason why there is none.

    Raises
    ------
    StarlightError
        The store cannot be written, or its disk loses records faster than they are written.
    """
    found: dict[str, Any] = {}
    for _ in range(_ATTEMPTS):
        rest = {i: jobs[i] for i in sorted(jobs.keys() - found.keys())}
        found.update(fill(table, rest, compute, engine, label=label))
        ids = [i for i in rest if i not in found]
        for i, array in table.read(np.array([key(i) for i in ids], np.uint64)):
            if array is not None:
                found[ids[i]] = unpack(array)
        if len(found) == len(jobs):
            table.compact()
            return found
        table.reload()
    raise StarlightError(f"{table.folder}: the store's records are damaged again and again")


def fill(
    table: Table, jobs: Mapping[str, J], compute: Callable[[str, J], np.ndarray], engine: Engine, *, label: str
) -> dict[str, str]:
    """Compute the records that a table lacks.

    Parameters
    ----------
    table : Table
        Knows of the new records afterwards.
    jobs, compute, engine, label
        As for `once`.

    Returns
    -------
    dict
        sample_id of those that have no record to the reason.

    Raises
    ------
    StarlightError
        The store cannot be written.
    """
    ids = list(jobs)
    missing = ~table.has(np.array([key(i) for i in ids], np.uint64))
    rest = [(ids[i], jobs[ids[i]]) for i in np.flatnonzero(missing)]
    failed: dict[str, str] = {}
    task = functools.partial(_chunk, table.folder, compute)
    try:
        for failures in run(engine, task, chunked(rest, engine), label=label):
            failed.update(failures)
    except NoRoom as error:
        table.reload()
        raise error.before(int((~table.has(np.array([key(i) for i in ids], np.uint64))).sum())) from None
    if rest:
        table.reload()
    return failed


def _chunk(folder: Path, compute: Compute, jobs: Sequence[tuple[str, J]]) -> dict[str, str]:
    """Compute a chunk of records into one shard; returns the reasons of those that failed."""
    failed: dict[str, str] = {}
    writer = ShardWriter(folder)
    try:
        for sample_id, job in jobs:
            try:
                record = compute(sample_id, job)
            except BadImage as error:
                failed[sample_id] = error.reason
            except OSError as error:
                failed[sample_id] = f"cannot be opened: {error.strerror or error}"
            except Exception as error:  # one file in a million must not end the run
                failed[sample_id] = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            else:
                writer.add(key(sample_id), record)
        writer.publish()
    except BaseException:
        writer.abandon()
        raise
    return failed
