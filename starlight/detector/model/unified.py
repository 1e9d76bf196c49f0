"""`UnifiedStarlightDetector`: one small encoder a stream, fusion, three heads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from starlight.detector.model.encoders import MAP_WIDTH, WIDTH, BytesEncoder, CropEncoder, StartEncoder, VectorEncoder
from starlight.detector.model.frontend import FRONTENDS

__all__ = [
    "COUNTED",
    "CROP_STREAMS",
    "VECTOR_STREAMS",
    "DetectorConfig",
    "Output",
    "UnifiedStarlightDetector",
    "without",
]

CROP_STREAMS = ("pixel", "alpha", "lsb", "palette_lsb")
VECTOR_STREAMS = ("palette", "format", "content", "dct")
COUNTED = ("content", "dct")  # whose statistics say how unlike training an image is
Encoded = tuple[Tensor, Tensor | None, Tensor | None]  # a stream's numbers, its map, and what its experts say
_HIDDEN = {"content": 192, "dct": 192}  # where experts read a whole stream; the others only give the map its context
IMPOSSIBLE = -30.0  # logit of a technique that the container cannot carry


@dataclass(frozen=True)
class DetectorConfig:
    """What shapes a detector; stored with its weights.

    Attributes
    ----------
    streams : tuple of str
        Streams that it reads, in registry order.
    sizes : tuple of (str, int)
        Lengths of the vector streams.
    techniques : tuple of str
        Classes of the technique head.
    constraint_mask : bool
        Whether techniques that the container cannot carry are masked out.
    stream_dropout : float
        Share of training images in which a stream is blanked, so that the network does not lean on one alone.
    starts : tuple of str
        Streams whose beginning is read bit by bit, see `starlight.streams.starts`.
    reads : bool
        Whether a payload that can be read decides, whatever statistics say.
    map_bar : float, optional
        Log-odds of a technique in the image from which the map may mark anything: a cell is no likelier to carry a
        payload than the image is. Set after training; None lets it mark as it likes.
    """

    streams: tuple[str, ...]
    sizes: tuple[tuple[str, int], ...]
    techniques: tuple[str, ...]
    constraint_mask: bool = True
    stream_dropout: float = 0.05
    dropout: float = 0.1
    starts: tuple[str, ...] = ()
    reads: bool = True
    map_bar: float | None = None


class Output(NamedTuple):
    """What a forward pass gives; b images, t techniques, k tiles.

    logits : (b, t) log-odds of each technique against "no payload", `IMPOSSIBLE` where masked out.
    stego_logit : (b,) log-odds that the image carries any payload: log of the sum of the techniques' odds.
    cell_logits : (b, k, 32, 32) log-odds that a cell of 8x8 pixels carries payload.
    embedding : (b, d) the fused representation.
    """

    logits: Tensor
    stego_logit: Tensor
    cell_logits: Tensor
    embedding: Tensor


class UnifiedStarlightDetector(nn.Module):
    """The detector.

    Heads: the log-odds of each technique against a clean image come from its expert where it has one, else from the
    technique head; the stego head is their sum of odds, so that a technique that is masked out can raise neither; the
    map head works at stride 8.
    """

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        self.config = config
        sizes, techniques = dict(config.sizes), len(config.techniques)
        self.encoders = nn.ModuleDict({
            name: _encoder(name, sizes.get(name, 0), techniques)
            for name in config.streams
        })  # fmt: skip
        self.starts = nn.ModuleDict({name: StartEncoder() for name in config.starts})
        self.crops = [n for n in self.encoders if n in CROP_STREAMS]
        self.frontends = nn.ModuleDict({n: FRONTENDS[n]() for n in self.crops})
        self.offset = nn.Parameter(torch.zeros(techniques))
        self.register_buffer("has_expert", torch.zeros(techniques, dtype=torch.bool))
        width = WIDTH * len(self.encoders) + techniques
        self.fusion = nn.Sequential(nn.Linear(width, 96), nn.GELU(), nn.Dropout(config.dropout))
        self.technique_head = nn.Linear(96, techniques)
        nn.init.zeros_(self.technique_head.weight)
        map_width = MAP_WIDTH * len(self.crops)
        self.map_context = nn.Linear(96, 24)
        self.map_head = nn.Sequential(nn.Conv2d(map_width + 24, 24, 1), nn.GELU(), nn.Conv2d(24, 1, 1))

    def forward(self, batch: Mapping[str, Tensor], mask: Tensor | None = None, *, blank: str | None = None) -> Output:
        """Predict.

        Parameters
        ----------
        batch : mapping of str to Tensor
            Crop streams (b, k, c, 256, 256), or in place of one its cell statistics `<stream>_cells`; vector
            streams (b, d); metadata (b, 2048); `<stream>_start` (b, bits) of those that the configuration names;
            `tiles` (b,) the number of tiles of each image that are real.
        mask : (b, t) bool Tensor, optional
            The constraint mask. Ignored by a detector configured without one.
        blank : str, optional
            A stream to leave out, for ablation at inference.
        """
        encoded = self.encode(batch)
        kept = self._kept(encoded, blank)
        logits, embedding = self.judge(kept, mask)
        return Output(logits, torch.logsumexp(logits, dim=1), self.locate(kept, embedding, logits), embedding)

    def encode(self, batch: Mapping[str, Tensor]) -> dict[str, Encoded]:
        """What each stream's encoder makes of a batch."""
        encoded = {name: self._encode(name, encoder, batch) for name, encoder in self.encoders.items()}
        for name, encoder in self.starts.items():
            part, cells, said = encoded[name]
            encoded[name] = part + encoder(batch[f"{name}_start"]), cells, said
        return encoded

    def judge(self, encoded: Mapping[str, Encoded], mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Log-odds of the techniques, and the embedding, from what `encode` gave; see `forward` and `Output`."""
        parts, experts = [part for part, _, _ in encoded.values()], self.experts(encoded)
        embedding = self.fusion(torch.cat([*parts, torch.tanh(experts / 4)], dim=1))
        logits = torch.where(self.has_expert, experts, self.technique_head(embedding))
        return self.possible(logits, mask), embedding

    def experts(self, encoded: Mapping[str, Encoded]) -> Tensor:
        """(b, t) log-odds that the experts of all streams give; they count where `has_expert`."""
        if said := [said for _, _, said in encoded.values() if said is not None]:
            return sum(said, self.offset)
        part, _, _ = next(iter(encoded.values()))
        return self.offset.expand(part.shape[0], -1)  # `len` would make the batch size a constant in an export

    def locate(self, encoded: Mapping[str, Encoded], embedding: Tensor, logits: Tensor) -> Tensor:
        """(b, k, 32, 32) log-odds of cells, from what `encode` and `judge` gave."""
        cells = torch.cat([cells for _, cells, _ in encoded.values() if cells is not None], dim=2)
        b, k, _, h, w = cells.shape
        context = self.map_context(embedding)[:, None, :, None, None].expand(b, k, -1, h, w)
        found = self.map_head(torch.cat([cells, context], dim=2).flatten(0, 1)).view(b, k, h, w)
        if self.config.map_bar is None or self.training:
            return found
        return torch.minimum(found, (logits.amax(1) - self.config.map_bar)[:, None, None, None])

    def possible(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        """Log-odds with those masked out that a container cannot carry."""
        if self.config.constraint_mask and mask is not None:
            return logits.masked_fill(~mask, IMPOSSIBLE)
        return logits

    def unlikeness(self, batch: Mapping[str, Tensor]) -> Tensor:
        """(b,) share of the statistics that lie beyond all training images; 0 where none does."""
        beyond, count = 0.0, 0
        for name in self.encoders:
            if name in COUNTED:
                beyond = beyond + self.encoders[name].beyond(batch[name])
                count += batch[name].shape[1]
        if not count:
            return torch.zeros(batch["tiles"].shape[0], device=batch["tiles"].device)
        return beyond / count

    def cells(self, name: str, batch: Mapping[str, Tensor]) -> Tensor:
        """Cell statistics (b, k, c, 32, 32) of a crop stream: those of the batch, or computed from its crops."""
        if f"{name}_cells" in batch:
            return batch[f"{name}_cells"].float()
        crop = batch[name]
        cells = self.frontends[name](crop.flatten(0, 1))
        return cells.view(*crop.shape[:2], *cells.shape[1:])

    def _encode(self, name: str, encoder: nn.Module, batch: Mapping[str, Tensor]) -> Encoded:
        if name in VECTOR_STREAMS:
            part, said = encoder(batch[name])
            return part, None, said
        if name == "metadata":
            return encoder(batch[name]), None, None
        cells = self.cells(name, batch)
        b, k = cells.shape[:2]
        part, cells = encoder(cells.flatten(0, 1))
        real = (torch.arange(k, device=cells.device)[None] < batch["tiles"][:, None]).float()
        part = (part.view(b, k, part.shape[1]) * real[:, :, None]).sum(1) / real.sum(1, keepdim=True)
        return part, cells.view(b, k, *cells.shape[1:]), None

    def _kept(self, encoded: Mapping[str, Encoded], blank: str | None) -> dict[str, Encoded]:
        """Without the stream to leave out, and in training without one now and then."""
        found = without(encoded, blank)
        if self.training and self.config.stream_dropout > 0:
            for name, (part, cells, said) in found.items():  # experts are fitted: they are not to learn to do without
                keep = (torch.rand(len(part), 1, device=part.device) >= self.config.stream_dropout).float()
                found[name] = part * keep, cells if cells is None else cells * keep[:, :, None, None, None], said
        return found


def without(encoded: Mapping[str, Encoded], blank: str | None) -> dict[str, Encoded]:
    """What `encode` gave, with zeros in place of one stream."""
    found = dict(encoded)
    if blank in found:
        found[blank] = tuple(None if value is None else torch.zeros_like(value) for value in found[blank])
    return found


def _encoder(name: str, size: int, techniques: int) -> nn.Module:
    if name in VECTOR_STREAMS:
        return VectorEncoder(size, techniques, hidden=_HIDDEN.get(name, 48))
    if name == "metadata":
        return BytesEncoder()
    return CropEncoder(FRONTENDS[name]().channels, width=24 if name == "pixel" else 16)
