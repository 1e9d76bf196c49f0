"""Thresholds set anew by further clean files, real and generated ones together, and how they do on makes left out.

Files that set thresholds say nothing of those thresholds. So each make of camera, and each other source, is left out in
turn: what is counted of it was judged by thresholds that it had no part in.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from starlight.detector.calibration.calibration import Calibration
from starlight.detector.calibration.judgement import judge
from starlight.metrics import clopper_pearson
from starlight.release.collected import Collected
from starlight.release.evidence import loaded

__all__ = ["Scores", "left_out", "log_odds"]

_BATCH = 512  # images judged together
_MIN_GROUP = 20  # images of a make under which it is left out together with the other such makes


class Scores(NamedTuple):
    """Of n clean images.

    logits : (n, t) log-odds.
    unlike : (n,) share of their statistics that lie beyond all training images.
    found : (n, t) bool, techniques whose payload was read.
    classes : (n,) class of picture.
    groups : (n,) make or source that is left out together; empty for generated images.
    whole : (n,) bool, a file as it was found, and not one made from it.
    """

    logits: NDArray[np.float64]
    unlike: NDArray[np.float64]
    found: NDArray[np.bool_]
    classes: NDArray[np.object_]
    groups: NDArray[np.object_]
    whole: NDArray[np.bool_]

    def take(self, chosen: NDArray) -> Scores:
        return Scores(*(part[chosen] for part in self))


def log_odds(weights: Path, collected: Collected) -> Scores:
    """Log-odds of clean files.

    Parameters
    ----------
    weights : Path
    collected : Collected

    Returns
    -------
    Scores
    """
    predictor, logits, unlike = loaded(weights).predictor, [], []
    for start in range(0, len(collected.classes), _BATCH):
        part = slice(start, start + _BATCH)
        seen = predictor.predict(collected.records(part), collected.classes[part].tolist(), maps=False)
        logits.append(seen.logits)
        unlike.append(seen.ood)
    found, classes, groups, whole = collected.found, collected.classes, collected.groups, collected.whole
    return Scores(np.concatenate(logits), np.concatenate(unlike), found, classes, groups, whole)


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


def _row(source: str, what: str, chosen: NDArray, flagged: NDArray, abstained: NDArray) -> dict[str, object]:
    n, k = int(chosen.sum()), int(flagged[chosen].sum())
    low, high = clopper_pearson(k, n)
    return {
        "source": source, "what": what, "images": n, "flagged": k, "abstained": int(abstained[chosen].sum()),
        "fpr": round(k / n, 6) if n else float("nan"), "low": round(low, 6), "high": round(high, 6),
    }  # fmt: skip
