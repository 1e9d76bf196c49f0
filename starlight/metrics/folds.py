"""Accuracy under cross-validation that never splits a cover."""

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold

__all__ = ["best_threshold", "grouped_accuracy"]


def best_threshold(label: np.ndarray, score: np.ndarray) -> float:
    """Score above which balanced accuracy is highest; the highest such score where several tie."""
    order = np.argsort(-score, kind="stable")
    ends = np.r_[np.flatnonzero(np.diff(score[order]) != 0), label.size - 1]
    gain = np.cumsum(label[order] == 1)[ends] / max(1, (label == 1).sum())
    loss = np.cumsum(label[order] == 0)[ends] / max(1, (label == 0).sum())
    best = int(np.argmax(gain - loss))
    levels = score[order][ends]
    below = levels[best + 1] if best + 1 < levels.size else levels[best] - 1.0
    return float((levels[best] + below) / 2)


def _balanced(label: np.ndarray, flagged: np.ndarray) -> float:
    return float((flagged[label == 1].mean() + (1 - flagged[label == 0]).mean()) / 2)


def grouped_accuracy(frame: pd.DataFrame, *, folds: int = 5, seed: int = 0) -> pd.DataFrame:
    """Balanced accuracy of each technique against all authentic images, the threshold chosen on the other folds.

    Parameters
    ----------
    frame : DataFrame
        Columns `label`, `score`, `technique`, `cover_id`.
    folds : int
        At most this many; fewer where a technique has fewer covers.
    seed : int
        Which cover falls into which fold.

    Returns
    -------
    DataFrame
        One row for each technique: `technique`, `n` (stego images), `folds`, `mean`, `spread` (standard deviation over
        folds); NaN where there are fewer than two covers on either side.
    """
    authentic = frame[frame.label == 0]
    rows = []
    for name, stego in frame[frame.label == 1].groupby("technique", sort=True):
        values = _fold_values(pd.concat([authentic, stego]), folds, seed)
        mean, spread = (np.mean(values), np.std(values, ddof=1)) if len(values) > 1 else (np.nan, np.nan)
        rows.append((name, len(stego), len(values), float(mean), float(spread)))
    return pd.DataFrame(rows, columns=["technique", "n", "folds", "mean", "spread"])


def _fold_values(rows: pd.DataFrame, folds: int, seed: int) -> list[float]:
    rows = rows.sort_values(["cover_id", "label", "score"], kind="stable")
    label, score, cover = rows.label.to_numpy(), rows.score.to_numpy(float), rows.cover_id.to_numpy(str)
    folds = min([folds] + [np.unique(cover[label == side]).size for side in (0, 1)])
    if folds < 2:
        return []
    values = []
    splitter = GroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    for rest, held_out in splitter.split(score, label, cover):
        if all(np.unique(label[part]).size == 2 for part in (rest, held_out)):
            flagged = score[held_out] > best_threshold(label[rest], score[rest])
            values.append(_balanced(label[held_out], flagged))
    return values
