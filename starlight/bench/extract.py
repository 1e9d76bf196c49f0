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

from starlight import images
from starlight.errors import StarlightError
from starlight.images import Image
from starlight.streams import SETS
from starlight.streams.compute import compute_streams, stored_names

__all__ = ["FIELDS", "images_per_second", "peak_memory_mib", "spam", "stream_rows"]

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
    decoded = [images.decode(data) for data in files]
    times = {"decode": _median_ms(images.decode, files)}
    for name in stored_names(SETS["nine"]):
        times[name] = _median_ms(lambda image, name=name: _fresh(image, (name,)), decoded)
    times["nine streams, decoding included"] = _median_ms(lambda data: _all(data), files)
    return [_row(label, what, value, "ms") for what, value in times.items()]


def spam(label: str, paths: Sequence[Path]) -> list[dict]:
    """Median milliseconds of sealwatch's SPAM features of one grey channel; no rows where sealwatch is missing."""
    from starlight.bench.detect_peers import sealwatch  # with torch, which extraction does without

    try:
        module = sealwatch().spam
    except StarlightError:
        return []
    channels = [images.read(path).pixels.mean(axis=2).astype(np.uint8) for path in paths]
    python = _median_ms(module.extract, channels, repeats=2)
    with sealwatch().BACKEND_RUST:
        rust = _median_ms(module.extract, channels, repeats=2)
    what = "sealwatch SPAM, one grey channel"
    return [_row(label, what, python, "ms"), _row(label, f"{what}, compiled", rust, "ms")]


def images_per_second(label: str, paths: Sequence[Path], workers: int) -> dict:
    """Rate of `workers` processes over the images, once they have started."""
    chunks = [paths[i : i + _CHUNK] for i in range(0, len(paths), _CHUNK)]
    with Parallel(n_jobs=workers) as pool:
        pool(delayed(_compute_chunk)(chunks[i % len(chunks)]) for i in range(2 * workers))
        started = time.perf_counter()
        pool(delayed(_compute_chunk)(chunk) for chunk in chunks)
        seconds = time.perf_counter() - started
    processes = "1 process" if workers == 1 else f"{workers} processes"
    return _row(label, f"rate, {processes}", len(paths) / seconds, "images/s")


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
    return compute_streams(images.decode(data), SETS["nine"], _TILES)


def _compute_chunk(paths: Sequence[Path]) -> int:
    for path in paths:
        _all(path.read_bytes())
    return os.getpid()
