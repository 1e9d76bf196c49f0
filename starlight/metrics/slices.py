"""False alarms and detection by what the pictures are: JPEG quality, size, source, container."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from starlight.metrics.frames import view
from starlight.metrics.intervals import clopper_pearson

__all__ = ["FEWEST", "parts", "slices"]

FEWEST = 50  # images for a part to stand for itself
_EDGES: Mapping[str, tuple[tuple[float, ...], tuple[str, ...]]] = {
    "quality": ((75, 85, 95), ("under 75", "75 to 84", "85 to 94", "95 and more")),
    "size": ((128, 256, 512, 1024), ("under 128", "128 to 255", "256 to 511", "512 to 1023", "1024 and more")),
}


def parts(predictions: pd.DataFrame) -> dict[str, pd.Series]:
    """What part each image is in, by `quality`, `size`, `source` and `container`.

    Parameters
    ----------
    predictions : DataFrame
        Columns as in `reports/predictions.csv`; what lacks a column lacks that part.

    Returns
    -------
    dict
        Name of each part by row; empty where an image is in none, as what is no JPEG has no quality. The size is the
        side of a square of as many pixels.
    """
    side = pd.Series(np.sqrt(predictions.width.astype(float) * predictions.height.astype(float)))
    found = {"quality": _binned(predictions["quality"], "quality")} if "quality" in predictions else {}
    found["size"] = _binned(side, "size")
    for name in ("source", "container"):
        if name in predictions:
            found[name] = predictions[name].fillna("").astype(str)
    return found


def slices(predictions: pd.DataFrame, model: str) -> pd.DataFrame:
    """False alarms and detection of one model, part by part.

    Parameters
    ----------
    predictions : DataFrame
    model : str

    Returns
    -------
    DataFrame
        `part`, `name`, `fpr_k`, `fpr_n`, `fpr_low`, `fpr_high`, `found_k`, `found_n`, `found_low`, `found_high` (95 %
        Clopper-Pearson); parts of fewer than `FEWEST` images are left out.
    """
    frame = view(predictions, model)
    rows: list[dict[str, Any]] = []
    for part, names in parts(predictions.reset_index(drop=True)).items():
        for name, own in frame.groupby(names, sort=True):
            if name and len(own) >= FEWEST:
                rows.append({"part": part, "name": name, **_rate(own, 0, "fpr"), **_rate(own, 1, "found")})
    order = [name for _, names in _EDGES.values() for name in names]
    rows.sort(key=lambda row: order.index(row["name"]) if row["name"] in order else -1)
    columns = ["part", "name", *(f"{w}_{c}" for w in ("fpr", "found") for c in ("k", "n", "low", "high"))]
    return pd.DataFrame(rows, columns=columns).sort_values("part", kind="stable", ignore_index=True)


def _binned(values: pd.Series, part: str) -> pd.Series:
    edges, names = _EDGES[part]
    binned = pd.cut(values.astype(float), [-np.inf, *edges, np.inf], right=False, labels=names)
    return binned.astype(object).where(binned.notna(), "")


def _rate(rows: pd.DataFrame, label: int, name: str) -> dict[str, float]:
    flagged = rows.flagged[rows.label == label]
    k, n = int(flagged.sum()), len(flagged)
    low, high = clopper_pearson(k, n)
    return {f"{name}_k": k, f"{name}_n": n, f"{name}_low": low, f"{name}_high": high}
