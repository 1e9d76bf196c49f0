"""False alarms: in all, and by where they come from."""

import pandas as pd

from starlight.markdown import code, counts, interval, percent
from starlight.metrics import evaluate

__all__ = ["calculate_fpr", "fpr_lines", "fpr_table"]

_SHOWN = ("all", "kind", "category")
_WHOLE = ("clean", "negative", "twin")


def calculate_fpr(predictions: pd.DataFrame, model: str) -> pd.DataFrame:
    """False-positive rate of one model, aggregate and in parts.

    Parameters
    ----------
    predictions : DataFrame
        Columns as in `reports/predictions.csv`.
    model : str

    Returns
    -------
    DataFrame
        Columns `scope` (all, kind, category, twin, container), `name`, `k`, `n`, `fpr`, `low`, `high`; parts without an
        authentic image are left out.
    """
    return fpr_table(evaluate(predictions, model))


def fpr_table(measured: dict) -> pd.DataFrame:
    """`calculate_fpr` from metrics that are there already."""
    rows = [("all", "all", *(measured[f"fpr_{c}"] for c in ("k", "n")), measured["fpr"], *_ends(measured, "fpr_"))]
    parts = [("kind", name, measured[name], "") for name in _WHOLE]
    parts += [("category", name, part, "") for name, part in measured["negatives"].items()]
    parts += [("twin", name, part, "") for name, part in measured["twins"].items()]
    parts += [("container", name, part, "fpr_") for name, part in measured["containers"].items()]
    for scope, name, part, prefix in parts:
        if part[f"{prefix}n"]:
            rows.append((scope, name, part[f"{prefix}k"], part[f"{prefix}n"], part["fpr"], *_ends(part, prefix)))
    return pd.DataFrame(rows, columns=["scope", "name", "k", "n", "fpr", "low", "high"])


def fpr_lines(measured: dict) -> list[str]:
    """The false-positive rate in all, by kind and by category, a line each; one line where nothing is authentic."""
    rows = [row for row in fpr_table(measured).itertuples() if row.scope in _SHOWN and row.n]
    lines = [
        f"FPR {code(row.name)}: {percent(row.fpr, 3)} ({interval(row.low, row.high, 3)}), {counts(row.k, row.n)}"
        for row in rows
    ]
    return lines or ["FPR: no authentic image"]


def _ends(part: dict, prefix: str) -> tuple[float, float]:
    return part[f"{prefix}low"], part[f"{prefix}high"]
