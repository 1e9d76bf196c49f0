"""Prediction with NumPy alone: the same answers as `starlight.detector.torch_runtime`, from the same file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from starlight.detector.calibration.judgement import Prediction, found_in, judge, possible_in
from starlight.detector.plain.batch import batch
from starlight.detector.plain.network import Network
from starlight.detector.plain.weights import load
from starlight.errors import StarlightError
from starlight.streams.collate import vectors

__all__ = ["NumpyPredictor"]


class NumpyPredictor:
    """A stored detector, ready to predict; a `Predictor`, safe to share between threads.

    Parameters
    ----------
    path : Path
        A weights file, as `starlight.detector.weights.write` writes it.
    """

    def __init__(self, path: Path) -> None:
        stored = load(path)
        first, _ = stored.members[0]
        try:
            self._members = [Network(config, arrays) for config, arrays in stored.members]
            self.streams, self.techniques = tuple(first["streams"]), tuple(first["techniques"])
            self.sizes: dict[str, int] = dict(first["sizes"])
            self._reads = bool(first.get("reads", first["constraint_mask"]))
        except KeyError as error:
            raise StarlightError(f"{path}: not a Starlight weights file: it lacks {error}") from error
        total = sum(stored.weights)
        self._shares = [weight / total for weight in stored.weights]
        self.calibration, self.meta = stored.calibration, stored.meta
        self.quick_streams = tuple(dict.fromkeys(name for member in self._members for name in member.quick))
        self.max_tiles = int(self.meta.get("max_tiles", 3))

    @classmethod
    def load(cls, path: Path) -> NumpyPredictor:
        """Read a weights file; `StarlightError` when it is missing or damaged."""
        return cls(path)

    def predict(
        self, records: Sequence[Mapping[str, Any]], classes: Sequence[str], blank: str | None = None, *,
        maps: bool = True,
    ) -> Prediction:  # fmt: skip
        """As `starlight.detector.predictor.Predictor.predict`."""
        mask = possible_in(records, self.techniques)
        found = found_in(records, self.techniques) if self._reads else None
        if not maps and blank is None and all(member.alone(mask) for member in self._members):
            arrays = vectors(records, self.quick_streams)
            logits = [member.experts(arrays, mask) for member in self._members]
            cells = np.zeros((len(records), 0, 32, 32), np.float32)
        else:
            arrays = batch(records, self.streams, self._members[0].starts)
            logits, drawn = zip(*(member.forward(arrays, mask, blank) for member in self._members), strict=True)
            cells = drawn[-1]
        mean = sum(one * share for one, share in zip(logits, self._shares, strict=True))
        ood = self._members[0].unlikeness(arrays, len(records))
        return judge(mean, cells, ood, classes, self.calibration, self.meta["ood_limit"], found)
