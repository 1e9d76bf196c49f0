"""Evidence on false alarms: a detector over thousands of clean images, counted by source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from starlight.detector import Detector
from starlight.metrics import clopper_pearson

__all__ = ["count", "gather", "to_markdown"]

_SOURCES = {
    "photo": "packaged photographs, processed anew (the photographs are in training)",
    "camera": "camera model, new scenes",
    "drawing": "drawings and screenshots, new ones",
    "negative": "look-alikes, new ones",
}


def gather(submission: Path, covers: Path | None = None) -> Iterator[tuple[str, Path]]:
    """Clean images of a built-in submission made for the purpose, by source, and those of a folder of one's own."""
    table = pd.read_csv(submission / "sources.csv")
    for name, source in zip(table["filename"], table["source"], strict=True):
        yield _SOURCES.get(source, source), submission / name
    if covers:
        for path in sorted(p for p in covers.rglob("*") if p.is_file()):
            yield f"own covers: {covers.name}", path


def count(detector: Detector, images: Iterable[tuple[str, Path]]) -> pd.DataFrame:
    """False positives by source.

    Returns
    -------
    DataFrame
        `source`, `images`, `flagged`, `abstained`, `unreadable`, `fpr`, `low`, `high` (95 % Clopper-Pearson), the
        last row over all sources. Unreadable files are not counted as images.
    """
    rows = [(source, detector.detect(path).verdict) for source, path in tqdm(images, unit="image", mininterval=5)]
    verdicts = pd.DataFrame(rows, columns=["source", "verdict"])
    parts = [(s, g["verdict"]) for s, g in verdicts.groupby("source", sort=True)] + [("all", verdicts["verdict"])]
    return pd.DataFrame([_row(source, verdict) for source, verdict in parts])


def _row(source: str, verdict: pd.Series) -> dict[str, object]:
    unreadable = int((verdict == "unreadable").sum())
    n, k = len(verdict) - unreadable, int((verdict == "stego").sum())
    low, high = clopper_pearson(k, n)
    return {
        "source": source, "images": n, "flagged": k, "abstained": int((verdict == "cannot tell").sum()),
        "unreadable": unreadable, "fpr": round(k / n, 6) if n else float("nan"), "low": round(low, 6),
        "high": round(high, 6),
    }  # fmt: skip


def to_markdown(table: pd.DataFrame) -> str:
    """The table as Markdown, rates in per cent."""
    shown = table.copy()
    for name in ("fpr", "low", "high"):
        shown[name] = [f"{100 * v:.3f} %" for v in shown[name]]
    return shown.to_markdown(index=False) + "\n"
