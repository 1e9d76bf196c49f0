"""How long the streams take, each and all, beside sealwatch's SPAM features on the same images.

Milliseconds are of processor time, which other work on the machine hardly touches; rates are by the clock.
"""

from __future__ import annotations

import os
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from starlight.errors import StarlightError
from starlight.images.image import Image, decode, read
from starlight.streams import SETS
from starlight.streams.compute import compute_streams, stored_names

__all__ = ["FIELDS", "machine_rate", "peak_memory_mib", "rates", "spam", "stream_rows"]

FIELDS = ("images", "what", "value", "unit")
_TILES = 3
_REPEATS = 5  # the quickest of so many runs on an image counts
_CHUNK = 8  # images handed to a process at a time


def stream_rows(label: str, paths: Sequence[Path]) -> list[dict]:
    """Median milliseconds of decoding, of each stream and of all nine with decoding.

    Parameters
    ----------
    label : str
        What the images are, for the column `images`.
    paths : sequence of Path

    Returns
    -------
    list of dict
        Rows with FIELDS.
    """
    files = [path.read_bytes() for path in paths]
    decoded = [decode(data) for data in files]
    times = {"decode": _median_ms(decode, files)}
    for name in stored_names(SETS["nine"]):
        times[name] = _median_ms(lambda image, name=name: _fresh(image, (name,)), decoded)
    times["nine streams, decoding included"] = _median_ms(lambda data: _all(data), files)
    return [_row(label, what, value, "ms") for what, value in times.items()]


def spam(label: str, paths: Sequence[Path]) -> list[dict]:
    """Median milliseconds of sealwatch's SPAM features of one grey channel; no rows where sealwatch is missing."""
    from starlight.lab.peers.peers import sealwatch  # with torch, which extraction does without

    try:
        module = sealwatch().spam
    except StarlightError:
        return []
    channels = [read(path).pixels.mean(axis=2).astype(np.uint8) for path in paths]
    python = _median_ms(module.extract, channels, repeats=2)
    with sealwatch().BACKEND_RUST:
        rust = _median_ms(module.extract, channels, repeats=2)
    what = "sealwatch SPAM, one grey channel"
    return [_row(label, what, python, "ms"), _row(label, f"{what}, compiled", rust, "ms")]


def rates(label: str, paths: Sequence[Path], *, repeats: int = _REPEATS) -> list[dict]:
    """Rate of one and of two processes over the images, and how they compare.

    One and two take turns, and the best of each counts: what else runs on the machine hits two processes harder.

    Parameters
    ----------
    label : str
        Of the rows.
    paths : sequence of Path
        Images.
    repeats : int
        Turns.

    Returns
    -------
    list of dict
        Rows with FIELDS: both rates, two to one; processor time of an image, two to one, which is over 1 where
        processes are in each other's way, however busy the machine is.
    """
    chunks = [paths[i : i + _CHUNK] for i in range(0, len(paths), _CHUNK)]
    (rate1, ms1), (rate2, ms2) = _one_and_two(_compute_chunk, chunks, repeats)
    images = len(paths) / len(chunks)
    return [
        _row(label, "rate, 1 process", rate1 * images, "images/s"),
        _row(label, "rate, 2 processes", rate2 * images, "images/s"),
        _row(label, "rate, 2 processes to 1", rate2 / rate1, "times"),
        _row(label, "processor time of an image, 2 processes to 1", ms2 / ms1, "times"),
    ]


def machine_rate(*, repeats: int = _REPEATS, size: int = 3_000_000) -> dict:
    """Two processes to one in a loop that shares nothing and needs no memory: the most that rates can show here."""
    (rate1, _), (rate2, _) = _one_and_two(_spin, [size] * 8, repeats)
    return _row("this machine", "rate of an empty loop, 2 processes to 1", rate2 / rate1, "times")


def _one_and_two(task: Callable, items: Sequence, repeats: int) -> list[tuple[float, float]]:
    """For one process and for two: the highest rate in items per second, the least processor time of an item in ms."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    costs: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(repeats):
        for workers in rates:
            with Parallel(n_jobs=workers, batch_size=1, pre_dispatch="all") as pool:
                _start(pool, workers, task, items[0])
                started = time.perf_counter()
                spent = pool(delayed(_spent)(task, item) for item in items)
                rates[workers].append(len(items) / (time.perf_counter() - started))
            costs[workers].append(1e3 * sum(seconds for _, seconds in spent) / len(items))
    return [(max(rates[workers]), min(costs[workers])) for workers in rates]


def _start(pool: Parallel, workers: int, task: Callable, item: object) -> None:
    """Give work until every process has done some: one that still starts would count as a slow one."""
    seen: set[int] = set()
    while len(seen) < workers:
        seen |= {process for process, _ in pool(delayed(_spent)(task, item) for _ in range(2 * workers))}


def _spent(task: Callable, item: object) -> tuple[int, float]:
    """This process, and the processor time that the task took in it, in seconds."""
    started = time.process_time()
    task(item)
    return os.getpid(), time.process_time() - started


def peak_memory_mib(label: str) -> dict:
    """Largest resident memory of this process and of any of its children so far."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return _row(label, "peak memory of a process", max(resource.getrusage(k).ru_maxrss for k in kinds) / 1024, "MiB")


def _row(label: str, what: str, value: float, unit: str) -> dict:
    return dict(zip(FIELDS, (label, what, f"{value:.2f}", unit), strict=True))


def _median_ms(function: Callable, arguments: Sequence, repeats: int = _REPEATS) -> float:
    return 1e3 * statistics.median(_quickest(function, argument, repeats) for argument in arguments)


def _quickest(function: Callable, argument: object, repeats: int) -> float:
    times = []
    for _ in range(repeats):
        started = time.thread_time()
        function(argument)
        times.append(time.thread_time() - started)
    return min(times)


def _fresh(image: Image, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Compute streams of an image that has not been asked for its coefficients yet."""
    image.__dict__.pop("coefficients", None)
    return compute_streams(image, names, _TILES)


def _all(data: bytes) -> dict[str, np.ndarray]:
    return compute_streams(decode(data), SETS["nine"], _TILES)


def _compute_chunk(paths: Sequence[Path]) -> None:
    for path in paths:
        _all(path.read_bytes())


def _spin(size: int) -> None:
    for _ in range(size):
        pass
