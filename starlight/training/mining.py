"""The miner, for every task: authentic images that a detector flags, and positives that it misses, worst first."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from starlight.params import knob

__all__ = ["Evidence", "MineParams", "Mined", "read", "select", "write"]

_QUANTILES = (0.0, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)


@dataclasses.dataclass(frozen=True)
class MineParams:
    """The `mine` block of `params.yaml`."""

    threshold: float = knob(min=0.0, max=1.0)
    min_fp_ratio: float = knob(min=0.0, max=1.0)
    share: float = knob(min=0.0, max=1.0)
    max_samples: int = knob(min=0)
    sheet: int = knob(min=0, max=200)


class Mined(NamedTuple):
    """Hard negatives and missed positives, worst first, and the miner's account of its own work."""

    hard_negatives: pd.DataFrame
    missed: pd.DataFrame
    audit: dict


class Evidence(NamedTuple):
    """What a detector says of n images.

    score : (n,) finite; an image is flagged from 0 on.
    fp_ratio : (n,) share of its map or pixels over `mine.threshold` that should not be.
    recall : (n,) share of what should be over it that is; NaN where nobody knows.
    confidence : (n,) highest probability anywhere in it.
    named : (n,) str, the technique or kind that it looks most like.
    """

    score: np.ndarray
    fp_ratio: np.ndarray
    recall: np.ndarray
    confidence: np.ndarray
    named: np.ndarray


def select(
    rows: pd.DataFrame, labels: np.ndarray, evidence: Evidence, params: MineParams, *, skipped: int = 0,
    positive: str = "stego", pool: np.ndarray | None = None, first: np.ndarray | None = None,
) -> Mined:  # fmt: skip
    """Mine one set of images.

    An authentic image of the pool is a hard negative when its `fp_ratio` is over `min_fp_ratio`, when its score is over
    the operating threshold, or when it is among the `share` of them that score highest: of an operating threshold that
    one image in thousands exceeds, a few thousand images say next to nothing. A positive is missed when its score is
    under it, or when its `recall` is under a half.

    Parameters
    ----------
    rows : DataFrame
        Columns of the manifest: path, sample_id, kind, category, technique.
    labels : (n,) of 0 and 1
    evidence : Evidence
    params : MineParams
    skipped : int
        Images that could not be looked at, for the account.
    positive : str
        What positives are called in it.
    pool : (n,) bool, optional
        Authentic images to be mined, such as those that the detector was not trained on; all of them unless given.
    first : (n,) bool, optional
        Images of the pool that come before all others; the `share` is taken of them and of the others.
    """
    score, fp_ratio = evidence.score, evidence.fp_ratio
    authentic = (labels == 0) if pool is None else (labels == 0) & pool
    first = np.zeros(len(labels), bool) if first is None else first
    near = np.zeros(len(labels), bool)
    for part in (authentic & first, authentic & ~first):
        near[_highest(evidence, part, params.share)] = True
    hard = authentic & ((fp_ratio > params.min_fp_ratio) | (score >= 0) | near)
    missed = (labels == 1) & ((score < 0) | (evidence.recall < 0.5))
    table = pd.DataFrame({
        "path": rows["path"], "sample_id": rows["sample_id"], "fp_ratio": fp_ratio.round(6),
        "highest_confidence": evidence.confidence.round(6), "category": rows["category"].fillna(""),
        "technique": evidence.named, "score": score.round(6), "kind": rows["kind"],
    })  # fmt: skip
    by = {"first": False, "score": False, "fp_ratio": False, "path": True}
    negatives = table.assign(first=first)[hard].sort_values([*by], ascending=[*by.values()]).drop(columns="first")
    lost = table.assign(technique=rows["technique"], recall=evidence.recall.round(6))[missed]
    lost = lost.sort_values(["score", "path"])
    audit = _audit(labels, authentic, first, evidence, hard, missed, params, skipped, positive)
    return Mined(negatives.head(params.max_samples), lost.head(params.max_samples), audit)


def write(found: Mined, folder: Path) -> None:
    """Write `hard_negatives.csv`, `missed.csv` and `audit.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    found.hard_negatives.to_csv(folder / "hard_negatives.csv", index=False, lineterminator="\n")
    found.missed.to_csv(folder / "missed.csv", index=False, lineterminator="\n")
    (folder / "audit.json").write_text(json.dumps(found.audit, indent=2, sort_keys=True) + "\n")


def read(folder: Path) -> Mined:
    """Read what `write` wrote."""
    tables = [pd.read_csv(folder / f"{name}.csv", dtype={"sample_id": str}) for name in ("hard_negatives", "missed")]
    return Mined(*tables, json.loads((folder / "audit.json").read_text()))


def _highest(evidence: Evidence, part: np.ndarray, share: float) -> np.ndarray:
    """Positions of a share of some images, those of the highest scores; of equal ones those with more on the map."""
    places = np.flatnonzero(part)
    order = np.lexsort([evidence.fp_ratio[places], evidence.score[places]])[::-1]
    return places[order[: round(share * len(places))]]


def _audit(labels, authentic, first, evidence: Evidence, hard, missed, params, skipped: int, positive: str) -> dict:
    score, fp_ratio = evidence.score, evidence.fp_ratio
    positives = labels == 1
    found = int(hard.sum())
    advice = "" if found else (
        f"none found: lower mine.threshold (now {params.threshold}) or mine.min_fp_ratio "
        f"(now {params.min_fp_ratio}), raise mine.share (now {params.share}), or add clean images"
    )  # fmt: skip
    by_map, by_score = fp_ratio > params.min_fp_ratio, score >= 0
    rules = {
        "map_only": int((hard & by_map & ~by_score).sum()),
        "score_only": int((hard & by_score & ~by_map).sum()),
        "both": int((hard & by_score & by_map).sum()),
        "near_only": int((hard & ~by_score & ~by_map).sum()),
    }
    ahead = {"scanned": int((authentic & first).sum()), "hard_negatives": int((hard & first).sum())}
    return {
        **({"first": ahead} if first.any() else {}),
        "scanned_authentic": int(authentic.sum()),
        f"scanned_{positive}": int(positives.sum()),
        "skipped_without_streams": skipped,
        "hard_negatives": found,
        "kept": min(found, params.max_samples),
        "dropped_over_max_samples": max(0, found - params.max_samples),
        f"missed_{positive}": int(missed.sum()),
        "by_rule": rules,
        "authentic_score_quantiles": _quantiles(score[authentic]),
        f"{positive}_score_quantiles": _quantiles(score[positives]),
        "authentic_fp_ratio_quantiles": _quantiles(fp_ratio[authentic]),
        "advice": advice,
    }


def _quantiles(values: np.ndarray) -> dict[str, float]:
    return {f"q{q:g}": round(float(np.quantile(values, q)), 6) for q in _QUANTILES} if len(values) else {}
