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
        self._lacking = bool(self._no_expert.any())

    def read(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor | None]:
        """Standardise vector streams (b, d) of a batch; None for the one image that lacks the stream."""
        return {name: self._streams[name].read(batch[name]) for name in self.streams}

    def judge(self, read: Mapping[str, Tensor | None], mask: Tensor) -> Tensor | None:
        """The log-odds that the detector gives, without the map; None if an image could carry what has no expert.

        Parameters
        ----------
        read : mapping of str to Tensor or None
            From `read`.
        mask : (b, t) bool Tensor
            The constraint mask.
        """
        possible = mask if self._model.config.constraint_mask else torch.ones_like(mask)
        if self._lacking and bool((possible & self._no_expert).any()):
            return None
        said = sum((self._streams[name].said(read[name]) for name in self._speaking), self._model.offset)
        return self._model.possible(said.expand(len(mask), -1), mask)

    def unlikeness(self, read: Mapping[str, Tensor | None], count: int) -> Tensor:
        """(count,) share of the statistics that lie beyond all training images; 0 where none does."""
        beyond = torch.zeros(count)
        for name in self._counted:
            if read[name] is not None:
                beyond = beyond + self._streams[name].encoder.clipped(read[name])
        return beyond / max(1, sum(self._streams[name].size for name in self._counted))


class _Stream:
    """What the experts that read one stream add to the log-odds."""

    def __init__(self, encoder: VectorEncoder) -> None:
        self.encoder, self.size = encoder, len(encoder.mean)
        self.speaks = bool(encoder.judges.any() or encoder.reads.any())
        self._linear = encoder.linear.masked_fill(~encoder.reads, 0.0)
        *hidden, last = (m for m in [*encoder.layers, *encoder.judge] if isinstance(m, nn.Linear))
        self._hidden = [(layer.weight.detach(), layer.bias.detach()) for layer in hidden]
        silent = ~encoder.judges
        self._judge = last.weight.masked_fill(silent[:, None], 0.0), last.bias.masked_fill(silent, 0.0)
        self._of_nothing = self._said(self.encoder.standardise(torch.full((1, self.size), torch.nan)))

    def read(self, vector: Tensor) -> Tensor | None:
        """Standardised; None for the one image that lacks the stream."""
        return None if len(vector) == 1 and bool(vector.isnan().all()) else self.encoder.standardise(vector)

    def said(self, z: Tensor | None) -> Tensor:
        """(b, t), or (1, t) for the one image that lacks the stream; of more, sums are taken in another order."""
        return self._of_nothing if z is None else self._said(z)

    def _said(self, z: Tensor) -> Tensor:
        """As the encoder, of whose modules each call takes as long as its sums do."""
        out = z
        for weight, bias in self._hidden:
            out = F.gelu(F.linear(out, weight, bias))
        return F.linear(z, self._linear) + F.linear(out, *self._judge)
