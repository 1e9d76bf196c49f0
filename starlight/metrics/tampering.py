"""The nested measures of one detector of tampered images, from a row for each test image."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from starlight.metrics.evaluate import rate
from starlight.metrics.regions import mask_measures
from starlight.metrics.scores import auc, detection_at_fpr

__all__ = ["AREAS", "area_group", "measure", "over_seeds"]

AREAS = (("tiny", 0.01), ("small", 0.05), ("large", 1.01))  # of the image, up to which share
_OVER_SEEDS = ("fpr", "recall", "precision", "lookalike.fpr", "of1.all", "mask.f1", "at_half.fpr", "at_half.recall")


def area_group(share: float) -> str:
    """Name of a share of the image that was tampered with.

    Examples
    --------
    >>> [area_group(share) for share in (0.004, 0.03, 0.2)]
    ['tiny', 'small', 'large']
    """
    return next(name for name, end in AREAS if share < end)


def measure(table: pd.DataFrame, model: str) -> dict:
    """Every measure of one detector.

    Parameters
    ----------
    table : DataFrame
        `label`, `kind`, `category`, `source`, `cover_id`, `area`, `is_twin`, and of the model `<model>_score` (a
        probability), `_flagged`, `_tp`, `_fp`, `_fn`, `_tn` (pixels) and `_of1`.
    model : str

    Returns
    -------
    dict
        Nested; fractions unrounded, NaN where undefined. `at_half` is judged at probability 0.5 instead of at the
        detector's threshold. Measures of masks are means over the forged images that were found.
    """
    forged = table["label"] == 1
    flagged, score = table[f"{model}_flagged"].astype(bool), table[f"{model}_score"].astype(float)
    measured = {"n": len(table), "covers": int(table["cover_id"].nunique())} | _rates(flagged, forged)
    measured["auc"] = float(auc(table["label"], score)[0])
    measured["detection_at_fpr01"] = float(detection_at_fpr(table["label"], score, 0.01)[0])
    measured["at_half"] = _rates(score >= 0.5, forged)
    parts = table[forged].groupby("category", sort=True).groups
    measured["kinds"] = {name or "unknown": rate(flagged[i], "detection") for name, i in parts.items()}
    families = table[forged].groupby(table["category"].str.split(".").str[0], sort=True).groups
    measured["families"] = {name or "unknown": rate(flagged[i], "detection") for name, i in families.items()}
    sizes = table[forged].groupby(table["area"].map(area_group), sort=True).groups
    measured["areas"] = {name: rate(flagged[i], "detection") for name, i in sizes.items()}
    measured |= _authentic(table[~forged], flagged)
    measured["mask"] = _masks(table[forged & flagged], model)
    of1 = table[f"{model}_of1"].astype(float)
    measured["of1"] = {"all": of1.mean(), "forged": of1[forged].mean(), "authentic": of1[~forged].mean()}
    return measured


def _rates(flagged: pd.Series, forged: pd.Series) -> dict[str, float]:
    tp, errors = int((flagged & forged).sum()), int((flagged != forged).sum())
    return (
        rate(flagged[~forged], "fpr", "fpr_") | rate(forged[flagged], "precision", "precision_")
        | rate(flagged[forged], "recall", "recall_") | {"f1": 2 * tp / (2 * tp + errors) if tp + errors else math.nan}
    )  # fmt: skip


def _authentic(rows: pd.DataFrame, flagged: pd.Series) -> dict:
    alike = rows[rows["category"] != ""]
    groups = alike.groupby("category", sort=True).groups
    plain = rows[(rows["category"] == "") & ~rows["is_twin"]]
    return {
        "lookalike": rate(flagged[alike.index], "fpr"),
        "twin": rate(flagged[rows.index[rows["is_twin"]]], "fpr"),
        "plain": rate(flagged[plain.index], "fpr"),
        "negatives": {name: rate(flagged[i], "fpr") for name, i in groups.items()},
        "sources": {name: rate(flagged[i], "fpr") for name, i in rows.groupby("source", sort=True).groups.items()},
    }


def _masks(found: pd.DataFrame, model: str) -> dict[str, float]:
    counts = found[[f"{model}_{part}" for part in ("tp", "fp", "fn", "tn")]].astype(float).to_numpy()
    each = pd.DataFrame([mask_measures(*row) for row in counts], columns=["precision", "recall", "f1", "mcc", "iou"])
    means = each.mean() if len(each) else each.reindex([0]).iloc[0]
    return {"n": len(each)} | {name: float(value) for name, value in means.items()}


def over_seeds(each: list[Mapping]) -> dict:
    """Mean, least and largest of the main measures of several trainings of one detector."""
    found = {}
    for name in _OVER_SEEDS:
        first, _, second = name.partition(".")
        values = np.array([m[first][second] if second else m[first] for m in each], float)
        finite = values[np.isfinite(values)]
        low, mean, high = (finite.min(), finite.mean(), finite.max()) if len(finite) else (math.nan,) * 3
        found[name.replace(".", "_")] = {"least": float(low), "mean": float(mean), "largest": float(high)}
    return found
