"""A trained detector becomes the default, where it has passed the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from starlight.errors import StarlightError
from starlight.markdown import percent
from starlight.metrics.promise import GENERATED, REAL
from starlight.system.atomic import write_bytes, write_text

__all__ = ["FOUND", "objections", "promote"]

FOUND = 0.99  # share of the protocol techniques' stego that a default detector finds


def objections(evidence: pd.DataFrame, metrics: Mapping, target_fpr: float) -> list[str]:
    """Why a detector may not become the default; empty where it may.

    Parameters
    ----------
    evidence : DataFrame
        Of `evidence.by_source`.
    metrics : mapping
        Of the run that trained it, `v4` of `metrics.json`.
    target_fpr : float
        Image-level false-positive rate that is promised. Generated images, of which there can be as many as one likes,
        have to show that it is kept; real ones must not show that it is not.
    """
    found = []
    for row in evidence[evidence["source"].isin([f"all {REAL}", f"all {GENERATED}"])].to_dict("records"):
        share = f"{percent(row['low'])} to {percent(row['high'])}"
        told = f"{row['flagged']} false alarms in {row['images']} {row['group']} images, {share}"
        if row["low"] > target_fpr:
            found.append(f"{told}: more than the {percent(target_fpr)} promised")
        elif row["group"] == GENERATED and row["high"] > target_fpr:
            found.append(f"{told}: too few images to show that no more than {percent(target_fpr)} are flagged")
    if not (evidence["source"] == f"all {GENERATED}").any():
        found.append("no generated images were judged")
    detection = metrics["protocol"]["detection"]
    if not detection >= FOUND:
        found.append(f"{percent(detection)} of the readable payloads found on the test split, {percent(FOUND)} needed")
    return found


def promote(weights: Path, out: Path, evidence: pd.DataFrame, why_not: list[str]) -> None:
    """Make a detector the default.

    Parameters
    ----------
    weights : Path
    out : Path
        Folder of the default detector, `detector.detector.PROMOTED`: gets the weights, and the evidence beside them.
    evidence : DataFrame
    why_not : list of str
        Of `objections`.

    Raises
    ------
    StarlightError
        There are objections; what was the default stays it.
    """
    if why_not:
        raise StarlightError(f"{weights}: stays out, the default is unchanged: {'; '.join(why_not)}")
    write_text(out / "evidence.csv", evidence.to_csv(index=False, lineterminator="\n"))
    write_bytes(out / weights.name, weights.read_bytes())
