"""Thresholds of a weights file set anew by further clean files, and how such thresholds do on makes left out.

Files that set thresholds say nothing of those thresholds. So each make of camera, and each other source, is left out in
turn: what is counted of it was judged by thresholds that it had no part in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from starlight.detector.calibration.calibration import Calibration
from starlight.detector.calibration.judgement import judge
from starlight.detector.weights import load, write
from starlight.metrics import clopper_pearson
from starlight.release.card import LEFT_OUT
from starlight.release.refit import Scores

__all__ = ["left_out", "reset", "write_left_out"]

_MIN_GROUP = 20  # images of a make under which it is left out together with the other such makes


def left_out(fit_to: Callable[[Scores], Calibration], scores: Scores, ood_limit: float) -> pd.DataFrame:
    """False alarms on each make and source, by thresholds that it had no part in.

    Parameters
    ----------
    fit_to : callable
        Sets thresholds by further clean images.
    scores : Scores
    ood_limit : float
        Of the detector.

    Returns
    -------
    DataFrame
        `source`, `what` (files as found, or made from them), `images`, `flagged`, `abstained`, `fpr`, `low`, `high`;
        all sources first, then the worst.
    """
    names, counts = np.unique(scores.groups[scores.groups != ""], return_counts=True)
    few = set(names[counts < _MIN_GROUP])
    together = np.array([("others" if name in few else name) for name in scores.groups], object)
    flagged, abstained = np.zeros(len(together), bool), np.zeros(len(together), bool)
    for name in sorted(set(together) - {""}):
        out = together == name
        part = scores.take(out)
        thresholds = fit_to(scores.take(~out))
        found = judge(part.logits, np.zeros(0), part.unlike, part.classes, thresholds, ood_limit, part.found)
        flagged[out], abstained[out] = (found.score >= 0) & ~found.abstain, found.abstain
    rows = []
    for what, whole in (("files", True), ("made from them", False)):
        real = (scores.whole == whole) & (together != "")
        parts = [
            _row(name, what, real & (together == name), flagged, abstained) for name in sorted(set(together[real]))
        ]
        rows += [_row("all", what, real, flagged, abstained), *sorted(parts, key=lambda r: (-r["fpr"], r["source"]))]
    return pd.DataFrame(rows)


def reset(
    weights: Path, set_by: Callable[[Scores], Calibration], scores: Scores, techniques: Sequence[str] | None = None
) -> pd.DataFrame | None:
    """Set the thresholds of a weights file anew, in place, and say what that does to the files that set them.

    Parameters
    ----------
    weights : Path
        Of a detector; what `left_out` counts is written beside it.
    set_by : callable
        As `fitting` gives it.
    scores : Scores
        Of further clean images.
    techniques : sequence of str, optional
        Whose thresholds change; of all by default.

    Returns
    -------
    DataFrame or None
        As from `left_out`; None where no file is a real one.
    """
    stored, calibration = load(weights), set_by(scores)
    if techniques:
        stay = [name for name in calibration.techniques if name not in techniques]
        calibration = calibration.with_thresholds(stay, stored.calibration)
    before, after = (scores.flagged(one) for one in (stored.calibration, calibration))
    print(f"{before} of {len(scores.logits)} further clean images flagged; with thresholds set anew by them, {after}")
    for other in calibration.others:
        print(f"for a rate of {other.target_fpr:g}: {scores.flagged(other)} of them")
    real = int((scores.groups != "").sum())
    told = {"further_clean": len(scores.logits), "further_real": real, "further_fpr": calibration.target_fpr,
            "further_of": techniques}  # fmt: skip
    write(weights, stored.members, calibration, stored.meta | told)
    if not real:
        return None
    return write_left_out(weights.with_name(LEFT_OUT), set_by, scores, stored.meta["ood_limit"])


def write_left_out(
    path: Path, fit_to: Callable[[Scores], Calibration], scores: Scores, ood_limit: float
) -> pd.DataFrame:
    """Write what `left_out` counts, and return it."""
    table = left_out(fit_to, scores, ood_limit)
    table.to_csv(path, index=False, lineterminator="\n")
    return table


def _row(source: str, what: str, chosen: NDArray, flagged: NDArray, abstained: NDArray) -> dict[str, object]:
    n, k = int(chosen.sum()), int(flagged[chosen].sum())
    low, high = clopper_pearson(k, n)
    return {
        "source": source, "what": what, "images": n, "flagged": k, "abstained": int(abstained[chosen].sum()),
        "fpr": round(k / n, 6) if n else float("nan"), "low": round(low, 6), "high": round(high, 6),
    }  # fmt: skip
