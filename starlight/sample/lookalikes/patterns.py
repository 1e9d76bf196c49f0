"""Regular patterns: stripes, boards, rings, weaves, tiles, ramps, halftones, moiré."""

from collections.abc import Callable

import numpy as np

from starlight.sample.covers.cover import as_uint8, luma

__all__ = ["KINDS", "draw"]

Grid = tuple[np.ndarray, np.ndarray]


def draw(rng: np.random.Generator, height: int, width: int, kind: str) -> np.ndarray:
    """Draw a pattern in two to four colours, or in all the steps of a ramp.

    Parameters
    ----------
    rng : numpy.random.Generator
    height, width : int
        Pixels.
    kind : str
        One of `KINDS`.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    grid = tuple(np.mgrid[:height, :width])
    values = np.clip(KINDS[kind](rng, grid), 0, 1)[..., None]
    first, second = rng.integers(0, 256, (2, 3))
    if rng.random() < 0.3:
        first, second = np.array([[0] * 3, [255] * 3])
    return as_uint8(first + (second - first) * values)


def _stripes(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    y, x = grid
    period, a, b = int(rng.integers(2, 40)), int(rng.integers(0, 4)), int(rng.integers(-3, 4))
    return ((a * x + (b or 1) * y) % period < rng.uniform(0.2, 0.8) * period).astype(float)


def _board(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    y, x = grid
    return (((x // rng.integers(1, 40)) + (y // rng.integers(1, 40))) % 2).astype(float)


def _rings(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    y, x = grid
    far = np.hypot(y - rng.uniform(0, y.shape[0]), x - rng.uniform(0, y.shape[1]))
    waves = 0.5 + 0.5 * np.sin(far / rng.uniform(0.8, 12))
    return (waves > 0.5).astype(float) if rng.random() < 0.4 else waves


def _weave(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    y, x = grid
    a, b = rng.uniform(3, 14, 2)
    over = (np.floor(x / a) + np.floor(y / b)) % 2
    return over * np.abs(np.sin(np.pi * x / a)) + (1 - over) * np.abs(np.sin(np.pi * y / b))


def _tiles(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    y, x = grid
    tile = rng.random((int(rng.integers(2, 24)), int(rng.integers(2, 24))))
    return tile[y % tile.shape[0], x % tile.shape[1]]


def _ramp(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    y, x = grid
    ramp = (x * rng.integers(0, 3) + y * rng.integers(1, 3)) / (y.shape[0] + y.shape[1])
    return ramp * rng.integers(1, 9) % 1 if rng.random() < 0.5 else np.clip(ramp, 0, 1)


def _product(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    """Multiply or combine coordinates bit by bit, as programmers do for test images."""
    y, x = grid
    made = (x * y, x ^ y, x & y, x | y, x + y, (x * x + y * y) // int(rng.integers(1, 60)))[int(rng.integers(0, 6))]
    return made % 256 / 255


def _halftone(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    """Print a shaded surface in dots on a turned screen."""
    y, x = grid
    angle, pitch = rng.uniform(0, np.pi / 2), rng.uniform(3, 10)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    screen = (np.cos(2 * np.pi * u / pitch) + np.cos(2 * np.pi * v / pitch)) / 4 + 0.5
    return (screen > (x + y) / (x.max() + y.max() + 1)).astype(float)


def _moire(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    y, x = grid
    a, b, turn = rng.uniform(0.4, 1.6), rng.uniform(0.4, 1.6), rng.uniform(-0.2, 0.2)
    return 0.5 + 0.25 * (np.sin(a * x) + np.sin(b * (x * np.cos(turn) + y * np.sin(turn))))


def _fractal(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    y, x = grid
    carpet, level = np.ones(y.shape), 1
    while level < max(y.shape):
        carpet[((x // level) % 3 == 1) & ((y // level) % 3 == 1)] = 0
        level *= 3
    return carpet


def repeat_patch(rng: np.random.Generator, pixels: np.ndarray) -> np.ndarray:
    """Repeat a patch of a photograph over the canvas, as wallpapers do."""
    height, width = pixels.shape[:2]
    side = int(rng.integers(8, max(9, min(height, width) // 2)))
    patch = pixels[:side, :side]
    if rng.random() < 0.5:
        patch = np.concatenate([patch, patch[:, ::-1]], axis=1)
        patch = np.concatenate([patch, patch[::-1]], axis=0)
    copies = (-(-height // patch.shape[0]), -(-width // patch.shape[1])) + (1,) * (pixels.ndim - 2)
    return np.ascontiguousarray(np.tile(patch, copies)[:height, :width])


def posterise(rng: np.random.Generator, pixels: np.ndarray) -> np.ndarray:
    """Keep a few levels of brightness."""
    steps = int(rng.integers(2, 12))
    return as_uint8(np.floor(luma(pixels) / 256 * steps) * (255 / (steps - 1)))


KINDS: dict[str, Callable[[np.random.Generator, Grid], np.ndarray]] = {
    "stripes": _stripes,
    "board": _board,
    "rings": _rings,
    "weave": _weave,
    "tiles": _tiles,
    "ramp": _ramp,
    "product": _product,
    "halftone": _halftone,
    "moire": _moire,
    "fractal": _fractal,
}
