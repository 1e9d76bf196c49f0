"""The experts of a trained detector, ready to answer alone.

What the whole detector does for its map, and what an image without a stream would be told, need not be done again for
each image: most of the time on a small image went into that.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from starlight.model.detector import COUNTED, VECTOR_STREAMS, UnifiedStarlightDetector
from starlight.model.encoders import VectorEncoder

__all__ = ["Experts"]


class Experts:
    """Log-odds and unlikeness to the bit as the detector gives them.

    Parameters
    ----------
    model : UnifiedStarlightDetector
        In evaluation mode; later changes of its weights go unnoticed.

    Attributes
    ----------
    streams : tuple of str
        What they read.
    """

    @torch.inference_mode()
    def __init__(self, model: UnifiedStarlightDetector) -> None:
        self._model = model
        self._streams = {name: _Stream(model.encoders[name]) for name in model.encoders if name in VECTOR_STREAMS}
        self._speaking = [name for name, stream in self._streams.items() if stream.speaks]
        self._counted = [name for name in COUNTED if name in self._streams]
        self.streams = tuple(name for name in self._streams if name in {*self._speaking, *self._counted})
        self._no_expert = ~model.has_expert

    def judge(self, batch: Mapping[str, Tensor], mask: Tensor) -> Tensor | None:
        """The log-odds that the detector gives, without the map; None if an image could carry what has no expert.

        Parameters
        ----------
        batch : mapping of str to Tensor
            Vector streams (b, d).
        mask : (b, t) bool Tensor
            The constraint mask.
        """
        possible = mask if self._model.config.constraint_mask else torch.ones_like(mask)
        if bool((possible & self._no_expert).any()):
            return None
        said = sum((self._streams[name].said(batch[name]) for name in self._speaking), self._model.offset)
        return self._model.possible(said.expand(len(mask), -1), mask)

    def unlikeness(self, batch: Mapping[str, Tensor], count: int) -> Tensor:
        """(count,) share of the statistics that lie beyond all training images; 0 where none does."""
        beyond = torch.zeros(count)
        for name in self._counted:
            beyond = beyond + self._streams[name].beyond(batch[name])
        return beyond / max(1, sum(batch[name].shape[1] for name in self._counted))


class _Stream:
    """What the experts that read one stream add to the log-odds, and how much of it is unlike all training images."""

    def __init__(self, encoder: VectorEncoder) -> None:
        self._encoder = encoder
        self.speaks = bool(encoder.judges.any() or encoder.reads.any())
        self._linear = encoder.linear.masked_fill(~encoder.reads, 0.0)
        self._layers = nn.Sequential(*(layer for layer in encoder.layers if not isinstance(layer, nn.Dropout)))
        self._silent = ~encoder.judges
        self._of_nothing = self._said(torch.full((1, len(encoder.mean)), torch.nan))

    def said(self, vector: Tensor) -> Tensor:
        """(b, t), or (1, t) for the one image that lacks the stream; of more, sums are taken in another order."""
        return self._of_nothing if _is_nothing(vector) else self._said(vector)

    def beyond(self, vector: Tensor) -> Tensor | int:
        """(b,) number of entries beyond; 0 for the one image that lacks the stream."""
        return 0 if _is_nothing(vector) else self._encoder.beyond(vector)

    def _said(self, vector: Tensor) -> Tensor:
        z = self._encoder.standardise(vector)
        judged = self._encoder.judge(self._layers(z)).masked_fill(self._silent, 0.0)
        return F.linear(z, self._linear) + judged


def _is_nothing(vector: Tensor) -> bool:
    return len(vector) == 1 and bool(vector.isnan().all())
