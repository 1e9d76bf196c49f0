"""What a detector's own probabilities say of its errors, where nobody knows which images carry a payload.

Confidence-based performance estimation: of images with calibrated probabilities p, a flagged one is a false alarm with
probability 1 - p, one not flagged a miss with probability p (J. Białek et al., "Estimating model performance under
covariate shift without labels", 2024, arXiv:2401.08348). Probabilities are calibrated at the share of stego of the
validation split; elsewhere that share is another, and is estimated first, by expectation maximisation (M. Saerens,
P. Latinne, C. Decaestecker, Neural Computation 14, 2002). Both hold only as far as images of a kind score as those did
that the probabilities were calibrated on: on a strange source they err, and the agreement below says by how much.
"""

import json
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from starlight.detector.answer import STEGO
from starlight.errors import StarlightError
from starlight.markdown import counts, interval, number, percent, whole
from starlight.metrics import view
from starlight.metrics.slices import FEWEST, parts

__all__ = ["Expected", "agreement", "expected", "of_answers", "share_of_stego"]

_Z = 1.959964  # of a 95 % interval
_MOST_STEPS = 1000


class Expected(NamedTuple):
    """Expected figures: accuracy with its 95 % interval, false alarms and misses as counts, FPR, share of stego."""

    accuracy: float
    low: float
    high: float
    false_alarms: float
    misses: float
    fpr: float
    stego: float


def share_of_stego(probability, calibrated_at: float = 0.5) -> float:
    """Share of stego among images, from probabilities that were calibrated at another share.

    Parameters
    ----------
    probability : array-like, shape (n,)
        In [0, 1].
    calibrated_at : float
        In (0, 1).

    Returns
    -------
    float
        NaN without images.
    """
    p = np.asarray(probability, dtype=float)
    if not p.size:
        return math.nan
    share = calibrated_at
    for _ in range(_MOST_STEPS):
        before, share = share, float(_shifted(p, share, calibrated_at).mean())
        if abs(share - before) < 1e-9:
            break
    return share


def expected(probability, flagged, *, calibrated_at: float = 0.5, stego: float | None = None) -> Expected:
    """Expected errors of a detector on images without labels.

    Parameters
    ----------
    probability : array-like, shape (n,)
        Calibrated probability that an image carries a payload.
    flagged : array-like of bool, shape (n,)
    calibrated_at : float
        Share of stego that the probabilities were calibrated at.
    stego : float, optional
        Share of stego here; estimated if None.

    Returns
    -------
    Expected
        Its interval is that of the sum of independent errors, normal, and knows nothing of a wrong calibration. NaN
        without images.
    """
    p, flagged = np.asarray(probability, dtype=float), np.asarray(flagged, dtype=bool)
    if not p.size:
        return Expected(*[math.nan] * 7)
    share = share_of_stego(p, calibrated_at) if stego is None else stego
    p = _shifted(p, share, calibrated_at)
    wrong = np.where(flagged, 1 - p, p)
    accuracy, spread = 1 - float(wrong.mean()), math.sqrt(float((p * (1 - p)).sum())) / len(p)
    alarms, authentic = float((1 - p)[flagged].sum()), float((1 - p).sum())
    low, high = max(0.0, accuracy - _Z * spread), min(1.0, accuracy + _Z * spread)
    fpr = alarms / authentic if authentic else math.nan
    return Expected(accuracy, low, high, alarms, float(p[~flagged].sum()), fpr, share)


def agreement(predictions: pd.DataFrame, model: str, *, calibrated_at: float = 0.5) -> pd.DataFrame:
    """Expected beside true figures, in all and by source, container, size and quality, where labels are known.

    Parameters
    ----------
    predictions : DataFrame
        Columns as in `reports/predictions.csv`.
    model : str
    calibrated_at : float

    Returns
    -------
    DataFrame
        Columns `part`, `name`, `n`, `expected_accuracy`, `low`, `high`, `accuracy`, `expected_false_alarms`,
        `false_alarms`; parts of fewer than fifty images are left out.
    """
    frame = view(predictions, model)
    rows = []
    for part, names in {"all": pd.Series("all", frame.index), **parts(predictions.reset_index(drop=True))}.items():
        for name, own in frame.groupby(names, sort=True):
            if name and len(own) >= FEWEST:
                rows.append((part, name, len(own), *_both(own, calibrated_at)))
    columns = ["part", "name", "n", "expected_accuracy", "low", "high", "accuracy", "expected_false_alarms",
               "false_alarms"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def of_answers(path: Path) -> list[str]:
    """What a file of answers, of `starlight detect` or `watch`, lets one expect, as lines for people.

    Raises
    ------
    StarlightError
        It cannot be read, or is no file of answers.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        records = [json.loads(line) for line in lines if line]
        judged = [(r["probability"], r["verdict"] == STEGO) for r in records if r["probability"] is not None]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StarlightError(f"{path}: is no file of answers: {error}") from error
    found = expected(*zip(*judged, strict=True)) if judged else expected([], [])
    flagged = sum(flag for _, flag in judged)
    return [
        f"{counts(len(judged), len(records))} files judged, {whole(flagged)} called stego",
        f"expected, from the probabilities alone: {number(found.false_alarms, 1)} of those are false alarms, "
        f"{number(found.misses, 1)} are missed, {percent(found.stego)} carry a payload, "
        f"accuracy {percent(found.accuracy)} ({interval(found.low, found.high)})",
    ]


def _both(rows: pd.DataFrame, calibrated_at: float) -> tuple[float, ...]:
    flagged, stego = rows.flagged.astype(bool), rows.label == 1
    told = expected(rows.probability, flagged, calibrated_at=calibrated_at)
    return (told.accuracy, told.low, told.high, float((flagged == stego).mean()), told.false_alarms,
            int((flagged & ~stego).sum()))  # fmt: skip


def _shifted(p: np.ndarray, share: float, calibrated_at: float) -> np.ndarray:
    """Probabilities as they are where another share of the images carries a payload."""
    ratio, rest = share / calibrated_at, (1 - share) / (1 - calibrated_at)
    return ratio * p / np.maximum(ratio * p + rest * (1 - p), 1e-300)
