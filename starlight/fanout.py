"""One map over chunks of work: in this process, on this machine's cores, or on a Dask cluster."""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

from starlight.errors import StarlightError
from starlight.system.cluster import connected

__all__ = ["BACKENDS", "SCHEDULER", "Engine", "chunked", "run"]

BACKENDS = ("loky", "threading", "sequential")
SCHEDULER = "STARLIGHT_SCHEDULER"  # variable with the address of a cluster for all stages: it changes no result
_LEAST = 8  # items worth sending to a worker
_CHUNK = 128  # items; a killed run loses no more than this for each worker
_WARM = 2  # items that load what is loaded late, then
_TRIAL = 8  # items that show how long one takes, in seconds of the processor
_START = 1.2  # seconds until worker processes have loaded what they need; where they would save less, all is done here

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Engine:
    """Where the work is done.

    Attributes
    ----------
    workers : int
        Processes or threads; 0 means one for each core. A Dask cluster has its own number.
    backend : str
        One of `BACKENDS`.
    scheduler : str
        Of a Dask cluster that does what processes would do, such as `tcp://head:8786`; empty for this machine.
    """

    workers: int = 0
    backend: str = "loky"
    scheduler: str = ""

    def cores(self) -> int:
        """Number of workers on this machine."""
        if self.workers:
            return self.workers
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def threads(self) -> int:
        """Number of threads for what this process does itself: one where everything is to be done in sequence."""
        return 1 if self.backend == "sequential" else self.cores()


def chunked(items: Sequence[T], engine: Engine) -> list[Sequence[T]]:
    """Cut items into chunks never larger than a kill may cost, smaller at the end: no worker waits long for another."""
    chunks: list[Sequence[T]] = []
    start = 0
    while start < len(items):
        size = min(_CHUNK, max(_LEAST, -(-(len(items) - start) // (4 * engine.cores()))))
        chunks.append(items[start : start + size])
        start += size
    return chunks


def run(engine: Engine, task: Callable[[Sequence[T]], R], chunks: Sequence[Sequence[T]], *, label: str) -> Iterator[R]:
    """Apply `task` to every chunk, in any order, with a progress bar on standard error.

    Parameters
    ----------
    engine : Engine
    task : callable
        Must be picklable. What it raises stops the run.
    chunks : sequence of sequences
    label : str
        For the progress bar.

    Raises
    ------
    StarlightError
        The backend is unknown, or the cluster is out of reach or loses worker after worker.
    """
    total = sum(map(len, chunks))
    with tqdm(total=total, desc=label, unit="file", file=sys.stderr, disable=None, mininterval=1.0) as bar:
        for size, result in _results(engine, task, chunks):
            bar.update(size)
            yield result


def _results(engine: Engine, task: Callable, chunks: Sequence) -> Iterator[tuple[int, R]]:
    if engine.backend not in BACKENDS:
        raise StarlightError(f"extract.backend: {engine.backend!r} is not one of {', '.join(BACKENDS)}")
    if engine.backend == "loky" and engine.scheduler and chunks:
        yield from _on_cluster(engine.scheduler, task, chunks)
    elif engine.backend == "sequential" or engine.cores() == 1:
        yield from (_sized(task, chunk) for chunk in chunks)
    elif engine.backend == "loky" and chunks:
        yield from _tried(engine, task, chunks)
    else:
        yield from _spread(engine, task, chunks)


def _tried(engine: Engine, task: Callable, chunks: Sequence) -> Iterator[tuple[int, R]]:
    """Do a few items here; then the rest too, where that takes less time than workers to start and do it."""
    items = [item for chunk in chunks for item in chunk]
    warm, trial, rest = items[:_WARM], items[_WARM : _WARM + _TRIAL], items[_WARM + _TRIAL :]
    yield _sized(task, warm)
    if not trial:
        return
    started = time.thread_time()  # on a busy machine workers would start more slowly too
    tried = _sized(task, trial)
    seconds = time.thread_time() - started
    yield tried
    saved = 1 - 1 / engine.cores()  # share of the time
    if seconds * len(rest) / _TRIAL * saved < _START:
        yield from (_sized(task, rest[i : i + _CHUNK]) for i in range(0, len(rest), _CHUNK))
    else:
        yield from _spread(engine, task, chunked(rest, engine))


def _spread(engine: Engine, task: Callable, chunks: Sequence) -> Iterator[tuple[int, R]]:
    with parallel_config(engine.backend, n_jobs=engine.cores()):
        parallel = Parallel(return_as="generator_unordered", batch_size=1)
        yield from parallel(delayed(_sized)(task, chunk) for chunk in chunks)


def _on_cluster(address: str, task: Callable, chunks: Sequence) -> Iterator[tuple[int, R]]:
    """A worker that dies costs time: its chunk is done by another one."""
    with connected(address) as client:
        from distributed import KilledWorker, as_completed

        futures = client.map(functools.partial(_sized, task), chunks, pure=False)
        try:
            for future in as_completed(futures, loop=client.loop):
                yield future.result()
                future.release()
        except KilledWorker as error:
            raise StarlightError(
                f"scheduler {address}: one after the other, workers died over the same files"
            ) from error


def _sized(task: Callable, chunk: Sequence) -> tuple[int, R]:
    return len(chunk), task(chunk)
