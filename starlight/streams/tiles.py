"""Where the crops of an image lie: exact, equal in size, the first one at the start of the image."""

from __future__ import annotations

import numpy as np

__all__ = ["TILE", "crops", "padded", "tile_origins"]

TILE = 256  # side of a crop in pixels


def tile_origins(height: int, width: int, max_tiles: int) -> list[tuple[int, int]]:
    """Place tiles over an image.

    A payload in scan order starts at the first pixel, so the first tile does too; each further one is the tile of an
    even grid that lies farthest from those chosen before it.

    Parameters
    ----------
    height, width : int
        Pixels.
    max_tiles : int
        At least 1.

    Returns
    -------
    list of (int, int)
        Row and column of the first pixel of each tile; fewer than `max_tiles` where the image is covered already.
    """
    ys, xs = _starts(height), _starts(width)
    grid = np.array([(y, x) for y in ys for x in xs])
    chosen = [0]
    distance = np.full(len(grid), np.inf)
    while len(chosen) < min(max_tiles, len(grid)):
        distance = np.minimum(distance, ((grid - grid[chosen[-1]]) ** 2).sum(axis=1))
        chosen.append(int(distance.argmax()))
    return [(int(y), int(x)) for y, x in grid[chosen]]


def crops(plane: np.ndarray, origins: list[tuple[int, int]]) -> np.ndarray:
    """Cut tiles out of a (H, W, C) or (H, W) array; returns (n, C, min(H, 256), min(W, 256)) of its dtype."""
    planes = plane.reshape(*plane.shape[:2], -1).transpose(2, 0, 1)
    return np.ascontiguousarray([planes[:, y : y + TILE, x : x + TILE] for y, x in origins])


def padded(tile: np.ndarray, channels: int) -> np.ndarray:
    """Tile (C, h, w) as float32 (channels, 256, 256): one channel is repeated, zeros fill the right and the bottom."""
    out = np.zeros((channels, TILE, TILE), np.float32)
    if tile.size:
        out[:, : tile.shape[1], : tile.shape[2]] = tile
    return out


def _starts(size: int) -> list[int]:
    count = max(1, -(-size // TILE))
    return [round(i * (size - TILE) / (count - 1)) for i in range(count)] if count > 1 else [0]
