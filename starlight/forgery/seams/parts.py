"""Parts of an image that the network holds for put in or filled in, and the facts that speak for and against each."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from starlight.forgery.scene import Scene
from starlight.forgery.scene.contour import CONTOUR_FACTS, contour_facts, snapped
from starlight.forgery.scene.marks import inked, overlap_with_frame
from starlight.forgery.seams.given import GIVEN
from starlight.forgery.seams.history import HISTORY
from starlight.forgery.seams.maps import CELL, MAPS, against

__all__ = ["SEAM_FACTS", "Part", "enlarged", "parts"]

_LEVELS = (0.08, 0.15, 0.25, 0.4, 0.55, 0.7, 0.85)  # probabilities at which the map is cut into parts
_OF_TOP = (0.25, 0.5)  # and shares of its highest one
_QUIET = 1.5  # spreads of the noise under the image's median from which a part is suspected of being filled in
_MOST, _MOST_QUIET = 6, 2  # parts by the network, and further ones that are quiet
_TRIED = 12  # largest pieces of a plane
_ENOUGH = 10  # pieces of all levels
_ALIKE = 0.6  # overlap of pieces that are one
_LARGEST = 0.4  # of the image
_LEAST = 4  # cells
_EVEN = 0.1  # spread of a map around a part under which a step there is not counted higher
_LINE = 0.5  # `contour` from which an outline is taken to be the steepest line near it
_SHOWN = (
    "noise", "noise_low", "texture", "chroma", "sharpness", "lag_x", "lag_xy", "still", "peaked", "ghost_80", "grid",
    "off_grid", "unlike_near", "unlike_far", "unlike_around", "level", "red", "blue", "steep",
    *HISTORY,
)  # fmt: skip
SEAM_FACTS = (
    "part_mean", "part_top", "part_ring", "part_area", "part_compact", "part_rectangular", "part_at_border",
    "part_fills_panel", "part_share", "part_map_top", "part_map_mean",
    *(f"part_{name}" for name in CONTOUR_FACTS), "part_moved", "part_round", "part_straight",
    "part_frame", "part_ink",
    *(f"part_{name}" for name in _SHOWN), *(f"part_{name}_step" for name in _SHOWN),
    *(f"part_{name}_odd" for name in _SHOWN),
    *(f"part_{name}" for name in GIVEN), *(f"part_{name}_step" for name in GIVEN),
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
    found: list[np.ndarray] = []
    ranked = against(values[: len(MAPS)])
    smooth = cv2.blur(probability, (3, 3))
    top = float(smooth.max())
    likely = [(smooth, level) for level in sorted({*_LEVELS, *(share * top for share in _OF_TOP)}) if level < top]
    for planes, most in ((likely, _MOST), ([(plane, _QUIET) for plane in _quiet(ranked)], _MOST_QUIET)):
        fresh = [part for part in _pieces(planes) if not any(_same(part, other) for other in found)]
        found += fresh[:most]
    return [_part(scene, values, ranked, probability, inside) for inside in found]


def _quiet(ranked: np.ndarray) -> list[np.ndarray]:
    """How far the noise of each cell lies under that of the image: a fill brings none along."""
    return [cv2.blur(-ranked[MAPS.index(name)], (3, 3)) for name in ("noise", "noise_low")]


def _pieces(planes: list[tuple[np.ndarray, float]]) -> list[np.ndarray]:
    """Connected cells over a level in each plane, those that stand out most first; each only once."""
    found: list[tuple[float, np.ndarray]] = []
    for plane, level in planes:
        _, labels, stats, _ = cv2.connectedComponentsWithStats((plane > level).astype(np.uint8), connectivity=4)
        for number in np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")[:_TRIED] + 1:
            if _LEAST <= stats[number, cv2.CC_STAT_AREA] <= _LARGEST * plane.size:
                inside = labels == number
                found.append((_contrast(plane, inside, stats[number]), inside))
    kept: list[np.ndarray] = []
    for _, inside in sorted(found, key=lambda item: -item[0]):
        if len(kept) < _ENOUGH and not any(_same(inside, other) for other in kept):
            kept.append(inside)
    return kept


def _contrast(plane: np.ndarray, inside: np.ndarray, stats: np.ndarray) -> float:
    """By how much a piece is over what lies within two cells around it, in deviations of a mean but for a factor."""
    left, top, wide, high, area = (int(n) for n in stats)
    box = slice(max(top - 2, 0), top + high + 2), slice(max(left - 2, 0), left + wide + 2)
    block, values = inside[box], plane[box]
    ring = (cv2.dilate(block.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0) & ~block
    return float(values[block].mean() - values[ring].mean()) * area**0.5 if ring.any() else 0.0


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return np.count_nonzero(a & b) > _ALIKE * np.count_nonzero(a | b)


def _part(scene: Scene, values: np.ndarray, ranked: np.ndarray, probability: np.ndarray, inside: np.ndarray) -> Part:
    block = inside.astype(np.uint8)
    ring = (cv2.dilate(block, np.ones((7, 7), np.uint8)) > 0) & (cv2.dilate(block, np.ones((3, 3), np.uint8)) == 0)
    ring = ring if ring.any() else ~inside if not inside.all() else inside
    shown = [MAPS.index(name) for name in _SHOWN]
    means = ranked[shown][:, inside].mean(1)
    steps = values[shown][:, inside].mean(1) - values[shown][:, ring].mean(1)
    odd = steps / (values[shown][:, ring].std(1) + _EVEN)
    left = values[len(MAPS) :]
    unexplained = left[:, inside].mean(1)
    x, y, w, h = cv2.boundingRect(block)
    outlines, _ = cv2.findContours(block, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    around = sum(cv2.arcLength(o, True) for o in outlines) + 4
    label = scene.panels[CELL // 2 :: CELL, CELL // 2 :: CELL][: inside.shape[0], : inside.shape[1]]
    panel = (label == np.bincount(label[inside]).argmax()).sum()
    facts = [
        probability[inside].mean(), probability[inside].max(), probability[ring].mean(), np.log10(inside.mean()),
        4 * np.pi * inside.sum() / around**2, inside.sum() / (w * h),
        x == 0 or y == 0 or x + w == inside.shape[1] or y + h == inside.shape[0], inside.sum() / panel,
        probability[inside].sum() / max(probability.sum(), 1e-9), np.quantile(probability, 0.99), probability.mean(),
    ]  # fmt: skip
    rough = enlarged(inside.astype(np.float32), scene.grey.shape) > 0.5
    mask = snapped(scene, rough)
    line = contour_facts(scene, mask)
    facts += [
        *(line[name] for name in CONTOUR_FACTS),
        (mask & rough).sum() / max((mask | rough).sum(), 1),
        *_form(mask),
        overlap_with_frame(scene.frames, rough),
        inked(scene.ink, rough),
    ]
    filled = bool(steps[_SHOWN.index("noise")] < -0.4)
    if line["contour"] < _LINE:
        mask = rough
    return Part(
        mask,
        np.array([*facts, *means, *steps, *odd, *unexplained, *(unexplained - left[:, ring].mean(1))], np.float32),
        filled,
    )


def _form(mask: np.ndarray) -> tuple[float, float]:
    """How round a region is, and which share of its hull it fills: shapes that people cut out."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return 0.0, 0.0
    largest = max(outlines, key=cv2.contourArea)
    area, hull = cv2.contourArea(largest), cv2.contourArea(cv2.convexHull(largest))
    return 4 * np.pi * area / max(cv2.arcLength(largest, True), 1) ** 2, area / max(hull, 1)


def enlarged(inside: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Cells to pixels, float32, smooth; the rows and columns that no whole cell covers go with the last one."""
    rows, columns = inside.shape
    large = cv2.resize(inside, (columns * CELL, rows * CELL), interpolation=cv2.INTER_LINEAR)
    rest = ((0, shape[0] - large.shape[0]), (0, shape[1] - large.shape[1]))
    return np.pad(large, rest, mode="edge")
