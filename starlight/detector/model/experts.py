"""The experts of a trained detector, ready to answer alone.

What the whole detector does for its map, and what an image without a stream would be told, need not be done again for
each image: most of the time on a small image went into that. Of what remains, torch does the sums alone: on vectors
this short each of its calls takes several times as long as NumPy's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from starlight.detector.model.encoders import CLIP, VectorEncoder
from starlight.detector.model.unified import COUNTED, IMPOSSIBLE, VECTOR_STREAMS, UnifiedStarlightDetector

__all__ = ["Experts", "answers"]

Read = Mapping[str, Tensor | None]  # streams (b, d) in standard deviations; None for the one image that lacks it


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
    scales : bytes
        Hash of what they standardise with: of equal ones, one reads a batch for all.
    """

    @torch.inference_mode()
    def __init__(self, model: UnifiedStarlightDetector) -> None:
        self._masks = model.config.constraint_mask
        self._streams = {name: _Stream(model.encoders[name]) for name in model.encoders if name in VECTOR_STREAMS}
        self._speaking = [name for name, stream in self._streams.items() if stream.speaks]
        self._counted = [name for name in COUNTED if name in self._streams]
        self.streams = tuple(name for name in self._streams if name in {*self._speaking, *self._counted})
        self.scales = _hash(array for name in self.streams for array in self._streams[name].scale)
        self._no_expert, self._offset = (~model.has_expert).numpy(), model.offset.detach().numpy()

    def read(self, batch: Mapping[str, np.ndarray]) -> Read:
        """Standardise the vector streams (b, d) of a batch."""
        return {name: self._streams[name].read(batch[name]) for name in self.streams}

    @torch.inference_mode()
    def judge(self, read: Read, mask: np.ndarray, blank: str | None = None) -> np.ndarray | None:
        """The log-odds that the detector gives, without the map; None if an image could carry what has no expert.

        Parameters
        ----------
        read : mapping of str to Tensor or None
            From `read`.
        mask : (b, t) bool
            The constraint mask.
        blank : str, optional
            A stream to leave out.
        """
        possible = mask if self._masks else np.ones_like(mask)
        if (possible & self._no_expert).any():
            return None
        heard = [name for name in self._speaking if name != blank]
        said = sum((self._streams[name].said(read[name]) for name in heard), self._offset)
        return np.where(possible, said, np.float32(IMPOSSIBLE))

    def unlikeness(self, read: Read, count: int) -> np.ndarray:
        """(count,) share of the statistics that lie beyond all training images; 0 where none does."""
        beyond = np.zeros(count, np.float32)
        for name in self._counted:
            if read[name] is not None:
                beyond += np.count_nonzero(np.abs(read[name].numpy()) >= CLIP, axis=1)
        return beyond / np.float32(max(1, sum(self._streams[name].size for name in self._counted)))


def answers(
    members: Sequence[Experts], batch: Mapping[str, np.ndarray], mask: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray] | None:
    """What the experts of an ensemble say of a batch.

    Parameters
    ----------
    members : sequence of Experts
        At least one.
    batch : mapping of str to (b, d) array
        The vector streams that they read.
    mask : (b, t) bool
        The constraint mask.

    Returns
    -------
    list of (b, t) log-odds, one a member, and (b,) unlikeness by the first; None where a member cannot answer alone
    """
    read: dict[bytes, Read] = {}
    for experts in members:
        if experts.scales not in read:
            read[experts.scales] = experts.read(batch)
    said = []
    for experts in members:
        logits = experts.judge(read[experts.scales], mask)
        if logits is None:
            return None
        said.append(logits)
    return said, members[0].unlikeness(read[members[0].scales], len(mask))


def _hash(arrays: Iterable[np.ndarray]) -> bytes:
    found = hashlib.sha256()
    for array in arrays:
        found.update(array.tobytes())
    return found.digest()


class _Stream:
    """What the experts that read one stream add to the log-odds."""

    def __init__(self, encoder: VectorEncoder) -> None:
        self.scale, self.size = (encoder.mean.numpy(), encoder.std.numpy()), len(encoder.mean)
        self.speaks = bool(encoder.judges.any() or encoder.reads.any())
        self._linear = encoder.linear.masked_fill(~encoder.reads, 0.0)
        *hidden, last = (m for m in [*encoder.layers, *encoder.judge] if isinstance(m, nn.Linear))
        self._hidden = [(layer.weight.detach(), layer.bias.detach()) for layer in hidden]
        silent = ~encoder.judges
        self._judge = last.weight.masked_fill(silent[:, None], 0.0), last.bias.masked_fill(silent, 0.0)
        self._of_nothing = self._said(self._standardised(np.full((1, self.size), np.nan, np.float32)))

    def read(self, vector: np.ndarray) -> Tensor | None:
        """Standardised; None for the one image that lacks the stream."""
        return None if len(vector) == 1 and np.isnan(vector).all() else self._standardised(vector)

    def said(self, z: Tensor | None) -> np.ndarray:
        """(b, t), or (1, t) for the one image that lacks the stream; of more, sums are taken in another order."""
        return self._of_nothing if z is None else self._said(z)

    def _standardised(self, vector: np.ndarray) -> Tensor:
        """As `VectorEncoder.standardise`, in memory of torch's, which is aligned: sums may depend on that."""
        mean, std = self.scale
        out = torch.empty(vector.shape)
        z = np.subtract(vector, mean, out=out.numpy())
        z /= std
        z[np.isnan(z)] = 0
        np.clip(z, -CLIP, CLIP, out=z)
        return out

    def _said(self, z: Tensor) -> np.ndarray:
        out = z
        for weight, bias in self._hidden:
            out = F.gelu(F.linear(out, weight, bias))
        return F.linear(z, self._linear).numpy() + F.linear(out, *self._judge).numpy()
