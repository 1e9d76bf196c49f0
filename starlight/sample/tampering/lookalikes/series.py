"""The same thing shown more than once: adjacent sections, frames of a film, a part enlarged in an inset."""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from starlight.sample.covers.scene import fractal_noise
from starlight.sample.tampering.pictures import figures, science, sources
from starlight.sample.tampering.pictures.picture import Picture, coloured, resized, sensed

__all__ = ["insets", "sections", "time_series"]


def sections(rng: np.random.Generator, number: str) -> Picture:
    """Neighbouring slices of one tissue: the same structures, a little bent, each with light and noise of its own."""
    height, width, count = int(rng.integers(200, 320)), int(rng.integers(220, 340)), int(rng.integers(2, 5))
    values, _ = science.stain(rng, height, width)
    shot, read, panels = rng.uniform(0.003, 0.04), rng.uniform(0.5, 2), []
    y, x = np.mgrid[:height, :width].astype(np.float32)
    for _ in range(count):
        bend = [rng.uniform(1, 7) * fractal_noise(rng, height, width, 2.0) for _ in range(2)]
        moved = [ndimage.map_coordinates(values[..., c], (y + bend[0], x + bend[1]), order=1, mode="reflect")
                 for c in range(3)]  # fmt: skip
        panels.append(sensed(np.stack(moved, 2) * rng.uniform(0.92, 1.05), rng, shot=shot, read=read, blur=0.6))
    return _strip(rng, panels, number, "sections")


def time_series(rng: np.random.Generator, number: str) -> Picture:
    """Frames of living cells: most stay where they are, some move, and every frame has its own noise."""
    height, width, count = int(rng.integers(150, 260)), int(rng.integers(170, 280)), int(rng.integers(3, 7))
    still, _ = science.cells(rng, height, width, int(rng.integers(8, 40)), rng.uniform(6, 14))
    film = [still] * count
    movers, _ = science.cells(rng, height, width, int(rng.integers(2, 8)), rng.uniform(5, 11))
    drift, dye = rng.uniform(-9, 9, 2), np.asarray(rng.choice(_DYES, axis=0)) * rng.uniform(0.5, 1)
    shot, read, panels = rng.uniform(0.05, 0.5), rng.uniform(0.5, 3), []
    for k, frame in enumerate(film):
        light = np.maximum(frame, ndimage.shift(movers, drift * k, order=1, mode="wrap"))
        fading = 1 - k * rng.uniform(0, 0.06)
        panels.append(sensed(coloured(light * fading, (8, 8, 8), tuple(dye)), rng, shot=shot, read=read, blur=0.8))
    return _strip(rng, panels, number, "time_series")


_DYES = ((40, 90, 255), (50, 255, 80), (255, 60, 50), (235, 235, 235))


def insets(rng: np.random.Generator, number: str) -> Picture:
    """A part of the picture enlarged in a framed corner, and the frame around that part."""
    made = sources.make(str(rng.choice(["microscopy", "tissue", "scientific", "photograph"])), rng, number)
    height, width = made.pixels.shape[:2]
    high, wide = (int(side * rng.uniform(0.10, 0.2)) for side in (height, width))
    factor = float(rng.choice([1.5, 2.0, 2.5, 3.0]))
    top, left = int(rng.integers(4, height // 2 - high)), int(rng.integers(4, width // 2 - wide))
    shown = resized(made.pixels[top : top + high, left : left + wide], int(high * factor), int(wide * factor))
    pixels = made.pixels.copy()
    y, x = height - shown.shape[0] - 5, width - shown.shape[1] - 5
    pixels[y : y + shown.shape[0], x : x + shown.shape[1]] = shown
    image = Image.fromarray(pixels)
    pen, ink = ImageDraw.Draw(image), (255, 255, 255) if rng.random() < 0.6 else (0, 0, 0)
    line = int(rng.integers(1, 4))
    pen.rectangle([left, top, left + wide, top + high], outline=ink, width=line)
    pen.rectangle([x - 1, y - 1, x + shown.shape[1], y + shown.shape[0]], outline=ink, width=line)
    if rng.random() < 0.4:
        pen.line([(left + wide, top + high), (x, y)], fill=ink)
    return Picture(np.asarray(image), made.cover_id, "insets")


def _strip(rng: np.random.Generator, panels: list[np.ndarray], number: str, source: str) -> Picture:
    made = figures.assemble(
        rng, panels, number, columns=len(panels) if len(panels) < 4 else None, gap=int(rng.integers(0, 9)),
        letters=bool(rng.random() < 0.6), bars=bool(rng.random() < 0.5), cell=min(panels[0].shape[1], 230),
    )  # fmt: skip
    return Picture(made.pixels, f"tampering/{source}/{number}", source)
