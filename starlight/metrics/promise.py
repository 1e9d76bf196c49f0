"""What is promised of false alarms, and what was counted on real files: the sentence that stands first."""

from __future__ import annotations

import pandas as pd

from starlight.markdown import interval, percent

__all__ = ["GENERATED", "REAL", "promise"]

REAL, GENERATED = "real", "generated"  # groups of evidence


def promise(table: pd.DataFrame, target_fpr: float) -> str:
    """The sentence that stands first: the rate on real files, and whether it keeps what is promised.

    Parameters
    ----------
    table : DataFrame
        As `make evidence` writes it; empty or without real files, that is what is said.
    target_fpr : float
        What is promised.
    """
    real = table[table["source"] == f"all {REAL}"] if len(table) else table
    if not len(real) or not real["images"].iloc[0]:
        return f"False alarms on real files: not measured. The promise is {percent(target_fpr)} or less."
    row = real.iloc[0]
    kept = "kept" if row["high"] <= target_fpr else "not kept" if row["low"] > target_fpr else "neither kept nor broken"
    few = " beyond chance" if kept == "neither kept nor broken" else ""
    return (
        f"False alarms on real files that set no threshold: {int(row['flagged'])} of "
        f"{int(row['images'])}, {percent(row['fpr'])} ({interval(row['low'], row['high'])}). "
        f"The promise of {percent(target_fpr)} is {kept}{few}."
    )
