"""Facts of a whole image, that suspicions are judged against."""

from __future__ import annotations

import cv2
import numpy as np

from starlight.forgery.scene import Scene
from starlight.images.image import Image

__all__ = ["FACTS", "image_facts"]

FACTS = (
    "image_pixels", "image_scale", "image_noise", "image_flat", "image_extreme", "image_levels", "image_edges",
    "image_panels", "image_colour", "image_quality", "image_keypoints", "image_matches", "image_mirrored_matches",
    "image_frames", "image_ink",
)  # fmt: skip


def image_facts(image: Image, scene: Scene, keypoints: int, matches: int, mirrored: int) -> np.ndarray:
    """Facts of an image.

    Parameters
    ----------
    image : Image
    scene : Scene
    keypoints, matches, mirrored : int
        How many keypoints there are, and how many pairs of them look alike, plainly and mirrored.

    Returns
    -------
    (len(FACTS),) float32
    """
    used = np.bincount(scene.bytes8.ravel(), minlength=256)
    pixels = scene.grey.size
    step = cv2.Laplacian(scene.grey[::2, ::2], cv2.CV_32F)
    return np.array([
        np.log10(pixels), scene.scale, np.log(scene.noise + 0.05), scene.flat.mean(),
        (used[:5].sum() + used[251:].sum()) / pixels, np.log2(np.count_nonzero(used > pixels / 5000) + 1),
        (np.abs(step) > 60).mean(), np.log1p(scene.panels.max()), np.log1p(np.abs(scene.chroma).mean()),
        _quality(image), keypoints / np.sqrt(pixels), matches / (keypoints + 50), mirrored / (keypoints + 50),
        np.log1p(scene.frames.max()), scene.ink.mean(),
    ], np.float32)  # fmt: skip


def _quality(image: Image) -> float:
    """Fineness of a JPEG's quantisation of brightness, 1 for the finest; more than that for what is no JPEG."""
    for name, offset, length in image.container.segments:
        if name == "DQT" and image.container.format == "jpeg":
            table = np.frombuffer(image.data[offset + 5 : offset + min(length, 69)], np.uint8)
            return float(1 - min(table.mean() / 100, 1)) if table.size else 1.0
    return 1.1
