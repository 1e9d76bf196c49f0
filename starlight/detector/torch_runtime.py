"""Prediction on stored streams with the torch runtime: what `starlight detect` runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from starlight.detector.calibration.judgement import Prediction, found_in, judge, possible_in
from starlight.detector.model.encoders import MAP_WIDTH, WIDTH
from starlight.detector.model.experts import Experts, answers
from starlight.detector.plain.batch import batch
from starlight.detector.weights import averaged, load
from starlight.streams.collate import vectors

__all__ = ["TorchPredictor"]


class TorchPredictor:
    """A stored detector, ready to predict; safe to share between threads for reading.

    Parameters
    ----------
    path : Path
        A weights file, as `starlight.detector.weights.write` writes it.
    """

    def __init__(self, path: Path) -> None:
        stored = load(path)
        self.members, self.calibration, self.meta = stored.members, stored.calibration, stored.meta
        self._weights = [m.weight for m in self.members]
        first = self.members[0].model.config
        self.streams, self.techniques = first.streams, first.techniques
        self.sizes, self._starts = dict(first.sizes), first.starts
        self._reads = first.reads
        self._experts = [Experts(member.model) for member in self.members]
        self.quick_streams = tuple(dict.fromkeys(name for experts in self._experts for name in experts.streams))
        self.max_tiles: int = int(self.meta.get("max_tiles", 3))
        for member in self.members:
            for name in {"alpha", "palette_lsb"} & set(self.streams):
                member.model.encoders[name] = _Sparing(member.model.encoders[name])

    @classmethod
    def load(cls, path: Path) -> TorchPredictor:
        """Read a weights file; `StarlightError` when it is missing or damaged."""
        return cls(path)

    @torch.inference_mode()
    def predict(
        self, records: Sequence[Mapping[str, Any]], classes: Sequence[str], blank: str | None = None, *,
        maps: bool = True,
    ) -> Prediction:  # fmt: skip
        """As `starlight.detector.predictor.Predictor.predict`."""
        masks = possible_in(records, self.techniques)
        found = found_in(records, self.techniques) if self._reads else None
        if not maps and blank is None and (quick := self._by_experts(records, masks)) is not None:
            return judge(*quick, classes, self.calibration, self.meta["ood_limit"], found)
        tensors, mask = self._batch(records), torch.from_numpy(masks)
        outputs = [m.model(tensors, mask, blank=blank) for m in self.members]
        logits = averaged([o.logits for o in outputs], self._weights)
        ood = self.members[0].model.unlikeness(tensors).numpy()
        cells = torch.sigmoid(outputs[-1].cell_logits).numpy()
        return judge(logits.numpy(), cells, ood, classes, self.calibration, self.meta["ood_limit"], found)

    def _by_experts(self, records: Sequence[Mapping[str, Any]], mask: np.ndarray) -> tuple[np.ndarray, ...] | None:
        """Log-odds, an empty map and unlikeness; None where experts cannot answer alone."""
        with _one_thread():
            found = answers(self._experts, vectors(records, self.quick_streams), mask)
        if found is None:
            return None
        said, unlike = found
        return averaged(said, self._weights), np.zeros((len(records), 0, 32, 32)), unlike

    @torch.inference_mode()
    def embed(self, records: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """(n, d) fused representation in the first member: images that it takes to be alike lie close."""
        mask = torch.from_numpy(possible_in(records, self.techniques))
        return self.members[0].model(self._batch(records), mask).embedding.numpy()

    def _batch(self, records: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
        """Tensors, with the cells of the fixed front end computed once for all members."""
        arrays = batch(records, self.streams, self._starts)
        return {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in arrays.items()}


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Operations on a few numbers in the thread that asks: waking others takes 1,000 times as long when busy."""
    threads = torch.get_num_threads()
    if threads > 1:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if threads > 1:
            torch.set_num_threads(threads)


class _Sparing(nn.Module):
    """A crop encoder that is not run where no image has the plane: it would give zeros, and most images have none."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        if cells.any():
            return self.encoder(cells)
        return cells.new_zeros(len(cells), WIDTH), cells.new_zeros(len(cells), MAP_WIDTH, *cells.shape[2:])
