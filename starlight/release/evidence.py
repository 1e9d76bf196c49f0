"""Evidence on false alarms: a detector over thousands of clean images, counted by source."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from starlight.detector.answer import CANNOT_TELL, STEGO, UNREADABLE
from starlight.detector.detector import Detector
from starlight.errors import BadImage
from starlight.fanout import Engine, chunked, run
from starlight.metrics import clopper_pearson
from starlight.sample.build import SampleParams, build

__all__ = ["count", "gather", "log_odds", "make", "own", "to_markdown"]

_SOURCES = {
    "photo": "packaged photographs, processed anew (the photographs are in training)",
    "camera": "camera model, new scenes",
    "drawing": "drawings and screenshots, new ones",
    "negative": "look-alikes, new ones",
}


def make(folder: Path, images: int, seeds: Iterable[int], params: SampleParams) -> list[tuple[str, Path]]:
    """Make new clean images with each seed, half of them look-alikes, of other scenes and crops than another seed's.

    They lie in `folder/<seed>`. Returns them as `gather` does.
    """
    params = dataclasses.replace(
        params, enabled=True, photographs="", covers=images // 2, negatives=images - images // 2,
        stego_per_technique=1, adaptive_per_technique=1,
    )  # fmt: skip
    made: list[tuple[str, Path]] = []
    for seed in seeds:
        build(folder / str(seed), params, seed, workers=Engine().cores())
        made += gather(folder / str(seed))
    return made


def gather(submission: Path) -> Iterator[tuple[str, Path]]:
    """Clean images of a built-in submission made for the purpose, by source."""
    table = pd.read_csv(submission / "sources.csv")
    for name, source in zip(table["filename"], table["source"], strict=True):
        yield _SOURCES.get(source, source), submission / name


def own(covers: Path | None) -> Iterator[tuple[str, Path]]:
    """Files of a folder of one's own, under one source."""
    if covers:
        for path in sorted(p for p in covers.rglob("*") if p.is_file()):
            yield f"own covers: {covers.name}", path


def count(weights: Path, images: Iterable[tuple[str, Path]], engine: Engine = Engine()) -> pd.DataFrame:  # noqa: B008
    """False positives by source.

    Parameters
    ----------
    weights : Path
        The detector.
    images : iterable of (str, Path)
        Source and file.
    engine : Engine
        How many processes.

    Returns
    -------
    DataFrame
        `source`, `images`, `flagged`, `abstained`, `unreadable`, `fpr`, `low`, `high` (95 % Clopper-Pearson),
        `taken_for` (techniques of the false positives), the last row over all sources. Unreadable files are not
        counted as images.
    """
    chunks = chunked(list(images), engine)
    rows = [row for part in run(engine, functools.partial(_judge, weights), chunks, label="evidence") for row in part]
    found = pd.DataFrame(rows, columns=["source", "verdict", "technique"])
    parts = [*found.groupby("source", sort=True), ("all", found)]
    return pd.DataFrame([_row(source, part) for source, part in parts])


def log_odds(
    weights: Path, images: Sequence[tuple[str, Path]], engine: Engine = Engine()  # noqa: B008
) -> tuple[np.ndarray, list[str]]:  # fmt: skip
    """(n, t) log-odds of each readable image, and its container class."""
    chunks = chunked(list(images), engine)
    parts = run(engine, functools.partial(_log_odds, weights), chunks, label="thresholds")
    found = [one for part in parts for one in part]
    return np.array([logits for logits, _ in found]), [name for _, name in found]


def _log_odds(weights: Path, images: Sequence[tuple[str, Path]]) -> list[tuple[np.ndarray, str]]:
    detector, found = _detector(weights), []
    for _, path in images:
        with contextlib.suppress(BadImage):
            judged = detector.judge(path, maps=False)
            found.append((judged.prediction.logits[0], judged.classes[0]))
    return found


def _judge(weights: Path, images: Sequence[tuple[str, Path]]) -> list[tuple[str, str, str]]:
    detector = _detector(weights)
    answers = ((source, detector.detect(path)) for source, path in images)
    return [(source, a.verdict, a.technique if a.verdict == STEGO else "") for source, a in answers]


@functools.cache
def _detector(weights: Path) -> Detector:
    import torch

    torch.set_num_threads(1)  # the processes share the cores
    return Detector.load(weights)


def _row(source: str, found: pd.DataFrame) -> dict[str, object]:
    verdict, named = found["verdict"], found["technique"][found["verdict"] == STEGO].value_counts().sort_index()
    unreadable = int((verdict == UNREADABLE).sum())
    n, k = len(verdict) - unreadable, len(found[verdict == STEGO])
    low, high = clopper_pearson(k, n)
    return {
        "source": source, "images": n, "flagged": k, "abstained": int((verdict == CANNOT_TELL).sum()),
        "unreadable": unreadable, "fpr": round(k / n, 6) if n else float("nan"), "low": round(low, 6),
        "high": round(high, 6), "taken_for": " ".join(f"{name}:{times}" for name, times in named.items()),
    }  # fmt: skip


def to_markdown(table: pd.DataFrame) -> str:
    """The table as Markdown, rates in per cent."""
    shown = table.fillna({"taken_for": ""})
    for name in ("fpr", "low", "high"):
        shown[name] = [f"{100 * v:.3f} %" for v in shown[name]]
    return shown.to_markdown(index=False) + "\n"
