"""Rendered scientific pictures: blots, gels, fluorescence microscopy, stained tissue.

Their statistics are those that matter here: smooth bands and blobs on noisy ground, many things that look alike without
being copies, boundaries with strong gradients. Every one has its own scene, so there is no end of covers.
"""

import numpy as np
from scipy import ndimage
from scipy.special import expit

from starlight.sample.covers.scene import fractal_noise
from starlight.sample.tampering.pictures.picture import Box, Picture, blurred, coloured, sensed, side

__all__ = ["bands", "blot", "cells", "gel", "microscopy", "stain", "tissue"]


def bands(
    rng: np.random.Generator, height: int, width: int, lanes: int, rows: int, *, alike: float = 0.0
) -> tuple[np.ndarray, list[Box]]:
    """Protein bands in lanes: soft-edged bars that smile, smear and differ in strength.

    Parameters
    ----------
    rng : numpy.random.Generator
    height, width : int
        Pixels.
    lanes, rows : int
        Bands across and down.
    alike : float
        0 to 1: how much the bands of a row resemble one another, as those of a loading control do.

    Returns
    -------
    darkness : float32 (h, w)
        About 0 to 1.
    boxes : list of Box
        Around the bands.
    """
    y, x = np.mgrid[:height, :width].astype(np.float32)
    pitch, gap = width / lanes, height / (rows + 0.6)
    darkness, boxes = np.zeros((height, width), np.float32), []
    for row in range(rows):
        shared = rng.uniform(0.25, 1.0)
        middle = (row + 0.8) * gap + rng.normal(0, 0.06 * gap)
        thick = gap * rng.uniform(0.08, 0.2)
        for lane in range(lanes):
            own = 1.0 - alike
            strength = shared * np.exp(rng.normal(0, 0.7 * own + 0.05))
            if strength < 0.12:
                continue
            cx, cy = (lane + 0.5) * pitch + rng.normal(0, 0.03 * pitch), middle + rng.normal(0, 0.08 * gap * own + 0.4)
            half, high = pitch * (0.36 + rng.normal(0, 0.03)), thick * np.exp(rng.normal(0, 0.25 * own + 0.05))
            u = (x - cx) / half
            bend = rng.normal(0, 0.12) * high * u**2 * 4 + rng.normal(0, 0.1) * high * u
            core = np.exp(-(np.abs((y - cy - bend) / high) ** rng.uniform(1.8, 3))) * expit((1 - np.abs(u)) * 14)
            darkness += min(strength, 1.3) * core
            boxes.append((int(cy - 2 * high), int(cx - 1.2 * half), int(4 * high) + 2, int(2.4 * half) + 2))
    inside = [b for b in boxes if b[0] >= 0 and b[1] >= 0 and b[0] + b[2] <= height and b[1] + b[3] <= width]
    return np.clip(darkness, 0, 1.2), inside


def blot(rng: np.random.Generator, number: str, *, alike: float | None = None) -> Picture:
    """A western blot: dark bands on a light, cloudy film.

    Parameters
    ----------
    rng : Generator
    number : str
        Makes the cover_id unique.
    alike : float, optional
        How much bands are alike, from 0 to 1; else at random.

    Returns
    -------
    Picture
    """
    height, width = side(rng, 220, 460), side(rng, 320, 640)
    lanes, rows = int(rng.integers(4, 11)), int(rng.integers(1, 5))
    alike = float(rng.beta(0.8, 0.8)) if alike is None else alike
    darkness, boxes = bands(rng, height, width, lanes, rows, alike=alike)
    ground = rng.uniform(170, 240) + rng.uniform(2, 9) * fractal_noise(rng, height, width, rng.uniform(0.9, 1.8))
    light = ground - darkness * (ground - rng.uniform(5, 60)) * 0.95
    pixels = sensed(light, rng, shot=rng.uniform(0.005, 0.06), read=rng.uniform(0.5, 3), blur=rng.uniform(0.5, 1.3))
    return Picture(pixels, f"tampering/blot/{number}", "blot", tuple(boxes))


def gel(rng: np.random.Generator, number: str, *, alike: float | None = None) -> Picture:
    """An agarose gel: bright bands on black, with ladders at the sides.

    Parameters
    ----------
    rng : Generator
    number : str
        Makes the cover_id unique.
    alike : float, optional
        How much bands are alike, from 0 to 1; else at random.

    Returns
    -------
    Picture
    """
    height, width = side(rng, 300, 560), side(rng, 300, 640)
    lanes, rows = int(rng.integers(6, 15)), int(rng.integers(2, 7))
    glow, boxes = bands(rng, height, width, lanes, rows, alike=float(rng.random()) if alike is None else alike)
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    pitch = width / lanes
    for lane in {0, lanes - 1} if rng.random() < 0.6 else {0}:  # the ladder: the same steps in both
        x = (np.arange(width, dtype=np.float32) - (lane + 0.5) * pitch) / (0.36 * pitch)
        steps = sum(np.exp(-(((y - 0.08 - 0.8 * (k / 9) ** 0.7) / 0.008) ** 2)) for k in range(10))
        glow += 0.5 * steps * expit((1 - np.abs(x)) * 14)
    dark = rng.uniform(12, 50) + rng.uniform(1, 4) * fractal_noise(rng, height, width, 1.5) + 10 * y
    light = dark + np.clip(glow, 0, 1.1) * rng.uniform(120, 210)
    pixels = sensed(light, rng, shot=rng.uniform(0.02, 0.12), read=rng.uniform(0.5, 2.5), blur=rng.uniform(0.6, 1.4))
    return Picture(pixels, f"tampering/gel/{number}", "gel", tuple(boxes))


def cells(rng: np.random.Generator, height: int, width: int, count: int, radius: float) -> tuple[np.ndarray, list[Box]]:
    """Bright textured blobs on black.

    Parameters
    ----------
    rng : Generator
    height, width : int
    count : int
        Blobs.
    radius : float
        In pixels, about.

    Returns
    -------
    light : ndarray, shape (h, w), float32, in [0, 1]
    boxes : list of Box
        Around the blobs.
    """
    light, boxes = np.zeros((height, width), np.float32), []
    texture = fractal_noise(rng, height, width, rng.uniform(0.6, 1.2))
    for _ in range(count):
        r = radius * np.exp(rng.normal(0, 0.25))
        cy, cx, reach = rng.uniform(0, height), rng.uniform(0, width), int(2.2 * r) + 2
        top, left = max(0, int(cy) - reach), max(0, int(cx) - reach)
        bottom, right = min(height, int(cy) + reach), min(width, int(cx) + reach)
        if bottom - top < 4 or right - left < 4:
            continue
        y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
        turn, long = rng.uniform(0, np.pi), rng.uniform(1, 1.7)
        u = ((x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)) / (r * long)
        v = ((y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)) / r
        wobble = 1 + 0.12 * np.sin(3 * np.arctan2(v, u) + rng.uniform(0, 6)) + 0.06 * np.sin(5 * np.arctan2(v, u))
        body = expit((wobble - np.hypot(u, v)) * r * 0.9)
        shade = 1 + rng.uniform(0.1, 0.4) * texture[top:bottom, left:right]
        place = light[top:bottom, left:right]
        np.maximum(place, rng.uniform(0.25, 1) * body * shade, out=place)
        if reach < cy < height - reach and reach < cx < width - reach:
            boxes.append((top, left, bottom - top, right - left))
    return np.clip(light, 0, 1.2), boxes


_DYES = ((40, 90, 255), (50, 255, 80), (255, 60, 50), (235, 235, 235))


def microscopy(rng: np.random.Generator, number: str, *, contrast: float | None = None) -> Picture:
    """Fluorescence microscopy: stained cells in the dark, one or two dyes, photon noise.

    Parameters
    ----------
    rng : Generator
    number : str
        Makes the cover_id unique.
    contrast : float, optional
        Brightest level, up to 255; else at random.

    Returns
    -------
    Picture
    """
    height, width = side(rng), side(rng)
    radius = rng.uniform(6, 26)
    count = int(rng.uniform(0.1, 0.6) * height * width / (4 * radius * radius))
    light, boxes = cells(rng, height, width, max(4, min(count, 260)), radius)
    gain = rng.uniform(110, 245) if contrast is None else contrast
    dye = np.asarray(_DYES[int(rng.integers(0, 4))]) * (gain / 255)
    values = coloured(light, (rng.uniform(2, 18),) * 3, tuple(dye))
    if rng.random() < 0.5:  # a second dye in smaller things
        spots, _ = cells(rng, height, width, int(rng.integers(10, 80)), max(2.0, radius / 4))
        values += coloured(spots, (0, 0, 0), _DYES[int(rng.integers(0, 3))]) * 0.7
    haze = rng.uniform(0, 10) * np.clip(fractal_noise(rng, height, width, 1.9), -1, 2)
    pixels = sensed(values + haze[..., None], rng, shot=rng.uniform(0.03, 0.6), read=rng.uniform(0.4, 3.0),
                    blur=rng.uniform(0.5, 1.6))  # fmt: skip
    return Picture(pixels, f"tampering/microscopy/{number}", "microscopy", tuple(boxes))


def stain(rng: np.random.Generator, height: int, width: int) -> tuple[np.ndarray, list[Box]]:
    """A stained section: pink matrix, dark nuclei, white gaps, folds.

    Parameters
    ----------
    rng : Generator
    height, width : int

    Returns
    -------
    values : ndarray, shape (h, w, 3), float32, in [0, 255]
    boxes : list of Box
        Around the nuclei.
    """
    matrix = fractal_noise(rng, height, width, rng.uniform(0.7, 1.2))
    gaps = fractal_noise(rng, height, width, rng.uniform(1.3, 1.9)) > rng.uniform(0.7, 1.8)
    open_ = blurred(gaps.astype(np.float32), rng.uniform(0.7, 2.0))
    radius = rng.uniform(3.5, 9)
    count = int(rng.uniform(0.15, 0.6) * height * width / (12 * radius * radius))
    nuclei, boxes = cells(rng, height, width, min(count, 500), radius)
    grain = fractal_noise(rng, height, width, 0.3)
    pink = np.asarray((214, 150, 190)) + rng.normal(0, 14, 3)
    values = pink + 14 * matrix[..., None] * (1.0, 1.5, 1.0) + 4 * grain[..., None]
    values = values + (np.asarray((92, 60, 140)) + rng.normal(0, 12, 3) - values) * np.clip(nuclei, 0, 1)[..., None]
    return values + (np.asarray((242, 240, 243)) - values) * open_[..., None], boxes


def tissue(rng: np.random.Generator, number: str) -> Picture:
    """Stained tissue under the bright-field microscope."""
    height, width = side(rng), side(rng)
    values, boxes = stain(rng, height, width)
    if rng.random() < 0.5:  # the edge of the section, white glass beyond it
        wave = ndimage.gaussian_filter1d(rng.normal(0, 60, width), 25) + rng.uniform(0.1, 0.9) * height
        glass = blurred((np.arange(height)[:, None] > wave[None]).astype(np.float32), 1.5)[..., None]
        values = values + (245 - values) * glass
        boxes = [b for b in boxes if glass[b[0] + b[2] // 2, b[1] + b[3] // 2, 0] < 0.1]
    pixels = sensed(values, rng, shot=rng.uniform(0.003, 0.05), read=rng.uniform(0.4, 2), blur=rng.uniform(0.4, 1.2))
    return Picture(pixels, f"tampering/tissue/{number}", "tissue", tuple(boxes))
