"""What tells a copy from a legitimate repeat: facts of two regions that agree.

A copy carries its noise along; a repeat (tiles, lanes, time series, labels) has noise of its own, or none. A repeat
recurs; a copy is one of two. A repeat fills a panel or a frame; a copy ends anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from starlight.forgery.copies.agreement import Region
from starlight.forgery.copies.following import follow
from starlight.forgery.copies.sides import SIDE_FACTS, side_facts
from starlight.forgery.scene import Scene, box_mean
from starlight.forgery.scene.marks import inked, overlap_with_frame

__all__ = ["COPY_FACTS", "copy_facts"]

COPY_FACTS = (
    "inliers", "log_nfa", "peak", "area", "agreement", "agreement_low", "gain", "offset", "difference", "left_over",
    "noise_agreement", "fine_agreement", "texture_agreement", "sharp", "noise_ratio", "seam_source", "seam_target",
    "mirrored", "log_scale", "angle", "off_right_angle", "exact", "shift", "off_axis", "on_grid", "rival", "rivals",
    "overlapping", "regions", "self_overlap", "flat", "extreme", "levels", "fine_size", "texture_size",
    "same_panel", "fills_panel", "panel_pitch", "rectangular", "framed", "at_border", "spread_matches",
    "quiet_agreement", "quiet_sigmas", "frame_most", "frame_least", "ink",
    *SIDE_FACTS,
)  # fmt: skip
_CORE = 9  # pixels taken off a region's edge before noise is compared
_HARDLY = 60  # pixels: fewer say nothing
_NOISELESS = 0.3  # grey levels: a residual of this size is rounding
_ALIKE = 4  # pixels of noise that say as much as one would if neighbours were independent
_PATCH = 40  # pixels at half size: the patch that is looked for elsewhere


def copy_facts(
    scene: Scene, region: Region, others: Sequence[Region], both: tuple[np.ndarray, np.ndarray],
    likely: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """Facts of a region.

    Parameters
    ----------
    scene : Scene
    region : Region
    others : sequence of Region
        All regions found in the image, this one among them.
    both : (h, w) bool, twice
        Its source and target, cut where they end.
    likely : (h, w) float32, optional
        How likely each pixel was put in, by the network.

    Returns
    -------
    (len(COPY_FACTS),) float32
    """
    facts = (
        _support(region) | _likeness(scene, region) | _geometry(scene, region)
        | _recurrence(scene, region, others) | _content(scene, region) | _layout(scene, region)
        | _marks(scene, region) | side_facts(scene, both, likely)
    )  # fmt: skip
    return np.array([facts[name] for name in COPY_FACTS], np.float32)


def _support(region: Region) -> dict[str, float]:
    points = region.hypothesis.source
    area = region.source.sum() / region.source.size
    spread = 0.0
    if len(points) > 2:
        spread = float(np.prod(np.ptp(points, axis=0) + 1) / (region.source.sum() + 1))
    return {
        "inliers": np.log1p(len(points)), "log_nfa": np.clip(region.hypothesis.log_nfa, -150, 10) / 10,
        "peak": min(region.hypothesis.strength, 40), "area": np.log10(area + 1e-6), "spread_matches": min(spread, 5),
    }  # fmt: skip


def _likeness(scene: Scene, region: Region) -> dict[str, float]:
    """How alike the two are: the grey levels, then each octave of what is left without them."""
    inside = region.source[region.window]
    core = cv2.erode(inside.astype(np.uint8), np.ones((_CORE, _CORE), np.uint8)) > 0
    core = core if core.sum() >= 60 else inside
    live = core & ~scene.flat[region.window]
    live = live if live.sum() >= 60 else core
    ours, theirs = scene.grey[region.window][live], region.warped[live]
    slope, offset = _line(theirs, ours)
    agreement = region.agreement[live]
    facts = {
        "agreement": np.median(agreement), "agreement_low": np.quantile(agreement, 0.1),
        "gain": abs(np.log(np.clip(slope, 0.2, 5))), "offset": min(abs(offset), 50),
    }  # fmt: skip
    bands = [band[region.window] for band in scene.bands]
    moved = [follow(band, region.matrix, region.window) for band in scene.bands]
    for name, a, b in zip(("noise", "fine", "texture"), bands, moved, strict=True):
        facts[f"{name}_agreement"] = _pearson(a[live], b[live])
    beside = [np.roll(moved[0], s, axis=(0, 1)) for s in ((0, 2), (2, 0))]
    facts["sharp"] = facts["noise_agreement"] - max(_pearson(bands[0][live], b[live]) for b in beside)
    noise = max(float(bands[0][live].std()), 0.05)
    facts["left_over"] = min(float((bands[0] - moved[0])[live].std()) / noise, 3)
    facts["difference"] = min(float((ours - theirs).std()) / (scene.noise + 0.5), 30)
    facts["noise_ratio"] = np.log((moved[0][live].std() + 0.1) / (noise + 0.1))
    facts |= _quiet(scene, region, live, moved[0])
    facts["seam_source"], facts["seam_target"] = (_seam(scene, m) for m in (region.source, region.target))
    return facts


def _quiet(scene: Scene, region: Region, live: np.ndarray, theirs: np.ndarray) -> dict[str, float]:
    """Agreement of the noise where there is little else, and how far that is from chance, in standard deviations.

    Where edges are, the residual of a repeat agrees too. Nothing is told where there is no noise, as in drawings.
    """
    texture = box_mean(scene.bands[1][region.window] ** 2, 7)
    quiet = live & (texture <= np.median(texture[live]))
    a, b = scene.bands[0][region.window][quiet], theirs[quiet]
    if len(a) < _HARDLY or min(a.std(), b.std()) < _NOISELESS:
        return {"quiet_agreement": 0.0, "quiet_sigmas": 0.0}
    agreement = _pearson(a, b)
    return {"quiet_agreement": agreement, "quiet_sigmas": np.log1p(max(agreement, 0) * np.sqrt(len(a) / _ALIKE))}


def _seam(scene: Scene, mask: np.ndarray) -> float:
    """Residual along a region's outline over that beside it: more where something was pasted hard."""
    x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
    part = np.s_[max(y - 8, 0) : y + h + 8, max(x - 8, 0) : x + w + 8]
    block = mask[part].astype(np.uint8)
    outline = cv2.morphologyEx(block, cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8)) > 0
    wide = np.ones((13, 13), np.uint8)
    beside = (cv2.dilate(block, wide) > 0) & (cv2.erode(block, wide) == 0) & ~outline
    if not outline.any() or not beside.any():
        return 0.0
    power = scene.residual[part] ** 2
    return float(0.5 * np.log((power[outline].mean() + 0.1) / (power[beside].mean() + 0.1)))


def _geometry(scene: Scene, region: Region) -> dict[str, float]:
    linear = region.matrix[:, :2]
    mirrored = np.linalg.det(linear) < 0
    scale = np.sqrt(abs(np.linalg.det(linear)))
    angle = np.degrees(np.arctan2(linear[1, 0], linear[0, 0]))
    angle = (angle + 180) % 180 if mirrored else abs(angle)
    y, x = np.nonzero(region.source)
    centre = np.array([x.mean(), y.mean()])
    shift = linear @ centre + region.matrix[:, 2] - centre
    length = max(float(np.hypot(*shift)), 1e-6)
    exact = bool(np.abs(region.matrix - np.rint(region.matrix)).max() < 1e-6)
    return {
        "mirrored": mirrored, "log_scale": np.log(scale), "angle": angle / 90, "exact": exact,
        "off_right_angle": abs((angle + 45) % 90 - 45) / 45, "shift": length / np.hypot(*scene.grey.shape),
        "off_axis": np.abs(shift).min() / length,
        "on_grid": exact and not (np.rint(shift).astype(int) % 8).any(),
    }  # fmt: skip


def _recurrence(scene: Scene, region: Region, others: Sequence[Region]) -> dict[str, float]:
    """Whether the same content turns up elsewhere too, in neither of the two regions."""
    union = region.source | region.target
    shared = sum(np.count_nonzero((o.source | o.target) & union) > 0.3 * union.sum() for o in others) - 1
    rival, rivals = _rivals(scene, region)
    overlap = np.count_nonzero(region.source & region.target) / max(np.count_nonzero(region.source), 1)
    return {
        "overlapping": max(shared, 0), "regions": len(others), "self_overlap": overlap, "rival": rival, "rivals": rivals
    }  # fmt: skip


def _rivals(scene: Scene, region: Region) -> tuple[float, int]:
    """Best correlation of the source's liveliest patch with any third place, and how many places come near it."""
    small = scene.halved
    half = cv2.resize(region.source.astype(np.uint8), small.shape[::-1], interpolation=cv2.INTER_NEAREST)
    y, x = np.nonzero(half)
    if not len(y):
        return 0.0, 0
    side = int(np.clip(np.sqrt(half.sum()) * 0.7, 8, _PATCH))
    energy = cv2.blur(np.abs(cv2.Laplacian(small, cv2.CV_32F)) * half, (side, side))
    y, x = np.unravel_index(np.argmax(energy), energy.shape)
    top = int(np.clip(y - side // 2, 0, small.shape[0] - side))
    left = int(np.clip(x - side // 2, 0, small.shape[1] - side))
    found = cv2.matchTemplate(small, small[top : top + side, left : left + side], cv2.TM_CCOEFF_NORMED)
    away = max(side // 3, 4)
    cv2.circle(found, (left, top), away, 0, -1)
    there = (region.matrix[:, :2] @ (2.0 * np.array([x, y])) + region.matrix[:, 2]) / 2 - side / 2
    cv2.circle(found, (int(there[0]), int(there[1])), away, 0, -1)
    best = float(found.max())
    peaks = (found > 0.7) & (found == cv2.dilate(found, np.ones((9, 9), np.uint8)))
    return best, min(int(peaks.sum()), 30)


def _content(scene: Scene, region: Region) -> dict[str, float]:
    grey = scene.bytes8[region.source]
    used = np.bincount(grey, minlength=256)
    return {
        "flat": scene.flat[region.source].mean(), "extreme": (used[:5].sum() + used[251:].sum()) / len(grey),
        "levels": np.log2(np.count_nonzero(used > len(grey) / 2000)),
        "fine_size": np.log(scene.residual[region.source].std() + 0.05),
        "texture_size": np.log(scene.bands[2][region.source].std() + 0.05),
    }  # fmt: skip


def _layout(scene: Scene, region: Region) -> dict[str, float]:
    """Whether the two are panels, frames, or parts of the page."""
    boxes = [cv2.boundingRect(m.astype(np.uint8)) for m in (region.source, region.target)]
    labels = [_main(scene.panels[m]) for m in (region.source, region.target)]
    panels = [(scene.panels == label).view(np.uint8) for label in labels]
    places = [cv2.boundingRect(p)[1::-1] if label else (0, 0) for p, label in zip(panels, labels, strict=True)]
    centres = [np.array([x + w / 2, y + h / 2]) for x, y, w, h in boxes]
    moved = (centres[1] - centres[0])[::-1] - np.subtract(places[1], places[0])
    rows, columns = scene.grey.shape
    filled = [m.sum() / (w * h) for m, (_, _, w, h) in zip((region.source, region.target), boxes, strict=True)]
    border = sum(x <= 2 or y <= 2 or x + w >= columns - 2 or y + h >= rows - 2 for x, y, w, h in boxes)
    return {
        "same_panel": labels[0] == labels[1], "fills_panel": region.source.sum() / max(panels[0].sum(), 1),
        "panel_pitch": labels[0] != labels[1] and np.abs(moved).max() < 12,
        "rectangular": max(filled),
        "framed": max(_framed(scene.grey, box) for box in boxes), "at_border": border,
    }  # fmt: skip


def _marks(scene: Scene, region: Region) -> dict[str, float]:
    """Whether somebody drew a frame around one of the two, as around an inset, and how much of both is ink."""
    frames = [overlap_with_frame(scene.frames, m) for m in (region.source, region.target)]
    return {
        "frame_most": max(frames), "frame_least": min(frames), "ink": inked(scene.ink, region.source | region.target)
    }  # fmt: skip


def _framed(grey: np.ndarray, box: tuple[int, int, int, int]) -> float:
    """Share of the four sides of a box along which a straight line of one grey level runs."""
    x, y, w, h = box
    sides = 0
    for plane, (a, b), (start, end) in ((grey, (y, y + h), (x, x + w)), (grey.T, (x, x + w), (y, y + h))):
        for edge in (a, b):
            band = plane[max(edge - 7, 0) : edge + 7, start:end]
            sides += bool(band.size and (band.std(axis=1) < 4).any() and band.std() > 6)
    return sides / 4


def _main(labels: np.ndarray) -> int:
    return int(np.bincount(labels).argmax()) if len(labels) else 0


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    variance = float(x.var())
    slope = float(((x - x.mean()) * (y - y.mean())).mean() / variance) if variance > 1e-6 else 1.0
    return slope, float(y.mean() - x.mean())


def _pearson(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    power = float((a * a).mean() * (b * b).mean())
    return float((a * b).mean() / np.sqrt(power)) if power > 1e-4 else 0.0
