"""Strong gradients of their own: bright cells on black, and the edges of tissue."""

import numpy as np

from starlight.sample.tampering.pictures import science, sources
from starlight.sample.tampering.pictures.picture import Picture, blurred, sensed, side

__all__ = ["high_contrast", "tissue_boundaries"]


def high_contrast(rng: np.random.Generator, number: str) -> Picture:
    """Fluorescence so bright that the sensor clips, at the edge of noise elsewhere."""
    made = science.microscopy(rng, number, contrast=rng.uniform(255, 420))
    if rng.random() < 0.25:
        made = sources.make("scientific", rng, number)
    return Picture(made.pixels, made.cover_id, "high_contrast")


def tissue_boundaries(rng: np.random.Generator, number: str) -> Picture:
    """Two kinds of tissue that meet along a line, and glass beyond: texture and noise change from one to the next."""
    height, width = side(rng), side(rng)
    first, second = (science.stain(rng, height, width)[0] for _ in range(2))
    y, x = np.mgrid[:height, :width] / max(height, width)
    turn, bend = rng.uniform(0, 2 * np.pi), rng.uniform(0.02, 0.1)
    line = (x - 0.4) * np.cos(turn) + (y - 0.4) * np.sin(turn)
    line = line + bend * np.sin(9 * (x * np.sin(turn) - y * np.cos(turn)) + rng.uniform(0, 6))
    over = blurred((line > 0).astype(np.float32), rng.uniform(0.5, 2))[..., None]
    glass = blurred((line > rng.uniform(0.1, 0.3)).astype(np.float32), 1.0)[..., None]
    values = first + over * (second * rng.uniform(0.7, 1.1) - first)
    values = values + glass * (246 - values)
    pixels = sensed(values, rng, shot=rng.uniform(0.003, 0.05), read=rng.uniform(0.4, 2), blur=rng.uniform(0.4, 1.1))
    return Picture(pixels, f"tampering/tissue_boundaries/{number}", "tissue_boundaries")
