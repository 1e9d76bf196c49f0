"""Earlier compressions: where the 8 x 8 blocks of the rest of the image are not those of a part.

Blocks that were compressed hold multiples of a step in each frequency, and what was pasted or filled in afterwards does
not; when all is compressed again, values that the rest avoids stand out (T. Bianchi and A. Piva, "Image Forgery
Localization via Block-Grained Analysis of JPEG Artifacts", IEEE TIFS 7, 2012).
"""

from __future__ import annotations

import cv2
import numpy as np

from starlight.forgery.scene import Scene

__all__ = ["HISTORY", "history"]

HISTORY = ("lattice", "double")
_BLUE, _CHROMA = 0.2193, 0.144  # of the scene's planes, less than its grey levels: what JPEG files hold as brightness
_SIDE = 8  # pixels of a block
_USED = 20  # frequencies, lowest first, but for the mean: higher ones are mostly 0
_STEPS = np.arange(2, 41)  # that are looked for
_FINE = 4  # bins of a histogram in a unit
_CERTAIN = 0.15  # mean concordance from which no other grid is tried
_SAMPLE, _FEW = 500, 8  # blocks that grids are compared by, and lowest frequencies that are left out there
_FAR = 160  # units: larger coefficients are few
_CLEAR = 0.35  # concordance with a step from which it is taken for real
_LEVELS = 30  # multiples of a step on each side that have a class of their own
_PRIOR = 2.0  # of each class: what is seen once or twice says little
_STRONG = 2.0  # log-odds that a single coefficient counts at most
_AROUND = 3  # blocks on a side that are taken together
_DOUBT = 4.0  # coefficients that say nothing, put in with each block


def history(scene: Scene) -> list[np.ndarray]:
    """Maps of a scene, `HISTORY`, a value each 8 pixels.

    Returns
    -------
    list of (h // 8, w // 8) float32
        How well the blocks around keep to the steps that the image was compressed with last, -1 to 1 and 0 where
        nothing tells; and the mean log-odds of their multiples among the image's, over those of a shifted grid.
    """
    rows, columns = (n // _SIDE for n in scene.grey.shape)
    none = np.zeros((rows, columns), np.float32)
    if scene.scale < 1 or min(rows, columns) < 4:
        return [none, none.copy()]
    luma = scene.grey - _BLUE * scene.blue - _CHROMA * scene.chroma
    clear, steps, blocks, at = _fit(luma, (0, 0))
    if clear < _CERTAIN:
        _, steps, blocks, at = max((_fit(luma, one) for one in (at, _grid(luma))), key=lambda item: item[0])
    lattice, double = _lattice(blocks, steps), _double(blocks, _blocks(luma, ((at[0] + 4) % 8, (at[1] + 4) % 8)), steps)
    return [_placed(plane, at, (rows, columns)) for plane in (lattice, double)]


def _fit(luma: np.ndarray, at: tuple[int, int]):
    """How clear steps are at a grid, the steps, and the coefficients there."""
    blocks = _blocks(luma, at)
    steps, clear = _steps(blocks.reshape(-1, _USED))
    return clear, steps, blocks, at


def _blocks(luma: np.ndarray, at: tuple[int, int]) -> np.ndarray:
    """(rows, columns, frequencies) float32: low coefficients of the blocks of a grid that starts at row and column."""
    rows, columns = ((n - a) // _SIDE for n, a in zip(luma.shape, at, strict=True))
    part = luma[at[0] : at[0] + rows * _SIDE, at[1] : at[1] + columns * _SIDE]
    tiles = np.ascontiguousarray(part.reshape(rows, _SIDE, columns, _SIDE).transpose(0, 2, 1, 3), np.float32)
    return tiles.reshape(rows, columns, -1) @ _BASIS


def _basis() -> np.ndarray:
    """(64, frequencies) float32: the discrete cosine transform, columns in the order of the sum of their indices."""
    n = np.arange(_SIDE)
    one = np.sqrt(2 / _SIDE) * np.cos(np.pi * (2 * n[None] + 1) * n[:, None] / (2 * _SIDE))
    one[0] /= np.sqrt(2)
    order = sorted(np.ndindex(_SIDE, _SIDE), key=lambda f: (f[0] + f[1], f))[1 : _USED + 1]
    return np.stack([np.outer(one[u], one[v]).ravel() for u, v in order], 1).astype(np.float32)


_BASIS = _basis()
_BINS = (np.arange(2 * _FAR * _FINE + 1) - _FAR * _FINE) / _FINE
_WAVES = np.cos(2 * np.pi * _BINS[None] / _STEPS[:, None]).astype(np.float32)
_WAVES[np.abs(_BINS)[None] <= _STEPS[:, None] / 2] = 0
_TELLING = (np.abs(_BINS)[None] > _STEPS[:, None] / 2).astype(np.float32)


def _steps(flat: np.ndarray) -> tuple[np.ndarray, float]:
    """The largest step that each frequency's coefficients keep to, 1 where there is none, and how clear they are."""
    counts = _histograms(np.rint(flat * _FINE).astype(np.int32), _FAR * _FINE)
    said, seen = counts @ _WAVES.T, counts @ _TELLING.T
    clear = np.where(seen >= 24, said / np.maximum(seen, 1), 0)
    held = clear > np.maximum(_CLEAR, 0.6 * clear.max(1, keepdims=True))
    steps = np.where(held, _STEPS[None], 1).max(1)
    return steps.astype(np.float32), float((clear.max(1) * held.any(1)).mean())


def _histograms(values: np.ndarray, far: int) -> np.ndarray:
    """(frequencies, 2 * far + 1) float32 of integers (n, frequencies); those farther off are left out."""
    kept, width = np.abs(values) <= far, 2 * far + 1
    place = values + far + np.arange(values.shape[1]) * width
    counts = np.bincount(place[kept], minlength=values.shape[1] * width)
    return counts.reshape(-1, width).astype(np.float32)


def _lattice(blocks: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Mean concordance of the coefficients around each block with the steps; only those that are not about 0 tell."""
    telling = (np.abs(blocks) > steps / 2) & (steps > 1)
    said = np.where(telling, np.cos(2 * np.pi * blocks / steps), 0).sum(2)
    return _share(said, telling.sum(2).astype(np.float32))


def _double(blocks: np.ndarray, shifted: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Mean log-odds of the multiples around each block."""
    own, other = (np.clip(np.rint(b / steps), -_LEVELS, _LEVELS).astype(np.int32) for b in (blocks, shifted))
    counts = [_histograms(k.reshape(-1, _USED), _LEVELS) for k in (own, other)]
    shares = [(c + c[:, ::-1] + _PRIOR) / (c + c[:, ::-1] + _PRIOR).sum(1, keepdims=True) for c in counts]
    odds = np.clip(np.log(shares[0] / shares[1]), -_STRONG, _STRONG)
    said = np.take(odds.ravel(), own + _LEVELS + np.arange(_USED) * (2 * _LEVELS + 1))
    telling = own != 0
    return 4 * _share((said * telling).sum(2), telling.sum(2).astype(np.float32))


def _share(said: np.ndarray, weight: np.ndarray) -> np.ndarray:
    side = (_AROUND, _AROUND)
    sums = [cv2.blur(np.ascontiguousarray(p, np.float32), side, borderType=cv2.BORDER_REFLECT) for p in (said, weight)]
    return sums[0] / (sums[1] + _DOUBT)


def _grid(luma: np.ndarray) -> tuple[int, int]:
    """Which of the 64 grids has the clearest steps, by blocks from all over the image."""
    height, width = luma.shape
    count = max(1, height * width // (_SIDE**2 * _SAMPLE))
    rows, columns = np.divmod(np.arange(0, (height // 8 - 1) * (width // 8 - 1), count), width // 8 - 1)
    around = np.arange(2 * _SIDE - 1)
    tiles = luma[8 * rows[:, None, None] + around[:, None], 8 * columns[:, None, None] + around]
    said = {
        (i, j): _steps(tiles[:, i : i + 8, j : j + 8].reshape(len(tiles), -1) @ _BASIS[:, _FEW:])[1]
        for i in range(_SIDE) for j in range(_SIDE)
    }  # fmt: skip
    return max(said, key=lambda at: said[at])


def _placed(plane: np.ndarray, at: tuple[int, int], shape: tuple[int, int]) -> np.ndarray:
    """Values of a grid's blocks at the cells that they lie on most."""
    before = [int(a > _SIDE // 2) for a in at]
    padded = np.pad(plane, [(b, 2) for b in before], mode="edge")
    return np.ascontiguousarray(padded[: shape[0], : shape[1]], np.float32)
