"""The two regions of a copy against one another: which of them was pasted.

Only the pasted one has an outline that brightness jumps along, noise and compression unlike what is around it, and
noise that was smoothed when it was turned or scaled.
"""

from __future__ import annotations

import cv2
import numpy as np

from starlight.forgery.copies.agreement import Region
from starlight.forgery.copies.following import follow
from starlight.forgery.scene import Scene
from starlight.forgery.scene.contour import contour_facts, cut_out

__all__ = ["SIDE_FACTS", "STEPS", "side_facts", "trimmed"]

SIDE_FACTS = (
    "contour_most", "contour_least", "network_most", "network_least", "contour_step", "jump_step",
    "network_step", "lag_step", "noise_step", "unlike_step",
)  # fmt: skip
STEPS = ("contour_step", "jump_step", "network_step", "lag_step", "noise_step", "unlike_step", "log_scale")
_EDGE, _CORE = 15, 11  # pixels on a side: a region's end lies between it shrunk and it enlarged by half of these
_LIKELY = 0.9  # of the differences inside, those that an edge is told by
_HARDLY = 60  # pixels: fewer say nothing
_LEVEL = 1.0  # variance of grey levels under which nothing but a shift of them is told


def trimmed(scene: Scene, region: Region) -> tuple[np.ndarray, np.ndarray]:
    """The regions cut where grey levels begin to differ, which is nearer to their end than where windows do.

    Parameters
    ----------
    scene : Scene
    region : Region

    Returns
    -------
    source, target : (h, w) bool
        As they were, where little would be left.
    """
    part = cut_out(region.source, _EDGE)
    part = tuple(slice(max(p.start, w.start), min(p.stop, w.stop)) for p, w in zip(part, region.window, strict=True))
    inside = region.source[part].astype(np.uint8)
    core = cv2.erode(inside, np.ones((_CORE, _CORE), np.uint8)) > 0
    core = core if core.sum() >= _HARDLY else inside > 0
    ours, theirs = scene.grey[part], follow(scene.grey, region.matrix, part)
    a, b = theirs[core] - theirs[core].mean(), ours[core] - ours[core].mean()
    slope = float((a * b).mean() / (a * a).mean()) if (a * a).mean() > _LEVEL else 1.0
    off = cv2.blur(np.abs(ours - ours[core].mean() - slope * (theirs - theirs[core].mean())), (3, 3))
    likely = (off < np.quantile(off[core], _LIKELY) + 0.5).astype(np.uint8)
    likely &= cv2.dilate(inside, np.ones((_EDGE, _EDGE), np.uint8))
    likely = cv2.morphologyEx(likely, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)) | core.astype(np.uint8)
    likely = cv2.medianBlur(likely, 7) | core.astype(np.uint8)
    _, labels = cv2.connectedComponents(likely)
    kept = np.isin(labels, np.unique(labels[core])) & (labels > 0)
    outlines, _ = cv2.findContours(kept.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cut = cv2.drawContours(np.zeros_like(inside), outlines, -1, 1, cv2.FILLED)
    if cut.sum() < 0.5 * inside.sum():
        return region.source, region.target
    source = np.zeros_like(region.source)
    source[part] = cut > 0
    corner = np.array([part[1].start, part[0].start], float)
    matrix = np.c_[region.matrix[:, :2], region.matrix[:, :2] @ corner + region.matrix[:, 2]]
    target = cv2.warpAffine(cut, matrix, source.shape[::-1], flags=cv2.INTER_NEAREST) > 0
    return (source, target) if target.any() else (region.source, region.target)


def side_facts(scene: Scene, both: tuple[np.ndarray, np.ndarray], likely: np.ndarray | None) -> dict[str, float]:
    """Facts of both regions, and of the target less the source.

    Parameters
    ----------
    scene : Scene
    both : (h, w) bool, twice
        Source and target, as `trimmed` cut them.
    likely : (h, w) float32 or None
        How likely each pixel was put in, by the network; None without one.
    """
    lines = [contour_facts(scene, mask) for mask in both]
    contour = [line["contour"] for line in lines]
    network = [0.0 if likely is None or not m.any() else float(likely[m].mean()) for m in both]
    lags, sizes = zip(*(_noise(scene, mask) for mask in both), strict=True)
    beside = [_beside(scene, mask) for mask in both]
    return {
        "contour_most": max(contour), "contour_least": min(contour), "network_most": max(network),
        "network_least": min(network), "contour_step": contour[1] - contour[0],
        "jump_step": lines[1]["contour_slope"] - lines[0]["contour_slope"],
        "network_step": network[1] - network[0], "lag_step": lags[1] - lags[0], "noise_step": sizes[1] - sizes[0],
        "unlike_step": beside[1] - beside[0],
    }  # fmt: skip


def _noise(scene: Scene, mask: np.ndarray) -> tuple[float, float]:
    """Correlation of the residual with its neighbours in a region, and its size (a logarithm)."""
    place = cut_out(mask, 2)
    part, block = scene.residual[place], mask[place]
    core = cv2.erode(block.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    core = core if core.sum() >= _HARDLY else block
    values = part[core]
    power = float((values**2).mean()) + 0.01
    beside = [np.roll(part, 1, axis)[core] for axis in (0, 1)]
    lag = float(np.mean([(values * other).mean() for other in beside])) / power
    return lag, float(0.5 * np.log(power))


def _beside(scene: Scene, mask: np.ndarray) -> float:
    """How much the noise of a region differs in size from that of a ring around it, as a logarithm."""
    place = cut_out(mask, 14)
    part, block = scene.residual[place], mask[place].astype(np.uint8)
    ring = (cv2.dilate(block, np.ones((25, 25), np.uint8)) > 0) & (cv2.dilate(block, np.ones((7, 7), np.uint8)) == 0)
    if ring.sum() < _HARDLY:
        return 0.0
    inner, outer = (float(np.median(np.abs(part[m]))) for m in (block > 0, ring))
    return abs(float(np.log((inner + 0.2) / (outer + 0.2))))
