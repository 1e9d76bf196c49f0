"""A trained detector becomes the default, where it has passed the evidence, and gives way again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from starlight.detector.detector import Detector
from starlight.errors import StarlightError
from starlight.markdown import percent
from starlight.metrics.promise import GENERATED, REAL, promise
from starlight.system.atomic import write_bytes, write_text

__all__ = ["BEFORE", "FOUND", "SERVED", "objections", "promote", "served", "undo"]

FOUND = 0.99  # share of the protocol techniques' stego that a default detector finds
SERVED = "served.json"  # which detector answers and why, beside its weights and in the reports
BEFORE = "before"  # in the folder of the default: the one that it replaced


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


def served(weights: Path, origin: str) -> dict[str, Any]:
    """What to say of a detector that answers: its name, where it comes from, and a hash of its file."""
    meta = Detector.load(weights).predictor.meta
    known = hashlib.sha256(weights.read_bytes()).hexdigest()[:16]
    return {"origin": origin, "name": meta.get("name", ""), "weights": known}


def promote(
    weights: Path, out: Path, evidence: pd.DataFrame, why_not: list[str], *,
    duel: pd.DataFrame, champion: Path, origin: str, target_fpr: float,
) -> dict[str, Any]:  # fmt: skip
    """Make a detector the default. The one before is kept for `undo`.

    Parameters
    ----------
    weights : Path
    out : Path
        Folder of the default detector, `detector.installed.PROMOTED`: gets the weights with the evidence, the duel and
        `SERVED` beside them.
    evidence : DataFrame
    why_not : list of str
        Of `objections` and `champion.beaten`.
    duel : DataFrame
        Of `champion.duel`.
    champion, origin : Path, str
        The default so far, as `find_weights` gives it.
    target_fpr : float

    Returns
    -------
    dict
        What `SERVED` holds.

    Raises
    ------
    StarlightError
        There are objections; what was the default stays it.
    """
    if why_not:
        raise StarlightError(f"{weights}: stays out, the default is unchanged: {'; '.join(why_not)}")
    told = served(weights, "promoted") | {
        "why": promise(evidence, target_fpr),
        "replaces": served(champion, origin),
        "duel": duel.to_dict("records"),
    }
    new = out.with_name(f".{out.name}.{os.getpid()}")
    write_text(new / "evidence.csv", evidence.to_csv(index=False, lineterminator="\n"))
    write_text(new / "duel.csv", duel.to_csv(index=False, lineterminator="\n"))
    write_text(new / SERVED, _text(told))
    write_bytes(new / weights.name, weights.read_bytes())
    if out.exists():
        os.rename(out, new / BEFORE)
    os.rename(new, out)
    return told


def undo(out: Path) -> dict[str, Any]:
    """Take the last promotion back: the detector before it is the default again.

    Returns
    -------
    dict
        What is to be said of it.

    Raises
    ------
    StarlightError
        Nothing was promoted here.
    """
    try:
        told = json.loads((out / SERVED).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StarlightError(f"{out}: nothing was promoted here that could be taken back") from error
    old = out.with_name(f".{out.name}.{os.getpid()}")
    os.rename(out, old)
    if (old / BEFORE).exists():
        os.rename(old / BEFORE, out)
        found = json.loads((out / SERVED).read_text(encoding="utf-8"))
    else:
        found = {"origin": "released"}
    shutil.rmtree(old)
    return found | {"taken_back": {name: told[name] for name in ("origin", "name", "weights")}}


def _text(told: Mapping[str, Any]) -> str:
    return json.dumps(told, indent=2, sort_keys=True) + "\n"
