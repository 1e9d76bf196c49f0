"""Suspicions: what in an image may be forged, with the facts that a verifier judges each by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from starlight.forgery.copies.agreement import Region, grow, promise
from starlight.forgery.copies.correlation import correlated
from starlight.forgery.copies.facts import COPY_FACTS, copy_facts
from starlight.forgery.copies.keypoints import match
from starlight.forgery.copies.sides import trimmed
from starlight.forgery.copies.transforms import Hypothesis, clusters
from starlight.forgery.facts import FACTS, image_facts
from starlight.forgery.scene import Scene, prepare
from starlight.forgery.seams.maps import maps
from starlight.forgery.seams.network import probabilities
from starlight.forgery.seams.parts import SEAM_FACTS, enlarged, parts
from starlight.images.image import Image

__all__ = ["COPY", "ERASING", "FACTS", "FEATURES", "SPLICE", "Candidate", "Suspicions", "examine"]

COPY, SPLICE, ERASING = "copy-move", "splice", "erasing"
FEATURES = ("is_copy", *COPY_FACTS, *SEAM_FACTS)
_LEAST_SIDE = 64  # pixels: nothing is looked for in a smaller image
_LEAST_PROMISE = 0.3  # correlation around its own matches below which a hypothesis is dropped
_SMOOTHED_PIXELS = 250_000  # size that keypoints are looked for at again, under noise and compression
_MOST_KEYPOINT, _MOST_CORRELATION = 8, 4  # hypotheses that are followed up
_SAME = 0.5  # overlap of two regions that are one
_BESIDE = 2  # pixels between where two maps lead that are one


@dataclass(frozen=True, eq=False)
class Candidate:
    """A part of an image that may be forged.

    Attributes
    ----------
    kind : {"copy-move", "splice", "erasing"}
    mask : (h, w) bool
        At the image's size; of a copy-move both regions.
    features : (len(FEATURES),) float32
        0 for what does not apply to this kind.
    source, target : (h, w) bool or None
        The two regions of a copy-move.
    matrix : (2, 3) float64 or None
        From source to target, x and y in pixels of the image.
    """

    kind: str
    mask: np.ndarray
    features: np.ndarray
    source: np.ndarray | None = None
    target: np.ndarray | None = None
    matrix: np.ndarray | None = None

    def side(self, which: int) -> np.ndarray:
        """What is marked of it, bool (h, w): of a copy its target (1), its source (-1), or both (0)."""
        side = {1: self.target, -1: self.source}.get(which)
        return self.mask if side is None else side


@dataclass(frozen=True, eq=False)
class Suspicions:
    """Candidates of an image and the facts of the whole image, which they are judged against.

    Attributes
    ----------
    candidates : list of Candidate
    facts : (len(FACTS),) float32
    """

    candidates: list[Candidate]
    facts: np.ndarray

    @property
    def table(self) -> np.ndarray:
        """(n, len(FEATURES) + len(FACTS)) float32: what a verifier is given."""
        rows = [np.concatenate([c.features, self.facts]) for c in self.candidates]
        return np.stack(rows) if rows else np.zeros((0, len(FEATURES) + len(FACTS)), np.float32)


def examine(
    image: Image, network: Mapping[str, np.ndarray] | None = None, values: np.ndarray | None = None
) -> Suspicions:
    """Look for copies, splices and erasures.

    Parameters
    ----------
    image : Image
    network : mapping of str to array, optional
        Weights of the network over local statistics; without them only copies are looked for.
    values : (c, rows, columns) float32, optional
        `starlight.forgery.seams.maps.maps` of the image, where they are known.
    """
    scene = prepare(image)
    if min(scene.grey.shape) < _LEAST_SIDE:
        return Suspicions([], image_facts(image, scene, 0, 0, 0))
    plain, mirrored = match(scene.salient)
    matches = (plain, mirrored, *match(scene.smoothed, _SMOOTHED_PIXELS))
    hypotheses = [hypothesis for found in matches for hypothesis in clusters(found, scene.grey.shape)]
    if network is None:
        found = _copies(scene, hypotheses, None)
    else:
        values = maps(scene) if values is None else values
        likely = probabilities(network, values)
        found = _copies(scene, hypotheses, enlarged(likely, scene.grey.shape)) + _seams(scene, values, likely)
    facts = image_facts(image, scene, plain.keypoints, len(plain.source), len(mirrored.source))
    return Suspicions(found, facts)


def _copies(scene: Scene, hypotheses: list[Hypothesis], likely: np.ndarray | None) -> list[Candidate]:
    promises = [promise(scene, h) for h in hypotheses]
    order = np.argsort([-p * np.log1p(len(h.source)) for p, h in zip(promises, hypotheses, strict=True)], kind="stable")
    by_keypoints = [hypotheses[i] for i in order if promises[i] > _LEAST_PROMISE][:_MOST_KEYPOINT]
    regions: list[Region] = []
    for hypothesis in [*by_keypoints, *correlated(scene)[:_MOST_CORRELATION]]:
        region = None if _known(hypothesis, regions) else grow(scene, hypothesis)
        if region is not None and not any(_twins(region, other) for other in regions):
            regions.append(region)
    none = np.zeros(len(SEAM_FACTS), np.float32)
    found = []
    for region in regions:
        both = trimmed(scene, region)
        facts = copy_facts(scene, region, regions, both, likely)
        found.append(_copy(scene, region, both, np.concatenate([[1], facts, none]).astype(np.float32)))
    return found


def _copy(scene: Scene, region: Region, both: tuple[np.ndarray, np.ndarray], features: np.ndarray) -> Candidate:
    source, target = (_full(scene, mask) for mask in both)
    matrix = region.matrix.copy()
    matrix[:, 2] /= scene.scale
    return Candidate(COPY, source | target, features, source, target, matrix)


def _known(hypothesis: Hypothesis, regions: list[Region]) -> bool:
    """Whether a hypothesis only confirms a region that was found, the same way round or the other."""
    for region in regions:
        ways = ((region.source, region.matrix), (region.target, cv2.invertAffineTransform(region.matrix)))
        for mask, matrix in ways:
            if len(hypothesis.source):
                places = hypothesis.source
                x, y = np.rint(places).astype(int).T
                if mask[y.clip(0, mask.shape[0] - 1), x.clip(0, mask.shape[1] - 1)].mean() < _SAME:
                    continue
            else:
                inside = np.flatnonzero(mask)
                inside = inside[:: max(len(inside) // 50, 1)]
                places = np.stack([inside % mask.shape[1], inside // mask.shape[1]], 1)
            both = [places @ m[:, :2].T + m[:, 2] for m in (matrix, hypothesis.matrix)]
            if np.median(np.hypot(*(both[0] - both[1]).T)) < _BESIDE:
                return True
    return False


def _twins(one: Region, other: Region) -> bool:
    """Whether two regions are the same pair, the same way round or the other."""
    count = np.count_nonzero
    a, b = one.source | one.target, other.source | other.target
    least = _SAME * min(count(a), count(b))
    if count(a & b) < least:
        return False
    straight = count(one.source & other.source) + count(one.target & other.target)
    crossed = count(one.source & other.target) + count(one.target & other.source)
    return bool(max(straight, crossed) > least)


def _seams(scene: Scene, values: np.ndarray, likely: np.ndarray) -> list[Candidate]:
    none = np.zeros(len(COPY_FACTS), np.float32)
    return [
        Candidate(
            ERASING if part.filled else SPLICE, _full(scene, part.mask),
            np.concatenate([[0], none, part.facts]).astype(np.float32),
        )
        for part in parts(scene, values, likely)
    ]  # fmt: skip


def _full(scene: Scene, mask: np.ndarray) -> np.ndarray:
    if mask.shape == scene.size:
        return mask
    height, width = scene.size
    return cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) > 0.5
