"""Two detectors on the same images: what changed, and whether these images can show it."""

import math

import numpy as np
import pandas as pd

from starlight.metrics.evaluate import RESAMPLED
from starlight.metrics.frames import view
from starlight.metrics.maps import map_measures
from starlight.metrics.paired import holm, mcnemar
from starlight.metrics.scores import bootstrap_interval, cover_weights

__all__ = ["LOWER_IS_BETTER", "compare", "compare_parts"]

LOWER_IS_BETTER = frozenset({"fpr", "map.fp_ratio"})
_CELLS = ["map_tp", "map_fp", "map_fn", "map_tn"]


def _shares(frame: pd.DataFrame, weights: np.ndarray) -> dict[str, np.ndarray]:
    stego, flagged = frame.label.to_numpy() == 1, frame.flagged.to_numpy()
    tp, fp = weights @ (stego & flagged), weights @ (~stego & flagged)
    p, n = weights @ stego, weights @ ~stego
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "fpr": fp / n,
            "accuracy": (tp + n - fp) / (p + n),
            "precision": tp / (tp + fp),
            "recall": tp / p,
            "f1": 2 * tp / (tp + fp + p),
        }


def _map(frame: pd.DataFrame, weights: np.ndarray) -> dict[str, np.ndarray]:
    cells = frame[_CELLS].astype(float).to_numpy()
    authentic = (frame.label == 0).to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (weights[:, authentic] @ frame.map_fp_ratio.to_numpy(float)[authentic]) / weights[:, authentic].sum(1)
    rows = [map_measures(*row) for row in weights @ np.nan_to_num(cells)]
    parts = {f"map.{name}": np.array([row[name] for row in rows]) for name in ("precision", "recall", "f1", "mcc")}
    return {"map.fp_ratio": ratio, **parts}


def _measures(frame: pd.DataFrame, weights: np.ndarray) -> dict[str, np.ndarray]:
    label, score = frame.label.to_numpy(), frame.score.to_numpy(float)
    ranked = {name: measure(label, score, weights) for name, measure in RESAMPLED.items()}
    return _shares(frame, weights) | ranked | _map(frame, weights)


def _p(first: pd.DataFrame, second: pd.DataFrame, measure: str) -> float:
    rows = {"fpr": first.label == 0, "recall": first.label == 1, "accuracy": first.label >= 0}.get(measure)
    if rows is None:
        return math.nan
    right = [(frame.flagged == (frame.label == 1))[rows] for frame in (first, second)]
    return mcnemar(*right).p_value


def _verdict(change: float, low: float, high: float, p: float, lower_is_better: bool) -> str:
    if math.isnan(change):
        return "not measured"
    real = p < 0.05 if not math.isnan(p) else low > 0 or high < 0
    if not real or change == 0:
        return "no difference shown"
    return "better" if (change < 0) == lower_is_better else "worse"


def compare(predictions: pd.DataFrame, first: str, second: str, *, seed: int = 0) -> pd.DataFrame:
    """Every measure of two models on the same images.

    Parameters
    ----------
    predictions : DataFrame
        Columns as in `reports/predictions.csv`.
    first, second : str
        Models; the change is second - first.
    seed : int
        Of the bootstrap over covers, which both models share.

    Returns
    -------
    DataFrame
        Columns `measure`, `first`, `second`, `change`, `low`, `high` (95 %), `p` (McNemar's, for FPR, accuracy and
        recall), `verdict` (better, worse, no difference shown, not measured).
    """
    frames = [view(predictions, model) for model in (first, second)]
    once = np.ones((1, len(predictions)))
    many = cover_weights(frames[0].cover_id, seed=seed)
    values = [_measures(frame, once) for frame in frames]
    drawn = [_measures(frame, many) for frame in frames]
    rows = []
    for name in values[0]:
        a, b = float(values[0][name][0]), float(values[1][name][0])
        low, high = bootstrap_interval(drawn[1][name] - drawn[0][name])
        p = _p(*frames, name)
        verdict = _verdict(b - a, low, high, p, name in LOWER_IS_BETTER)
        rows.append((name, a, b, b - a, low, high, p, verdict))
    return pd.DataFrame(rows, columns=["measure", "first", "second", "change", "low", "high", "p", "verdict"])


def compare_parts(predictions: pd.DataFrame, first: str, second: str, column: str, label: int) -> pd.DataFrame:
    """Rate of flagged images of two models in each part of the stego or of the authentic images.

    Parameters
    ----------
    column : str
        What makes the parts: technique, category, submission, ...
    label : {0, 1}
        1: detection of stego; 0: false alarms on authentic images.

    Returns
    -------
    DataFrame
        Columns `part`, `n`, `first`, `second`, `change`, `p` (McNemar's, by Holm for the number of parts), `verdict`.
    """
    a, b = view(predictions, first), view(predictions, second)
    inside = (a.label == label) & (a[column] != "")
    rows = []
    for part, index in a[inside].groupby(column, sort=True).groups.items():
        before, after = a.flagged[index], b.flagged[index]
        p = mcnemar(before == bool(label), after == bool(label)).p_value
        rows.append((part, len(index), before.mean(), after.mean(), after.mean() - before.mean(), p))
    found = pd.DataFrame(rows, columns=["part", "n", "first", "second", "change", "p"])
    found["p"] = holm(found.p)
    ends = zip(found.change, found.p, strict=True)
    found["verdict"] = [_verdict(change, math.nan, math.nan, p, label == 0) for change, p in ends]
    return found
