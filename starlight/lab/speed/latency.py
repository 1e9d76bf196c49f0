"""How long `starlight detect` takes: to the first answer, for one small file, and for many."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from starlight.cli.inputs import Source
from starlight.cli.tasks import loader
from starlight.cli.workers import Pool
from starlight.detector.detector import Detector
from starlight.errors import StarlightError
from starlight.sample import covers

__all__ = ["FIELDS", "first_answer_seconds", "images_per_second", "latency_ms", "machine", "table", "write_images"]

FIELDS = ("what", "value", "unit", "target")

_WARM_UP = 20  # images that are not counted
_SECONDS = 600.0  # after which a file counts as hung


def write_images(folder: Path, count: int, side: int, form: str, *, seed: int) -> list[Path]:
    """Write photographs of one size, all different.

    Parameters
    ----------
    folder : Path
    count : int
    side : int
        Pixels.
    form : {"png", "jpeg"}
        JPEG at a quality of 75 to 95.
    seed : int
    """
    rng, written = np.random.default_rng(seed), []
    for i in range(count):
        pixels = covers.photograph(rng, side, side, str(i)).pixels
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[:, :, None], 3, axis=2)
        written.append(folder / f"{form}-{side}-{i:04}.{form}")
        options = {"quality": int(rng.integers(75, 96))} if form == "jpeg" else {}
        Image.fromarray(pixels).save(written[-1], **options)
    return written


def latency_ms(detector: Detector, paths: Sequence[Path]) -> dict[str, float]:
    """Milliseconds from path to answer in this process: median and 95th percentile after a warm-up."""
    for path in paths[:_WARM_UP]:
        detector.detect(path)
    times = [detector.detect(path).ms for path in paths]
    return {"p50": _digits(np.quantile(times, 0.5)), "p95": _digits(np.quantile(times, 0.95))}


def images_per_second(
    paths: Sequence[Path], workers: int, *, model: str | None = None, runtime: str | None = None
) -> float:
    """Rate of the command's own worker processes once all have loaded.

    Parameters
    ----------
    paths : sequence of Path
        Images.
    workers : int
        Processes.
    model, runtime : str, optional
        As `starlight detect` takes them.

    Returns
    -------
    float
    """
    pool = Pool(loader("stego", model, runtime, None), workers=workers, seconds=_SECONDS)
    warm = [*paths[:_WARM_UP]] * workers
    started = 0.0
    for i, _ in enumerate(pool.results(Source(str(path)) for path in [*warm, *paths])):
        if i + 1 == len(warm):
            started = time.perf_counter()
    return _digits(len(paths) / (time.perf_counter() - started))


def first_answer_seconds(path: Path, repeats: int, arguments: Sequence[str] = ()) -> float:
    """Median time from the command to its first answer.

    Parameters
    ----------
    path : Path
        An image.
    repeats : int
        Runs that the median is of.
    arguments : sequence of str
        Further ones of the command.

    Returns
    -------
    float

    Raises
    ------
    StarlightError
        The command gave no answer.
    """
    command = [sys.executable, "-m", "starlight", "detect", "--format", "jsonl", "--quiet", *arguments, str(path)]
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            answered = process.stdout.readline()
            times.append(time.perf_counter() - started)
        if not answered:
            raise StarlightError(f"{path}: `starlight detect` gave no answer")
    return _digits(np.median(times))


def machine() -> dict[str, Any]:
    """What it ran on, without the machine's name."""
    model = platform.processor()
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        lines = facts.read_text().splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    return {"cpu": model, "cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}


def table(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows with FIELDS of a report of `scripts.tools.bench_latency`; a target is the most, of a rate the least."""
    small, large, rate = report["png_256_ms"], report["jpeg_512_ms"], report["jpeg_512_images_per_second"]
    rows = [
        ("first answer of the command", report["first_answer_seconds"], "s", 3),
        ("256x256 PNG, median", small["p50"], "ms", 10),
        ("256x256 PNG, 95th percentile", small["p95"], "ms", 20),
        ("512x512 JPEG, median", large["p50"], "ms", ""),
        ("512x512 JPEG, 95th percentile", large["p95"], "ms", ""),
        ("512x512 JPEG, 1 worker", rate["workers_1"], "images/s", ""),
        ("512x512 JPEG, 2 workers", rate["workers_2"], "images/s", 60),
    ]
    return [dict(zip(FIELDS, row, strict=True)) for row in rows]


def _digits(value: float) -> float:
    return round(float(value), 3)
