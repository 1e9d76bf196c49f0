"""Tables behind the plots, as CSV files that `dvc plots` draws and compares between revisions."""

from pathlib import Path

import numpy as np
import pandas as pd

from starlight.metrics import MODELS, clopper_pearson, reliability, roc_points, view

__all__ = ["TABLES", "confusion", "detection", "roc", "write"]

_ROC_POINTS = 400  # of each curve, so that the diff of a curve stays readable


def roc(frame: pd.DataFrame) -> pd.DataFrame:
    """ROC curve of a view: `fpr`, `detection`, `log10_fpr` (half an image stands for none), `threshold`."""
    fpr, found, threshold = roc_points(frame.label, frame.score)
    if not fpr.size:
        return pd.DataFrame(columns=["fpr", "detection", "log10_fpr", "threshold"])
    authentic = int((frame.label == 0).sum())
    corner = np.r_[np.flatnonzero(np.diff(fpr) > 0), fpr.size - 1]  # the best point of each FPR
    if corner.size > _ROC_POINTS:
        steps = np.geomspace(1, corner.size, _ROC_POINTS).round().astype(int) - 1
        corner = corner[np.unique(steps)]
    level = np.r_[frame.score.max(), threshold[1:]][corner]  # the curve starts at the highest score, flagging nothing
    log = np.log10(np.maximum(fpr[corner], 0.5 / authentic))
    return pd.DataFrame({"fpr": fpr[corner], "detection": found[corner], "log10_fpr": log, "threshold": level})


def confusion(frame: pd.DataFrame) -> pd.DataFrame:
    """One row an image: `actual` and `predicted` technique, `authentic` for no payload and for no alarm."""
    actual = frame.technique.where(frame.label == 1, "authentic")
    predicted = frame.named.where(frame.flagged, "authentic").replace("", "unnamed")
    return pd.DataFrame({"actual": actual, "predicted": predicted}).sort_values(["actual", "predicted"])


def detection(frame: pd.DataFrame) -> pd.DataFrame:
    """Detection of each technique: `technique`, `detection`, `low`, `high`, `n`."""
    rows = []
    for name, flagged in frame[frame.label == 1].groupby("technique", sort=True).flagged:
        k, n = int(flagged.sum()), len(flagged)
        rows.append((name, k / n, *clopper_pearson(k, n), n))
    return pd.DataFrame(rows, columns=["technique", "detection", "low", "high", "n"])


def _reliability(frame: pd.DataFrame) -> pd.DataFrame:
    return reliability(frame.label, frame.probability)


TABLES = {"confusion": confusion, "detection": detection, "reliability": _reliability, "roc": roc}


def write(predictions: pd.DataFrame, directory: str | Path, models: tuple[str, ...] = MODELS) -> list[Path]:
    """Write `<directory>/<table>/<model>.csv` for each table and model.

    Parameters
    ----------
    predictions : DataFrame
        Columns of `reports/predictions.csv`.
    directory : path
    models : tuple of str
        Prefixes of its columns.

    Returns
    -------
    list of Path
        What was written, sorted.
    """
    written = []
    for model in models:
        frame = view(predictions, model)
        for name, make in TABLES.items():
            path = Path(directory) / name / f"{model}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            table = make(frame)
            table.to_csv(path, index=False, float_format="%.6f", lineterminator="\n")
            written.append(path)
    return sorted(written)
