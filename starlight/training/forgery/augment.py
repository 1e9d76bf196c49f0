"""Changed copies of training images: turned, mirrored, cut, coloured, blurred, compressed; masks go along."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np

from starlight.images.writing.encode import Encoding, encode

__all__ = ["Augmentation", "augmentation"]


@dataclass(frozen=True)
class Augmentation:
    """One draw of changes.

    Attributes
    ----------
    turns : int
        By 90 degrees.
    flipped : bool
    cut : tuple of float
        Share of each side that is cut off: top, bottom, left, right.
    gains : tuple of float
        Of the channels.
    gamma, blur_px : float
    encoding : Encoding
    """

    turns: int
    flipped: bool
    cut: tuple[float, ...]
    gains: tuple[float, ...]
    gamma: float
    blur_px: float
    encoding: Encoding

    def pixels(self, pixels: np.ndarray) -> np.ndarray:
        """Changed pixels, uint8 (h', w', c) from (h, w, c)."""
        values = 255 * (self.moved(pixels).astype(np.float32) / 255) ** self.gamma
        values = values * np.asarray(self.gains[: values.shape[2]], np.float32)
        if self.blur_px:
            values = cv2.GaussianBlur(values, (0, 0), self.blur_px).reshape(values.shape)
        return np.clip(np.rint(values), 0, 255).astype(np.uint8)

    def moved(self, plane: np.ndarray) -> np.ndarray:
        """A mask, or anything of the image's size, where its pixels go."""
        height, width = plane.shape[:2]
        top, bottom, left, right = self.cut
        kept = plane[int(top * height) : height - int(bottom * height), int(left * width) : width - int(right * width)]
        turned = np.rot90(kept, self.turns)
        return np.ascontiguousarray(turned[:, ::-1] if self.flipped else turned)

    def file(self, pixels: np.ndarray) -> bytes:
        """The changed image as a file."""
        changed = self.pixels(pixels)
        return encode(changed[:, :, 0] if changed.shape[2] == 1 else changed, self.encoding)


def augmentation(sample_id: str, variant: int) -> Augmentation:
    """The changes of a copy, which follow from the content and the copy's number alone."""
    rng = np.random.default_rng(int(hashlib.sha256(f"{sample_id}:{variant}".encode()).hexdigest()[:12], 16))
    quality = int(rng.integers(70, 99))
    return Augmentation(
        turns=int(rng.integers(0, 4)),
        flipped=bool(rng.random() < 0.5),
        cut=tuple(rng.uniform(0, 0.08, 4)) if rng.random() < 0.5 else (0.0,) * 4,
        gains=tuple(rng.uniform(0.92, 1.08, 3)) if rng.random() < 0.5 else (1.0,) * 3,
        gamma=float(rng.uniform(0.8, 1.25)) if rng.random() < 0.5 else 1.0,
        blur_px=float(rng.uniform(0.3, 0.8)) if rng.random() < 0.3 else 0.0,
        encoding=Encoding("jpeg", quality=quality) if rng.random() < 0.5 else Encoding("png", level=1),
    )
