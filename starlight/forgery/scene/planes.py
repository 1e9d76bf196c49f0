"""An image as the search for tampering sees it: grey levels at working size, their residual, noise, panels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from starlight.forgery.scene.marks import frame_labels, ink
from starlight.forgery.scene.panels import panel_labels
from starlight.images.image import Image

__all__ = ["MAX_PIXELS", "Scene", "box_mean", "prepare"]

MAX_PIXELS = 1_200_000  # a larger image is searched at a smaller size
_FLAT_STD = 0.6  # grey levels: below, a 5 x 5 neighbourhood holds nothing to compare
_COLOURS = ((1 / 3, 1 / 3, 1 / 3), (1, -1, 0), (-0.5, -0.5, 1))  # of red, green, blue: grey, chroma, blue


@dataclass(frozen=True)
class Scene:
    """Planes of one image at working size.

    Attributes
    ----------
    grey : (h, w) float32
        Mean of the colour channels, in grey levels.
    chroma : (h, w) float32
        Red less green, 0 in a grey image.
    blue : (h, w) float32
        Blue less the mean of red and green, 0 in a grey image.
    size : (int, int)
        Height and width of the image itself.
    scale : float
        Working size / the image's size, at most 1.
    """

    grey: np.ndarray
    chroma: np.ndarray
    blue: np.ndarray
    size: tuple[int, int]
    scale: float

    @cached_property
    def bytes8(self) -> np.ndarray:
        """(h, w) uint8: `grey` rounded."""
        return np.rint(self.grey).astype(np.uint8)

    @cached_property
    def salient(self) -> np.ndarray:
        """(h, w) float32, 0 to 255: the mixture of red, green and blue that differs most over the image.

        Of a picture in one dye the mean of the colours holds a third of its contrast.
        """
        if not (self.chroma.any() or self.blue.any()):
            return self.grey
        low = self.grey - self.blue / 3
        colours = np.stack([low + self.chroma / 2, low - self.chroma / 2, self.grey + 2 * self.blue / 3], 2)
        sample = colours[::4, ::4].reshape(-1, 3)
        _, axes = np.linalg.eigh(np.cov(sample, rowvar=False))
        axis = axes[:, -1] * (np.sign(axes[:, -1].sum()) or 1.0)
        mixed = cv2.transform(colours, axis[None].astype(np.float32))
        low, high = float(mixed.min()), float(mixed.max())
        return (mixed - low) * min(1.0, 255 / max(high - low, 1e-6))

    @cached_property
    def slope(self) -> np.ndarray:
        """(h, w) float32: how steep brightness and colour are, in grey levels a pixel."""
        planes = (self.grey, self.chroma, self.blue) if self.chroma.any() or self.blue.any() else (self.grey,)
        power = np.zeros_like(self.grey)
        for plane in planes:
            for order in ((1, 0), (0, 1)):
                power += cv2.Sobel(plane, cv2.CV_32F, *order, ksize=3, scale=0.125, borderType=cv2.BORDER_REFLECT) ** 2
        return np.sqrt(power)

    @cached_property
    def residual(self) -> np.ndarray:
        """(h, w) float32: what a 3 x 3 binomial filter takes away, noise above all."""
        return self.grey - cv2.GaussianBlur(self.grey, (3, 3), 0.8, borderType=cv2.BORDER_REFLECT)

    @cached_property
    def bands(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Residuals of three octaves, finest first: noise, fine texture, texture."""
        blurred = [self.grey] + [cv2.GaussianBlur(self.grey, (0, 0), s, borderType=cv2.BORDER_REFLECT) for s in (2, 4)]
        return self.residual, blurred[0] - blurred[1] - self.residual, blurred[1] - blurred[2]

    @cached_property
    def detail(self) -> np.ndarray:
        """(h, w) float32: noise and fine texture together."""
        return self.bands[0] + self.bands[1]

    @cached_property
    def coarse(self) -> np.ndarray:
        """(h, w) float32: fine texture and texture, without noise."""
        return self.bands[1] + 0.5 * self.bands[2]

    @cached_property
    def smoothed(self) -> np.ndarray:
        """(h, w) float32: grey levels without the finest noise, which differs where it was added after a copy."""
        return cv2.GaussianBlur(self.grey, (0, 0), 1.0, borderType=cv2.BORDER_REFLECT)

    @cached_property
    def halved(self) -> np.ndarray:
        """Grey levels at half the working size, for searches that need no detail."""
        return cv2.resize(self.grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)

    @cached_property
    def spread(self) -> np.ndarray:
        """(h, w) float32: standard deviation in 5 x 5 neighbourhoods, grey levels."""
        return np.sqrt(np.maximum(box_mean(self.grey**2, 5) - box_mean(self.grey, 5) ** 2, 0))

    @cached_property
    def flat(self) -> np.ndarray:
        """(h, w) bool: nothing there but one grey level."""
        return self.spread < _FLAT_STD

    @cached_property
    def whitened(self) -> np.ndarray:
        """(h, w) float32: the residual over its local size, 0 where nothing is, so that no edge outweighs noise."""
        size = np.sqrt(np.maximum(box_mean(self.residual**2, 9), 0))
        white = self.residual / np.maximum(size, 0.3)
        white[self.flat] = 0
        return np.clip(white, -3, 3, out=white)

    @cached_property
    def noise(self) -> float:
        """Noise level of the image, in grey levels: a low quantile of the residual's local size, 0 in drawings."""
        blocks = np.sqrt(np.maximum(box_mean(self.residual**2, 8)[4::8, 4::8], 0))
        live = blocks[~self.flat[4::8, 4::8]]
        return float(np.quantile(live, 0.1)) if live.size > 8 else 0.0

    @cached_property
    def panels(self) -> np.ndarray:
        """(h, w) int32: 1, 2, … in the panels of a figure, 0 in the gutters between them."""
        return panel_labels(self.bytes8)

    @cached_property
    def frames(self) -> np.ndarray:
        """(h, w) int32: 1, 2, … inside frames drawn onto the image, 0 elsewhere."""
        return frame_labels(self.bytes8)

    @cached_property
    def ink(self) -> np.ndarray:
        """(h, w) bool: thin strokes that stand out: letters, arrows, rules."""
        return ink(self.bytes8)


def prepare(image: Image) -> Scene:
    """Grey levels at working size; nothing else is computed before it is asked for."""
    pixels = image.pixels
    height, width = pixels.shape[:2]
    scale = min(1.0, (MAX_PIXELS / (height * width)) ** 0.5)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).reshape(*size[::-1], -1)
    pixels = pixels.astype(np.float32)
    if pixels.shape[2] == 1:
        none = np.zeros_like(pixels[:, :, 0])
        return Scene(pixels[:, :, 0], none, none, (height, width), scale)
    grey, chroma, blue = (cv2.transform(pixels, np.array([row], np.float32)) for row in _COLOURS)
    return Scene(grey, chroma, blue, (height, width), scale)


def box_mean(plane: np.ndarray, side: int) -> np.ndarray:
    """Mean over a square around each pixel."""
    return cv2.boxFilter(plane, cv2.CV_32F, (side, side), borderType=cv2.BORDER_REFLECT)
