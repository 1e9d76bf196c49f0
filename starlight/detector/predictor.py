"""What a runtime offers to whoever judges with it: stored streams in, scores out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from starlight.detector.calibration.calibration import Calibration
from starlight.detector.calibration.judgement import Prediction

__all__ = ["Embedder", "Predictor"]


class Predictor(Protocol):
    """Weights in a runtime, ready to predict. Safe to share between threads.

    Attributes
    ----------
    streams, techniques : tuple of str
        What it reads, and what it tells apart; the order is that of its outputs.
    sizes : dict
        Vector stream to its number of features.
    quick_streams : tuple of str
        The streams that an answer without a map needs as a rule.
    max_tiles : int
        Most crops that are read of one image.
    calibration : Calibration
    meta : dict
        What is stored along with the weights: `name`, `data_hash`, `stream_versions`, `ood_limit` and more.
    """

    streams: tuple[str, ...]
    techniques: tuple[str, ...]
    sizes: dict[str, int]
    quick_streams: tuple[str, ...]
    max_tiles: int
    calibration: Calibration
    meta: dict[str, Any]

    def predict(
        self, records: Sequence[Mapping[str, Any]], classes: Sequence[str], blank: str | None = None, *,
        maps: bool = True,
    ) -> Prediction:  # fmt: skip
        """Predict on records of stored streams.

        Parameters
        ----------
        records : sequence of mapping, n
            Stream to its arrays; also `mask`, bool (techniques,), where a technique is possible at all, and `found`,
            the techniques of payloads that were read.
        classes : sequence of str, n
            Kind of each picture, see `starlight.detector.calibration.classes.picture_class`.
        blank : str, optional
            A stream to leave out.
        maps : bool
            Without, `cells` is empty where experts say all but where; the answers are the same.

        Returns
        -------
        Prediction
        """
        ...


@runtime_checkable
class Embedder(Protocol):
    """A predictor that also says which images are alike."""

    def embed(self, records: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """(n, d) fused representation: images that it takes to be alike lie close."""
        ...
