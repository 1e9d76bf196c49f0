"""Prediction on stored streams with the torch runtime: what `starlight detect` runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from starlight.calibration import Calibration
from starlight.collate import CROPS, collate
from starlight.weights import load

__all__ = ["READABLE", "Prediction", "Predictor", "judge"]

READABLE = ("alpha", "palette", "lsb.rgb", "exif", "raw")  # techniques whose evidence is the payload itself


class Prediction(NamedTuple):
    """Answers for n images.

    score : (n,) at 0 and over the image is flagged.
    probability : (n,) calibrated.
    technique_scores, logits : (n, t); -inf, or `IMPOSSIBLE`, where the container cannot carry the technique.
    cells : (n, k, 32, 32) map in [0, 1].
    ood : (n,) share of the statistics that lie beyond all training images.
    abstain : (n,) bool, flagged on statistics alone, on an image unlike any seen.
    """

    score: np.ndarray
    probability: np.ndarray
    technique_scores: np.ndarray
    logits: np.ndarray
    cells: np.ndarray
    ood: np.ndarray
    abstain: np.ndarray


def judge(
    logits: np.ndarray,
    cells: np.ndarray,
    ood: np.ndarray,
    classes: Sequence[str],
    calibration: Calibration,
    ood_limit: float,
) -> Prediction:
    """Log-odds to verdicts. NumPy only, so that every runtime gives the same answer."""
    each = calibration.technique_scores(logits, classes)
    score = np.clip(each.max(axis=1), -1e3, 1e3)
    best = np.asarray(calibration.techniques, dtype=object)[each.argmax(axis=1)]
    abstain = (score >= 0) & (ood > ood_limit) & ~np.isin(best, READABLE)
    return Prediction(score, calibration.probability(score), each, logits, cells, ood, abstain)


class Predictor:
    """A stored detector, ready to predict; safe to share between threads for reading."""

    def __init__(self, path: Path) -> None:
        stored = load(path)
        self.members, self.calibration, self.meta = stored.members, stored.calibration, stored.meta
        first = self.members[0].model.config
        self.streams, self.techniques = first.streams, first.techniques
        self.max_tiles: int = int(self.meta.get("max_tiles", 3))

    @classmethod
    def load(cls, path: Path) -> Predictor:
        """Read a weights file; `StarlightError` when it is missing or damaged."""
        return cls(path)

    @torch.inference_mode()
    def predict(
        self, records: Sequence[Mapping[str, Any]], classes: Sequence[str], blank: str | None = None
    ) -> Prediction:
        """Predict on records of stored streams (with their `mask`) and their container classes."""
        batch = self._batch(records)
        mask = torch.from_numpy(np.stack([np.asarray(r["mask"], bool) for r in records]))
        total = sum(m.weight for m in self.members)
        outputs = [m.model(batch, mask, blank=blank) for m in self.members]
        logits = sum(o.logits * (m.weight / total) for o, m in zip(outputs, self.members, strict=True))
        ood = self.members[0].model.unlikeness(batch).numpy()
        cells = torch.sigmoid(outputs[-1].cell_logits).numpy()
        return judge(logits.numpy(), cells, ood, classes, self.calibration, self.meta["ood_limit"])

    def _batch(self, records: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """Tensors, with the cells of the fixed front end computed once for all members."""
        arrays = collate(records, self.streams)
        batch = {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in arrays.items()}
        model = self.members[0].model
        for name in model.crops:
            if name in CROPS:
                crop = batch[name]
                if not crop.any():  # no alpha, no palette: all cells are zero
                    channels = model.frontends[name].channels
                    batch[f"{name}_cells"] = crop.new_zeros(
                        *crop.shape[:2], channels, *(s // 8 for s in crop.shape[3:])
                    )
                else:
                    batch[f"{name}_cells"] = model.cells(name, batch)
        return batch
