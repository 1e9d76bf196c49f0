"""Fixed, untrained front end of the crop encoders: cell statistics at stride 8.

Nothing is pooled before the non-linearities: residuals are taken at full resolution with the high-pass kernels
of the spatial rich model (Fridrich and Kodovsky, IEEE TIFS 7(3), 2012), truncated, and only then averaged over
8x8 cells, which are also the blocks of JPEG. The parity-signed residual is the local form of the weighted stego
estimate of LSB replacement (Fridrich and Goljan, SPIE 5306, 2004).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["CELL", "IndexFrontend", "PixelFrontend", "cell_mean"]

CELL = 8  # side of a map cell in pixels
_KERNELS = (
    [[0, 0, 0], [0, -1, 1], [0, 0, 0]],
    [[0, 0, 0], [0, -1, 0], [0, 1, 0]],
    [[0, 0, 0], [1, -2, 1], [0, 0, 0]],
    [[-1, 2, -1], [2, -4, 2], [-1, 2, -1]],
)
_SCALES = (1.0, 1.0, 2.0, 4.0)
_TRUNCATE = 3.0


def cell_mean(planes: Tensor) -> Tensor:
    """Mean over 8x8 cells: (b, c, h, w) to (b, c, h // 8, w // 8)."""
    return F.avg_pool2d(planes, CELL)


class PixelFrontend(nn.Module):
    """Cell statistics of an RGB crop.

    Input is (b, 3, h, w) float32 in [0, 1] that came from 8-bit samples; output is (b, `channels`, h/8, w/8).
    """

    channels = 3 * (4 * 3 + 4)

    def __init__(self) -> None:
        super().__init__()
        kernels = torch.tensor(_KERNELS) / torch.tensor(_SCALES)[:, None, None]
        self.register_buffer("kernels", kernels[:, None].repeat(3, 1, 1, 1), persistent=False)

    @torch.no_grad()
    def forward(self, pixel: Tensor) -> Tensor:
        values = torch.round(pixel * 255.0)
        padded = F.pad(values, (1, 1, 1, 1), mode="replicate")
        residual = F.conv2d(padded, self.kernels, groups=3)
        short = residual.clamp(-_TRUNCATE, _TRUNCATE)
        parity = values.remainder(2.0)
        sign = (1.0 - 2.0 * parity).repeat_interleave(4, dim=1)
        lsb_agree = torch.cat([
            parity,
            (parity - parity.roll(1, 3)).abs(),
            (parity - parity.roll(1, 2)).abs(),
            values / 255.0,
        ], dim=1)  # fmt: skip
        stats = torch.cat([short.abs() / _TRUNCATE, short * sign / _TRUNCATE, (short == 0).float(), lsb_agree], dim=1)
        return cell_mean(stats)


class IndexFrontend(nn.Module):
    """Cell statistics of bit planes (alpha and its LSB, or the LSB of palette indices).

    Input is (b, c, h, w) float32; output is (b, 3 * c, h/8, w/8).
    """

    def __init__(self, planes: int) -> None:
        super().__init__()
        self.channels = 3 * planes

    @torch.no_grad()
    def forward(self, planes: Tensor) -> Tensor:
        across, down = (planes - planes.roll(1, 3)).abs(), (planes - planes.roll(1, 2)).abs()
        return cell_mean(torch.cat([planes, across, down], dim=1))
