"""One small encoder a stream. Each maps its stream to `WIDTH` numbers; crop encoders also give a map of cells."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["MAP_WIDTH", "WIDTH", "BytesEncoder", "CropEncoder", "VectorEncoder"]

WIDTH = 32  # numbers that each stream contributes to the fusion
MAP_WIDTH = 16  # channels that each crop stream contributes to the localisation map
_CLIP = 5.0  # standard deviations; what lies beyond says "unlike training", not "more so"


class VectorEncoder(nn.Module):
    """Encoder of a fixed-length vector of statistics: standardise, project, two layers.

    Undefined entries (NaN) become the training mean. `direct` holds Fisher discriminants, one for each technique and
    block of features, that training sets before the first step (see `starlight.training.fisher`): a block of few
    features must not drown in one of a thousand.
    """

    def __init__(
        self, size: int, blocks: Sequence[int], discriminants: int, *, hidden: int = 48, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("std", torch.ones(size))
        self.blocks = list(blocks)
        self.direct = nn.ModuleList(nn.Linear(width, discriminants) for width in self.blocks)
        self.hidden = nn.Linear(size, hidden)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(hidden + discriminants * len(self.blocks), WIDTH)

    def standardise(self, vector: Tensor) -> Tensor:
        """(b, size) in standard deviations of the training data, NaN to 0, clipped."""
        return torch.nan_to_num((vector - self.mean) / self.std, nan=0.0).clamp(-_CLIP, _CLIP)

    def beyond(self, vector: Tensor) -> Tensor:
        """(b,) number of entries that are clipped."""
        return (self.standardise(vector).abs() >= _CLIP).sum(dim=1)

    def forward(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        z = self.dropout(self.standardise(vector))
        direct = [layer(part) for layer, part in zip(self.direct, z.split(self.blocks, dim=1), strict=True)]
        out = self.out(torch.cat([F.gelu(self.hidden(z)), *direct], dim=1))
        return F.gelu(out), torch.stack(direct, dim=1)


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
