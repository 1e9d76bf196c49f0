"""Parts of an image that the network holds for put in or filled in, and the facts that speak for and against each."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from starlight.forgery.scene import Scene
from starlight.forgery.seams.maps import CELL, MAPS

__all__ = ["SEAM_FACTS", "Part", "parts"]

_LEVELS = (0.3, 0.55)  # probabilities at which the map is cut into parts
_MOST = 3
_LEAST = 4  # cells
_SHOWN = (
    "noise", "noise_low", "texture", "chroma", "sharpness", "lag_x", "lag_xy", "still", "peaked", "ghost_80", "grid",
    "off_grid", "level",
)  # fmt: skip
SEAM_FACTS = (
    "part_mean", "part_top", "part_ring", "part_area", "part_compact", "part_rectangular", "part_at_border",
    "part_fills_panel", "part_share", "part_map_top", "part_map_mean",
    *(f"part_{name}" for name in _SHOWN), *(f"part_{name}_step" for name in _SHOWN),
)  # fmt: skip


class Part(NamedTuple):
    """A part of an image unlike the rest.

    Attributes
    ----------
    mask : (h, w) bool
        At working size.
    facts : (len(SEAM_FACTS),) float32
    filled : bool
        Less noise than around it: erased, rather than put in.
    """

    mask: np.ndarray
    facts: np.ndarray
    filled: bool


def parts(scene: Scene, values: np.ndarray, probability: np.ndarray) -> list[Part]:
    """The likeliest parts, likeliest first.

    Parameters
    ----------
    scene : Scene
    values : (c, rows, columns) float32
        Maps of local statistics.
    probability : (rows, columns) float32
        What the network makes of them.
    """
    found: list[tuple[float, np.ndarray]] = []
    for level in _LEVELS:
        count, labels, stats, _ = cv2.connectedComponentsWithStats((probability > level).astype(np.uint8))
        for number in range(1, count):
            inside = labels == number
            if stats[number, cv2.CC_STAT_AREA] >= _LEAST and not any(_same(inside, other) for _, other in found):
                found.append((float(probability[inside].sum()), inside))
    found.sort(key=lambda item: -item[0])
    return [_part(scene, values, probability, inside) for _, inside in found[:_MOST]]


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return (a & b).sum() > 0.7 * (a | b).sum()


def _part(scene: Scene, values: np.ndarray, probability: np.ndarray, inside: np.ndarray) -> Part:
    block = inside.astype(np.uint8)
    ring = (cv2.dilate(block, np.ones((7, 7), np.uint8)) > 0) & (cv2.dilate(block, np.ones((3, 3), np.uint8)) == 0)
    ring = ring if ring.any() else ~inside if not inside.all() else inside
    against = values[len(MAPS) :]
    shown = [MAPS.index(name) for name in _SHOWN]
    means = against[shown][:, inside].mean(1)
    steps = values[shown][:, inside].mean(1) - values[shown][:, ring].mean(1)
    x, y, w, h = cv2.boundingRect(block)
    outlines, _ = cv2.findContours(block, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    around = sum(cv2.arcLength(o, True) for o in outlines) + 4
    label = scene.panels[CELL // 2 :: CELL, CELL // 2 :: CELL][: inside.shape[0], : inside.shape[1]]
    panel = (label == np.bincount(label[inside]).argmax()).sum()
    facts = [
        probability[inside].mean(), probability[inside].max(), probability[ring].mean(), np.log10(inside.mean()),
        4 * np.pi * inside.sum() / around**2, inside.sum() / (w * h),
        x == 0 or y == 0 or x + w == inside.shape[1] or y + h == inside.shape[0], inside.sum() / panel,
        probability[inside].sum() / probability.sum(), np.quantile(probability, 0.99), probability.mean(),
    ]  # fmt: skip
    mask = _enlarged(probability * cv2.dilate(block, np.ones((3, 3), np.uint8)), scene.grey.shape, _LEVELS[0])
    filled = bool(steps[_SHOWN.index("noise")] < -0.4)
    return Part(mask, np.array([*facts, *means, *steps], np.float32), filled)


def _enlarged(probability: np.ndarray, shape: tuple[int, int], level: float) -> np.ndarray:
    """Cells to pixels, with smooth outlines; the rows and columns that no whole cell covers go with the last one."""
    rows, columns = probability.shape
    large = cv2.resize(probability, (columns * CELL, rows * CELL), interpolation=cv2.INTER_LINEAR)
    rest = ((0, shape[0] - large.shape[0]), (0, shape[1] - large.shape[1]))
    return np.pad(large, rest, mode="edge") > level
