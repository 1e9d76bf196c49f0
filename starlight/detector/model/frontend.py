"""Fixed, untrained front ends of the crop streams: cell statistics at stride 8.

Nothing is pooled before the non-linearities: residuals are taken at full resolution with high-pass kernels of the
spatial rich model (Fridrich and Kodovsky, IEEE TIFS 7(3), 2012), truncated, and only then averaged over 8x8 cells,
which are also the blocks of JPEG. The parity-signed residual is the local form of the weighted stego estimate of LSB
replacement (Fridrich and Goljan, SPIE 5306, 2004). Having no weights, a front end is run once for a whole training.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from starlight.streams.collate import CELL

__all__ = ["FRONTENDS", "PixelFrontend", "PlaneFrontend"]

_RESIDUALS = 5  # first and second differences, each with its transpose beside it, and the square kernel
_TRANSPOSED = (1, 0, 3, 2, 4)  # order of the residuals after the image is transposed
_TRUNCATE = 3.0  # grey levels


def _cell_mean(planes: Tensor) -> Tensor:
    """Mean over 8x8 cells; rows first, which is several times faster than `avg_pool2d` on a CPU."""
    *lead, h, w = planes.shape
    rows = planes.reshape(*lead, h // CELL, CELL, w).sum(-2)
    return rows.reshape(*lead, h // CELL, w // CELL, CELL).sum(-1) / CELL**2


def _residuals(values: Tensor) -> list[Tensor]:
    """High-pass residuals of (b, c, h, w) grey levels, each scaled to steps of one level."""
    padded = F.pad(values, (1, 1, 1, 1), mode="replicate")
    right, down = padded[..., 1:-1, 2:] - values, padded[..., 2:, 1:-1] - values
    across = (right - values + padded[..., 1:-1, :-2]) / 2
    along = (down - values + padded[..., :-2, 1:-1]) / 2
    whole = F.pad(across, (0, 0, 1, 1), mode="replicate")
    square = (whole[..., 2:, :] - 2 * across + whole[..., :-2, :]) / 2
    return [right, down, across, along, square]


class PixelFrontend(nn.Module):
    """Cell statistics of an RGB crop.

    Input is (b, 3, h, w) float32 in [0, 1] that came from 8-bit samples; output is (b, `channels`, h/8, w/8): per
    residual and colour the mean absolute truncated residual, the parity-signed residual and the share of zeros, then
    the mean of each colour.
    """

    channels = 3 * (3 * _RESIDUALS + 1)

    @torch.no_grad()
    def forward(self, pixel: Tensor) -> Tensor:
        values = torch.round(pixel * 255.0)
        sign = (1.0 - 2.0 * (values - 2.0 * torch.floor(values / 2.0))) / _TRUNCATE
        stats = []
        for residual in _residuals(values):
            short = residual.clamp(-_TRUNCATE, _TRUNCATE)
            stats += [_cell_mean(short.abs()) / _TRUNCATE, _cell_mean(short * sign), _cell_mean((short == 0).float())]
        return torch.cat([*stats, _cell_mean(pixel)], dim=1)

    @staticmethod
    def transposed() -> list[int]:
        """Order of channels after the image is transposed."""
        return [*(9 * r + i for r in _TRANSPOSED for i in range(9)), *range(9 * _RESIDUALS, 9 * _RESIDUALS + 3)]


class PlaneFrontend(nn.Module):
    """Cell statistics of planes (LSB planes, alpha, the LSB of palette indices).

    Input is (b, c, h, w) float32; output is (b, 3 * c, h/8, w/8): mean, and mean change to the right and downwards.
    """

    def __init__(self, planes: int) -> None:
        super().__init__()
        self.planes, self.channels = planes, 3 * planes

    @torch.no_grad()
    def forward(self, planes: Tensor) -> Tensor:
        across, down = (planes - planes.roll(1, 3)).abs(), (planes - planes.roll(1, 2)).abs()
        return _cell_mean(torch.cat([planes, across, down], dim=1))

    def transposed(self) -> list[int]:
        """Order of channels after the image is transposed."""
        c = self.planes
        return [*range(c), *range(2 * c, 3 * c), *range(c, 2 * c)]


FRONTENDS = {
    "pixel": PixelFrontend,
    "alpha": lambda: PlaneFrontend(2),
    "lsb": lambda: PlaneFrontend(3),
    "palette_lsb": lambda: PlaneFrontend(1),
}
