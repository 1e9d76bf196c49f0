"""The nested metrics of one detector, and the dozen of them that people read first."""

import json
import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from starlight.metrics.calibration import brier, expected_calibration_error
from starlight.metrics.frames import MODELS, view
from starlight.metrics.intervals import clopper_pearson
from starlight.metrics.lookup import lookup
from starlight.metrics.maps import map_measures
from starlight.metrics.payload import payload_bucket
from starlight.metrics.scores import auc, bootstrap_interval, cover_weights, detection_at_fpr
from starlight.techniques import protocol

__all__ = ["HEADLINE", "PROTOCOL", "RESAMPLED", "dumps", "evaluate", "evaluate_all", "headline", "rate", "resampled"]

PROTOCOL = protocol()
RESAMPLED = {
    "auc": lambda label, score, weights=None: auc(label, score, weights),
    "detection_at_fpr0": lambda label, score, weights=None: detection_at_fpr(label, score, 0.0, weights),
    "detection_at_fpr001": lambda label, score, weights=None: detection_at_fpr(label, score, 0.001, weights),
    "detection_at_fpr01": lambda label, score, weights=None: detection_at_fpr(label, score, 0.01, weights),
}
HEADLINE = {  # the figures that a person compares first: name in `reports/headline.json` to key of `metrics.json`
    "auc": "auc",
    "found_at_fpr_1_percent": "detection_at_fpr01",
    "found_protocol": "protocol.detection",
    "found_stego": "recall",
    "fpr": "fpr",
    "fpr_clean": "clean.fpr",
    "fpr_lookalikes": "negative.fpr",
    "fpr_twins": "twin.fpr",
    "fpr_upper_end": "fpr_high",
    "map_mcc": "map.mcc",
    "map_wrongly_marked": "map.fp_ratio",
    "precision": "precision",
}


def rate(hits, name: str, prefix: str = "") -> dict[str, float]:
    """A proportion with its exact 95 % interval and counts.

    Parameters
    ----------
    hits : array-like of bool, shape (n,)
    name : str
        Key of the value.
    prefix : str
        Put before `low`, `high`, `k`, `n`.
    """
    hits = np.asarray(hits, dtype=bool)
    k, n = int(hits.sum()), int(hits.size)
    low, high = clopper_pearson(k, n)
    value = k / n if n else math.nan
    return {name: value, f"{prefix}low": low, f"{prefix}high": high, f"{prefix}k": k, f"{prefix}n": n}


def resampled(frame: pd.DataFrame, *, seed: int = 0) -> dict[str, float]:
    """AUC and detection at fixed FPRs with bootstrap intervals over covers."""
    label, score = frame.label.to_numpy(), frame.score.to_numpy(float)
    weights = cover_weights(frame.cover_id, seed=seed)
    found = {}
    for name, measure in RESAMPLED.items():
        found[name] = float(measure(label, score)[0])
        found[f"{name}_low"], found[f"{name}_high"] = bootstrap_interval(measure(label, score, weights))
    return found


def _overall(frame: pd.DataFrame) -> dict:
    stego, flagged = frame.label == 1, frame.flagged
    tp, errors = int((stego & flagged).sum()), int((stego != flagged).sum())
    measured = {"n": len(frame), "covers": int(frame.cover_id.nunique())}
    measured |= rate(flagged[~stego], "fpr", "fpr_")
    measured |= rate(stego == flagged, "accuracy", "accuracy_")
    measured |= rate(stego[flagged], "precision", "precision_")
    measured |= rate(flagged[stego], "recall", "recall_")
    measured["f1"] = 2 * tp / (2 * tp + errors) if tp + errors else math.nan
    measured["brier"] = brier(frame.label, frame.probability)
    measured["ece"] = expected_calibration_error(frame.label, frame.probability)
    return measured | resampled(frame)


def _at(rows: pd.DataFrame, name: str, rates: list[float]) -> dict:
    """What is flagged where people ask for another false-positive rate."""
    return {f"{one:g}": rate(rows.rate <= one, name) for one in rates}


def _technique(rows: pd.DataFrame, authentic: pd.DataFrame, rates: list[float]) -> dict:
    measured = rate(rows.flagged, "detection")
    measured["at"] = _at(rows, "detection", rates)
    both = pd.concat([authentic, rows])
    measured["auc"] = float(auc(both.label, both.score)[0])
    measured["detection_at_fpr01"] = float(detection_at_fpr(both.label, both.score, 0.01)[0])
    measured["named"] = float((rows.named == rows.technique)[rows.flagged].mean())
    buckets = [payload_bucket(float(b), float(r)) for b, r in zip(rows.payload_bits, rows.payload_rate, strict=True)]
    grouped = rows.groupby(pd.Series(buckets, index=rows.index), sort=True)
    measured["payload"] = {name: rate(group.flagged, "detection") for name, group in grouped}
    return measured


def _twins(authentic: pd.DataFrame) -> dict:
    names = authentic.twin_of.str.split(";").explode()
    names = names[names.str.len() > 0]
    groups = names.groupby(names).groups
    return {name: rate(authentic.flagged[rows.unique()], "fpr") for name, rows in groups.items()}


def _container(rows: pd.DataFrame) -> dict:
    return rate(rows.flagged[rows.label == 0], "fpr", "fpr_") | rate(
        rows.flagged[rows.label == 1], "detection", "detection_"
    )


def _map(frame: pd.DataFrame) -> dict:
    cells = frame[["map_tp", "map_fp", "map_fn", "map_tn"]].astype(float)
    if cells.notna().all(axis=1).sum() == 0:
        return {"fp_ratio": math.nan, "precision": math.nan, "recall": math.nan, "f1": math.nan, "mcc": math.nan}
    return {"fp_ratio": float(frame.map_fp_ratio[frame.label == 0].mean())} | map_measures(*cells.sum())


def evaluate(predictions: pd.DataFrame, model: str) -> dict:
    """Every measure of one detector.

    Parameters
    ----------
    predictions : DataFrame
        One row for each image of the test split, columns as in `reports/predictions.csv`.
    model : str
        Prefix of the model's columns: v3, v4_base or v4.

    Returns
    -------
    dict
        Nested, fractions unrounded, NaN where undefined; `dumps` makes the text of `metrics.json`.

    Raises
    ------
    StarlightError
        Where a column is missing or holds what it may not.
    """
    frame = view(predictions, model)
    authentic, stego = frame[frame.label == 0], frame[frame.label == 1]
    protocol = stego[stego.technique.isin(PROTOCOL)]
    rates = sorted(frame.rate.dropna().unique())
    container = frame.format.str.lower() + "_" + frame["mode"].str.lower()
    measured = _overall(frame)
    for name, rows in (("", frame), ("_authentic", authentic), ("_stego", stego)):
        measured[f"abstained{name}"] = float(rows.ood.astype(float).mean())
    measured["protocol"] = rate(protocol.flagged, "detection") | rate(
        np.r_[protocol.flagged, ~authentic.flagged], "accuracy", "accuracy_"
    )
    measured["clean"] = rate(authentic.flagged[authentic.kind == "clean"], "fpr")
    measured["negative"] = rate(authentic.flagged[authentic.kind == "negative"], "fpr")
    measured["twin"] = rate(authentic.flagged[authentic.twin_of != ""], "fpr")
    measured["techniques"] = {name: _technique(rows, authentic, rates) for name, rows in stego.groupby("technique")}
    measured["at"] = {
        "authentic": _at(authentic, "fpr", rates), "stego": _at(stego, "detection", rates),
        "protocol": _at(protocol, "detection", rates),
    }  # fmt: skip
    measured["twins"] = _twins(authentic)
    negatives = authentic[authentic.kind == "negative"]
    measured["negatives"] = {name or "unknown": rate(r.flagged, "fpr") for name, r in negatives.groupby("category")}
    measured["containers"] = {name: _container(rows) for name, rows in frame.groupby(container)}
    measured["map"] = _map(frame)
    return measured


def evaluate_all(predictions: pd.DataFrame, models: tuple[str, ...] = MODELS) -> dict:
    """`evaluate` for several models, by their names."""
    return {model: evaluate(predictions, model) for model in models}


def headline(metrics: Mapping, model: str) -> dict[str, float | None]:
    """The figures that a person compares first, flat, for `dvc metrics diff`."""
    return {name: lookup(metrics[model], key) for name, key in HEADLINE.items()}


def _tidy(value):
    if isinstance(value, Mapping):
        return {str(key): _tidy(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [_tidy(part) for part in value]
    if isinstance(value, (float, np.floating)):
        return round(float(value), 6) + 0.0 if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


def dumps(metrics: Mapping) -> str:
    """JSON with sorted keys, six digits, null for what is undefined, and a newline at the end."""
    return json.dumps(_tidy(metrics), indent=2, sort_keys=True, allow_nan=False) + "\n"
