"""Detectors on the same images, group by group, with intervals and McNemar's test against the first of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from starlight.metrics.intervals import clopper_pearson
from starlight.metrics.paired import mcnemar

__all__ = ["as_powerful", "compared"]

_COLUMNS = ["model", "group", "base_fpr", "measure", "value", "low", "high", "k", "n", "p_against_base"]
_LOOSE = (0.01, 0.05)  # of authentic images, that the base detector flags where models are compared at equal power


def compared(table: pd.DataFrame, groups: Mapping[str, pd.Series], names: Sequence[str]) -> pd.DataFrame:
    """Several detectors against the first named, the base.

    At operating thresholds that one authentic image in thousands exceeds, a test split holds next to no false alarms
    to compare. So the false alarms are also counted where more are allowed, each detector finding as much: at the
    score that as many positives reach as exceed the one at which the base detector flags `_LOOSE` of the authentic
    (`base_fpr`; NaN at the operating thresholds).

    Parameters
    ----------
    table : DataFrame
        `label`, and for each name `<name>_flagged` and, where there is one, `<name>_score`; a row an image.
    groups : mapping of str to bool Series
        Of images; that called `all` is measured by accuracy, others by the share flagged.
    names : sequence of str
        Those that the table does not have are left out.
    """
    base, rows = names[0], []
    positive = (table["label"] == 1).to_numpy()
    for name in (n for n in names if f"{n}_flagged" in table):
        flagged = table[f"{name}_flagged"].to_numpy(bool)
        precision = (flagged & positive).sum(), flagged.sum()
        rows.append({"model": name, "group": "flagged", "measure": "precision", **_proportion(*precision)})
        for group, chosen in groups.items():
            right = flagged == positive
            hits, what = (right, "accuracy") if group == "all" else (flagged, "flagged share")
            paired = mcnemar(right[chosen], (table[f"{base}_flagged"].to_numpy(bool) == positive)[chosen])
            rows.append({
                "model": name, "group": group, "measure": what,
                **_proportion(hits[chosen].sum(), chosen.sum()), "p_against_base": round(float(paired.p_value), 6),
            })  # fmt: skip
        for rate in _LOOSE if f"{base}_score" in table else ():
            rows += _equally_powerful(table, name, base, rate)
    return pd.DataFrame(rows, columns=_COLUMNS)


def as_powerful(base: np.ndarray, model: np.ndarray, positive: np.ndarray, rate: float) -> np.ndarray:
    """What a model flags where it finds as much as the base does while flagging a share of the authentic images.

    Parameters
    ----------
    base, model : (n,)
        Scores; the higher, the likelier positive.
    positive : (n,) bool
    rate : float
        Of authentic images, that the base flags.

    Returns
    -------
    (n,) bool
        None where there are no images of both kinds, or the base finds nothing.
    """
    if positive.all() or not positive.any():
        return np.zeros(len(positive), bool)
    found = int((base[positive] > np.quantile(base[~positive], 1.0 - rate)).sum())
    return model >= np.sort(model[positive])[-found] if found else np.zeros(len(positive), bool)


def _equally_powerful(table: pd.DataFrame, name: str, base: str, rate: float) -> list[dict]:
    """Precision and false alarms of a model that finds as much as the base detector does at a false-positive rate."""
    positive = (table["label"] == 1).to_numpy()
    scores = {model: table[f"{model}_score"].to_numpy(float) for model in (base, name)}
    alarms, of_base = (as_powerful(scores[base], scores[model], positive, rate) for model in (name, base))
    if not of_base[positive].any():
        return []
    paired = mcnemar(~alarms[~positive], ~of_base[~positive])
    return [
        {"model": name, "group": "flagged", "base_fpr": rate, "measure": "precision",
         **_proportion((alarms & positive).sum(), alarms.sum())},
        {"model": name, "group": "authentic", "base_fpr": rate, "measure": "flagged share",
         **_proportion(alarms[~positive].sum(), (~positive).sum()), "p_against_base": round(float(paired.p_value), 6)},
    ]  # fmt: skip


def _proportion(k: int, n: int) -> dict[str, float]:
    low, high = clopper_pearson(int(k), int(n))
    return {"value": round(k / n, 6) if n else np.nan, "low": round(low, 6), "high": round(high, 6),
            "k": int(k), "n": int(n)}  # fmt: skip
