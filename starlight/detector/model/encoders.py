"""One small encoder a stream. Each maps its stream to `WIDTH` numbers; crop encoders also give a map of cells."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from starlight.detector.plain.network import CLIP

__all__ = ["MAP_WIDTH", "WIDTH", "BytesEncoder", "CropEncoder", "StartEncoder", "VectorEncoder"]

WIDTH = 32  # numbers that each stream contributes to the fusion
MAP_WIDTH = 16  # channels that each crop stream contributes to the localisation map
_ALL = slice(None)


class VectorEncoder(nn.Module):
    """Encoder of a fixed-length vector of statistics: standardise, project, two layers.

    Undefined entries (NaN) become the training mean. Two kinds of expert speak for single techniques, and training fits
    them before all else (see `starlight.training.fit_experts`): linear ones, which read those entries alone that
    `reads` gives them, and readings of this encoder's own numbers, for the techniques in `judges`.

    Parameters
    ----------
    size : int
        Of the vector.
    techniques : int
        That experts may speak for.
    hidden : int
        Width of the first layer.
    dropout : float
        Before the second layer; before the first, six tenths of it.
    """

    def __init__(self, size: int, techniques: int, *, hidden: int = 48, dropout: float = 0.3) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("std", torch.ones(size))
        self.register_buffer("reads", torch.zeros(techniques, size, dtype=torch.bool))
        self.register_buffer("judges", torch.zeros(techniques, dtype=torch.bool))
        self.linear = nn.Parameter(torch.zeros(techniques, size))
        self.layers = nn.Sequential(
            nn.Dropout(0.6 * dropout), nn.Linear(size, hidden), nn.GELU(),
            nn.Dropout(dropout), nn.Linear(hidden, WIDTH), nn.GELU(),
        )  # fmt: skip
        self.judge = nn.Sequential(nn.Dropout(0.5 * dropout), nn.Linear(WIDTH, techniques))

    def settle(self) -> None:
        """Drop nothing out from here on: the experts are fitted, and what they say should be what they will say."""
        for layer in self.modules():
            if isinstance(layer, nn.Dropout):
                layer.p = 0.0

    def standardise(self, vector: Tensor, columns: Tensor | slice = _ALL) -> Tensor:
        """(b, size), or (b, k) of some columns, in standard deviations of training data, NaN to 0, clipped."""
        return torch.nan_to_num((vector - self.mean[columns]) / self.std[columns], nan=0.0).clamp(-CLIP, CLIP)

    def beyond(self, vector: Tensor) -> Tensor:
        """(b,) number of entries that are clipped."""
        return (self.standardise(vector).abs() >= CLIP).sum(dim=1)

    def forward(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        """The stream's numbers (b, `WIDTH`) and what it adds to the experts' log-odds (b, techniques)."""
        z = self.standardise(vector)
        out = self.layers(z)
        linear = F.linear(z, self.linear.masked_fill(~self.reads, 0.0))
        return out, linear + self.judge(out).masked_fill(~self.judges, 0.0)


class BytesEncoder(nn.Module):
    """Encoder of raw bytes in file order (metadata): strided convolutions, then mean and maximum."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(1, 16, 16, stride=8), nn.GELU(), nn.Conv1d(16, 16, 5, stride=2), nn.GELU()
        )
        self.out = nn.Linear(32, WIDTH)

    def forward(self, data: Tensor) -> Tensor:
        maps = self.layers(data[:, None])
        return F.gelu(self.out(torch.cat([maps.mean(-1), maps.amax(-1)], dim=1)))


class StartEncoder(nn.Module):
    """Encoder of the bits that a plane begins with (see `starlight.streams.starts`): how each place in a group varies.

    A byte of text has bits that are always the same, at the same place in each group of `period` bits, whichever
    channels carry it and in which order. Input is (b, bits) of -1, 1, and 0 where there is none; a plane that is not
    there gives zeros.

    Parameters
    ----------
    period : int
        Bits of 8 pixels.
    """

    _FIRST = 6  # groups that the shortest text fills, roughly

    def __init__(self, period: int) -> None:
        super().__init__()
        self.period = period
        self.layers = nn.Sequential(nn.Linear(3 * period, 48), nn.GELU(), nn.Linear(48, WIDTH), nn.GELU())

    def forward(self, bits: Tensor) -> Tensor:
        groups = bits.unflatten(1, (-1, self.period))
        count = groups.abs().sum(1).clamp(min=1)
        first = groups[:, : self._FIRST].mean(1)
        read = self.layers(torch.cat([first, groups.sum(1) / count, groups[:, 0]], dim=1))
        return read * (bits.abs().amax(1, keepdim=True) > 0)


class CropEncoder(nn.Module):
    """Encoder of a crop's cell statistics: convolutions over cells.

    Input is (b, channels, h, w) cell statistics; returns the stream's numbers (b, `WIDTH`) and its map
    (b, `MAP_WIDTH`, h, w). A plane that an image does not have is all zeros and gives zeros.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels, 1, 1))
        self.register_buffer("std", torch.ones(channels, 1, 1))
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, 1), nn.GELU(), nn.Conv2d(width, width, 3, padding=1), nn.GELU(),
            nn.Conv2d(width, MAP_WIDTH, 1), nn.GELU(),
        )  # fmt: skip
        self.out = nn.Linear(2 * MAP_WIDTH, WIDTH)

    def forward(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        present = cells.flatten(1).any(1)
        if self.training and not present.all():  # most images have no alpha plane and no palette
            part, maps = cells.new_zeros(len(cells), WIDTH), cells.new_zeros(len(cells), MAP_WIDTH, *cells.shape[2:])
            if present.any():
                some, some_maps = self._encode(cells[present])
                part, maps = (
                    part.masked_scatter(present[:, None], some),
                    maps.masked_scatter(present[:, None, None, None], some_maps),
                )
            return part, maps
        part, maps = self._encode(cells)
        return part * present[:, None], maps * present[:, None, None, None]

    def _encode(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.layers((cells - self.mean) / self.std)
        pooled = torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], dim=1)
        return F.gelu(self.out(pooled)), maps
