"""What the scores of the detection benchmark come to: one row for each detector, technique and payload level."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from starlight.lab.peers.peers import Peer
from starlight.metrics import auc, clopper_pearson

__all__ = ["FEWEST", "FPRS", "by_source", "by_technique", "summary", "threshold_at", "together"]

FPRS = {"fpr001": 0.001, "fpr01": 0.01, "fpr05": 0.05}  # ending of the columns' names -> false-positive rate
FEWEST = 10  # stego images under which a method is left out of the mean over all methods
_SOURCE_FPR = 0.01


def threshold_at(authentic, fpr: float) -> float:
    """Score over which at most a share `fpr` of the authentic images lies; NaN where there are none.

    As in `starlight.metrics.detection_at_fpr`, the threshold is an authentic score, and what ties with it is not
    flagged.
    """
    ordered = np.sort(np.asarray(authentic, dtype=float))[::-1]
    return float(ordered[int(fpr * len(ordered) + 1e-9)]) if len(ordered) else math.nan


def by_technique(scored: pd.DataFrame, peers: Sequence[Peer]) -> pd.DataFrame:
    """Measure every detector on every technique and payload level.

    Parameters
    ----------
    scored : DataFrame
        One row for each detector and image: `path`, `detector`, `label`, `technique`, `level`, `score` (NaN where not
        judged), `ms`.
    peers : sequence of Peer

    Returns
    -------
    DataFrame
        `technique`, `level`, `detector`, `n` (stego images), `judged`, `authentic` (images that set the threshold),
        `auc` (against those of the formats that the technique's files have); for each FPR `detection_at_<fpr>`, `low_`,
        `high_` (95 % Clopper-Pearson); `detection_at_own` likewise, at the detector's own threshold; `ms` (median of an
        image). An image that was not judged counts as not found, but where a detector judges none of them all is NaN.
    """
    rows = []
    for peer in peers:
        own = scored[scored["detector"] == peer.name]
        clean = own[own["label"] == 0]
        authentic, kinds = _judged(clean), clean["path"].map(_kind)
        limits = {name: threshold_at(authentic, fpr) for name, fpr in FPRS.items()}
        limits["own"] = math.nan if peer.threshold is None else np.nextafter(peer.threshold, -np.inf)
        for (technique, level), group in own[own["label"] == 1].groupby(["technique", "level"]):
            row = {"technique": technique, "level": level, "detector": peer.name, "n": len(group)}
            alike = _judged(clean[kinds.isin(group["path"].map(_kind))])
            rows.append(row | _row(group, authentic, alike, limits))
    table = pd.DataFrame(rows)
    order = {peer.name: i for i, peer in enumerate(peers)}
    keys = {"level": lambda column: pd.to_numeric(column).fillna(-1), "detector": lambda column: column.map(order)}
    return table.sort_values(
        ["technique", "level", "detector"], key=lambda c: keys.get(c.name, lambda same: same)(c), ignore_index=True
    )


def together(measured: pd.DataFrame) -> pd.DataFrame:
    """The mean over all methods, each technique and level one, of `FEWEST` stego images and more.

    Parameters
    ----------
    measured : DataFrame
        As from `by_technique`.

    Returns
    -------
    DataFrame
        `detector`, `methods` (that it judges any image of), and their means: `detection_at_own`, `detection_at_<fpr>`,
        `auc`, `gap` (AUC less what is found at the detector's own threshold).
    """
    known = measured[(measured["n"] >= FEWEST) & (measured["judged"] > 0)]
    known = known.assign(gap=known["auc"] - known["detection_at_own"])
    columns = ["detection_at_own", *(f"detection_at_{name}" for name in FPRS), "auc", "gap"]
    each = known.groupby("detector", sort=False)
    means = each[columns].mean()
    means.insert(0, "methods", each.size())
    return means.reset_index()


def summary(scored: pd.DataFrame, peers: Sequence[Peer]) -> pd.DataFrame:
    """One row for each detector.

    Returns
    -------
    DataFrame
        `detector`, `about`, `authentic` (judged), `outside` (files of a kind that it does not judge), `failed` (files
        on which it raised, or gave no number), `ms` (median), `own_fpr`, `own_low`, `own_high` (NaN without a threshold
        of its own), `unseen` (upper end of the interval of the FPR with no false alarm at all).
    """
    rows = []
    for peer in peers:
        own = scored[scored["detector"] == peer.name]
        authentic = _judged(own[own["label"] == 0])
        has_own = peer.threshold is not None
        flagged = int((authentic >= peer.threshold).sum()) if has_own else 0
        low, high = clopper_pearson(flagged, len(authentic)) if has_own else (math.nan, math.nan)
        rows.append({
            "detector": peer.name, "about": peer.about, "authentic": len(authentic),
            "outside": int((own["reason"] == "outside").sum()),
            "failed": int((own["score"].isna() & (own["reason"] != "outside")).sum()),
            "ms": own.loc[own["score"].notna(), "ms"].median(),
            "own_fpr": flagged / len(authentic) if has_own and len(authentic) else math.nan,
            "own_low": low, "own_high": high, "unseen": clopper_pearson(0, len(authentic))[1],
        })  # fmt: skip
    return pd.DataFrame(rows)


def by_source(scored: pd.DataFrame, peers: Sequence[Peer]) -> pd.DataFrame:
    """Leave one source out: the threshold for an FPR of 1 % on the other sources, what it gives on this one.

    Returns
    -------
    DataFrame
        `source`, `detector`, `authentic`, `fpr`, `stego`, `detection` (over all techniques that it judges); empty where
        there is but one source.
    """
    sources = sorted(set(scored["source"]))
    rows = []
    for source in sources if len(sources) > 1 else []:
        for peer in peers:
            own = scored[scored["detector"] == peer.name]
            here, clean = own["source"] == source, own["label"] == 0
            limit = threshold_at(_judged(own[clean & ~here]), _SOURCE_FPR)
            authentic, stego = _judged(own[clean & here]), _judged(own[~clean & here])
            rows.append({
                "source": source, "detector": peer.name, "authentic": len(authentic), "fpr": _share(authentic, limit),
                "stego": len(stego), "detection": _share(stego, limit),
            })  # fmt: skip
    return pd.DataFrame(rows)


def _row(group: pd.DataFrame, authentic: np.ndarray, alike: np.ndarray, limits: dict[str, float]) -> dict:
    stego = _judged(group)
    label = np.r_[np.zeros(len(alike)), np.ones(len(stego))]
    row = {
        "judged": len(stego), "authentic": len(authentic), "auc": float(auc(label, np.r_[alike, stego])[0]),
    }  # fmt: skip
    for name, limit in limits.items():
        k, known = int((stego > limit).sum()), len(stego) > 0 and not math.isnan(limit)
        low, high = clopper_pearson(k, len(group)) if known else (math.nan, math.nan)
        row |= {f"detection_at_{name}": k / len(group) if known else math.nan, f"low_{name}": low, f"high_{name}": high}
    return row | {"ms": group.loc[group["score"].notna(), "ms"].median()}


def _kind(path: str) -> str:
    """Extension of a file's name: a technique of one format is not told from authentic files by their format."""
    return Path(path).suffix


def _judged(rows: pd.DataFrame) -> np.ndarray:
    scores = rows["score"].to_numpy(dtype=float)
    return scores[~np.isnan(scores)]


def _share(scores: np.ndarray, limit: float) -> float:
    return float((scores > limit).mean()) if len(scores) and not math.isnan(limit) else math.nan
