"""The make-up of a set of images: balance, diversity, duplicates, drift."""

import math

import numpy as np
import pandas as pd

from starlight.manifest import KINDS, of_stego
from starlight.monitor.runs.drift import drift

__all__ = ["dataset_metrics", "shannon_entropy", "submission_counts"]

_SPLITS = ("train", "val", "test")


def shannon_entropy(counts) -> float:
    """Entropy of a histogram in bits (Shannon, Bell System Technical Journal 27, 1948); NaN where it is empty."""
    counts = np.asarray(counts, dtype=float)
    counts = counts[counts > 0]
    if counts.size == 0:
        return math.nan
    share = counts / counts.sum()
    return float(-(share * np.log2(share)).sum()) + 0.0


def _diversity(names: pd.Series, known: set) -> dict[str, float]:
    classes = sorted(set(names) | known)
    bits = shannon_entropy(names.value_counts())
    limit = math.log2(len(classes)) if classes else math.nan
    return {"bits": bits, "max": limit, "share": bits / limit if limit else math.nan, "classes": len(classes)}


def _what(rows: pd.DataFrame) -> pd.Series:
    """What each image is: its technique, else its category, else its kind."""
    stego = rows.kind == "stego"
    name = rows.technique.where(stego, rows.category.where(rows.kind == "negative", rows.kind))
    return name.where(name != "", rows.kind)


def _usable(rows: pd.DataFrame) -> pd.DataFrame:
    text = [c for c in ("kind", "category", "technique", "format", "mode", "cover_id") if c in rows]
    rows = rows.copy()
    rows[text] = rows[text].astype(object).where(rows[text].notna(), "")
    return rows[rows.status == "ok"] if "status" in rows else rows


def dataset_metrics(rows: pd.DataFrame, reference: pd.DataFrame | None = None) -> dict:
    """Quality of a data set.

    Parameters
    ----------
    rows, reference : DataFrame
        Of a manifest or of a table of predictions, quarantined rows are left aside; and the training set, for drift and
        for the classes that diversity is measured against. Images of the task forgery alone count as `forged` and
        `authentic`, and for nothing else.

    Returns
    -------
    dict
        `images`, `covers`, `clean`, `negative`, `stego`, `forged`, `authentic`, `quarantined`; `imbalance` (difference
        between authentic and stego as a share of both, NaN where there is no image); `diversity` of techniques,
        categories and formats in bits against the maximum; `duplicates` (files beyond the first of equal bytes);
        `table` (format by technique or category, counts); `drift` where there is a reference.
    """
    files = len(rows)
    rows = _usable(rows)
    kinds, quarantined = rows.kind.value_counts(), files - len(rows)
    rows = of_stego(rows)
    known = rows.iloc[:0] if reference is None else of_stego(_usable(reference))
    authentic, stego = int(kinds.get("clean", 0) + kinds.get("negative", 0)), int(kinds.get("stego", 0))
    both = authentic + stego
    parts = {
        "technique": lambda r: r.technique[r.kind == "stego"],
        "category": lambda r: r.category[r.kind == "negative"],
        "format": lambda r: r.format,
    }
    measured = {
        "images": len(rows),
        "covers": int(rows.cover_id.nunique()),
        **{kind: int(kinds.get(kind, 0)) for kind in KINDS},
        "quarantined": quarantined,
        "imbalance": abs(authentic - stego) / both if both else math.nan,
        "duplicates": int(rows.sample_id.duplicated().sum()),
        "diversity": {name: _diversity(part(rows), set(part(known))) for name, part in parts.items()},
        "table": pd.crosstab(_what(rows), rows.format).T.to_dict("dict"),
    }
    if reference is not None:
        measured["drift"] = drift(rows, known)
    return measured


def submission_counts(rows: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Authentic images of each submission by split, and `stego` in all.

    Parameters
    ----------
    rows : DataFrame
        Usable rows of a manifest that the task stego is about.
    """
    found = {}
    for name, part in rows.groupby("submission", sort=True):
        authentic = part["split"][part["label"] == 0].value_counts()
        found[str(name)] = {s: int(authentic.get(s, 0)) for s in _SPLITS} | {"stego": int((part["label"] == 1).sum())}
    return found
