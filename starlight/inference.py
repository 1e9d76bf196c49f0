"""Prediction on stored streams with the torch runtime: what `starlight detect` runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from starlight.collate import collate
from starlight.judgement import READABLE, Prediction, judge
from starlight.weights import load

__all__ = ["READABLE", "Prediction", "Predictor", "judge"]


class Predictor:
    """A stored detector, ready to predict; safe to share between threads for reading."""

    def __init__(self, path: Path) -> None:
        stored = load(path)
        self.members, self.calibration, self.meta = stored.members, stored.calibration, stored.meta
        first = self.members[0].model.config
        self.streams, self.techniques = first.streams, first.techniques
        self.sizes = {name: sum(blocks) for name, blocks in first.blocks}
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

    @torch.inference_mode()
    def embed(self, records: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """(n, d) fused representation in the first member: images that it takes to be alike lie close."""
        mask = torch.from_numpy(np.stack([np.asarray(r["mask"], bool) for r in records]))
        return self.members[0].model(self._batch(records), mask).embedding.numpy()

    def _batch(self, records: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """Tensors, with the cells of the fixed front end computed once for all members."""
        arrays = collate(records, self.streams)
        batch = {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in arrays.items()}
        model = self.members[0].model
        for name in model.crops:
            crop = batch[name]
            if name == "pixel" or crop.any():
                batch[f"{name}_cells"] = model.cells(name, batch)
            else:  # no alpha, no palette: all cells of a plane are zero (those of black pixels are not)
                channels = model.frontends[name].channels
                batch[f"{name}_cells"] = crop.new_zeros(*crop.shape[:2], channels, *(s // 8 for s in crop.shape[3:]))
        return batch
