"""The `mine` stage: authentic images that the base detector flags, and stego that it misses."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from starlight.detector.calibration.judgement import judge
from starlight.detector.weights import Member, Stored
from starlight.params import knob
from starlight.training import devices
from starlight.training.data import TrainingData
from starlight.training.image_rows import LABELS
from starlight.training.selection import Forward, forward

__all__ = ["MineParams", "Mined", "mine", "views"]

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
    """Hard negatives and missed stego, worst first, and the miner's account of its own work."""

    hard_negatives: pd.DataFrame
    missed: pd.DataFrame
    audit: dict


def mine(stored: Stored, data: TrainingData, params: MineParams) -> Mined:
    """Mine one split, the training split.

    An authentic image is a hard negative when more than `min_fp_ratio` of its map cells are over `threshold`, when its
    score is over the operating threshold, or when it is among the `share` of authentic images that score highest: of
    an operating threshold that one image in thousands exceeds, a few thousand images say next to nothing. A stego
    image is missed when its score is under it, or when more than half of its payload's cells are under `threshold`.
    """
    run, score, ranked = _run(stored, data, params.threshold)
    cells = np.maximum(run.counts.sum(axis=1), 1)
    authentic = data.labels == 0
    fp_ratio = run.counts[:, 1] / cells
    payload = run.counts[:, 0] + run.counts[:, 2]
    recall = np.divide(run.counts[:, 0], payload, out=np.full(len(data), np.nan), where=payload > 0)
    near = authentic & (score > _exceeded_by(score[authentic], params.share))
    hard = authentic & ((fp_ratio > params.min_fp_ratio) | (score >= 0) | near)
    missed = ~authentic & ((score < 0) | (recall < 0.5))
    table = pd.DataFrame({
        "path": data.rows["path"], "sample_id": data.rows["sample_id"], "fp_ratio": fp_ratio.round(6),
        "highest_confidence": run.confidence.round(6), "category": data.rows["category"].fillna(""),
        "technique": ranked, "score": score.round(6), "kind": data.rows["kind"],
    })  # fmt: skip
    negatives = table[hard].sort_values(["score", "fp_ratio", "path"], ascending=[False, False, True])
    lost = table.assign(technique=data.rows["technique"], recall=recall.round(6))[missed]
    lost = lost.sort_values(["score", "path"])
    audit = _audit(data, score, fp_ratio, hard, missed, params)
    return Mined(negatives.head(params.max_samples), lost.head(params.max_samples), audit)


def _run(stored: Stored, data: TrainingData, threshold: float) -> tuple[Forward, np.ndarray, np.ndarray]:
    """Forward pass of the first member, finite scores, and the technique that each image looks most like."""
    model = stored.members[0].model
    run = forward(model, data, devices.current()[0], threshold=threshold)
    answer = judge(
        run.logits, np.zeros(0), run.unlike, data.classes, stored.calibration, stored.meta["ood_limit"], data.found
    )
    techniques = answer.technique_scores
    return run, answer.score, np.asarray(LABELS, dtype=object)[techniques.argmax(axis=1)]


def _exceeded_by(scores: np.ndarray, share: float) -> float:
    """The score that a share of them exceeds; infinity for none."""
    return float(np.quantile(scores, 1.0 - share)) if share and len(scores) else np.inf


def _audit(data, score, fp_ratio, hard, missed, params: MineParams) -> dict:
    authentic = data.labels == 0
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
    return {
        "scanned_authentic": int(authentic.sum()),
        "scanned_stego": int((~authentic).sum()),
        "skipped_without_streams": len(data.missing),
        "hard_negatives": found,
        "kept": min(found, params.max_samples),
        "dropped_over_max_samples": max(0, found - params.max_samples),
        "missed_stego": int(missed.sum()),
        "by_rule": rules,
        "authentic_score_quantiles": _quantiles(score[authentic]),
        "stego_score_quantiles": _quantiles(score[~authentic]),
        "authentic_fp_ratio_quantiles": _quantiles(fp_ratio[authentic]),
        "advice": advice,
    }


def _quantiles(values: np.ndarray) -> dict[str, float]:
    return {f"q{q:g}": round(float(np.quantile(values, q)), 6) for q in _QUANTILES} if len(values) else {}


@torch.no_grad()
def views(members: tuple[Member, ...], data: TrainingData, indices: list[int]) -> tuple[list, list]:
    """Crops (h, w, 3) uint8 and their maps (32, 32) in [0, 1], of each image's most suspicious tile."""
    crops, maps = [], []
    for i in indices:
        batch = data.batch([i], tile="all")
        cells = torch.sigmoid(members[0].model.eval()(batch.inputs, batch.mask).cell_logits[0])
        tile = int(cells.flatten(1).amax(1).argmax())
        pixel = np.asarray(data.record(i)["pixel"][tile]).transpose(1, 2, 0)
        crops.append(np.ascontiguousarray(np.broadcast_to(pixel, (*pixel.shape[:2], 3))))
        height, width = -(-pixel.shape[0] // 8), -(-pixel.shape[1] // 8)
        maps.append(cells[tile, :height, :width].numpy())
    return crops, maps
