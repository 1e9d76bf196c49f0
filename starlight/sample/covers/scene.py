"""Scenes in linear light: opaque shapes of all sizes on top of one another, textured and shaded; points in the dark.

The edges and scale invariance of the dead leaves are those of natural images: Lee, Mumford, Huang, "Occlusion Models
for Natural Images", IJCV 2001.
"""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

__all__ = ["fractal_noise", "render"]

_SMOOTH = 0.85
_NIGHT = 0.1  # share of scenes that are points of light in the dark


def fractal_noise(rng: np.random.Generator, height: int, width: int, slope: float) -> np.ndarray:
    """Sum octaves of smooth noise whose amplitude falls as `2 ** -(slope * octave)`.

    Parameters
    ----------
    rng : numpy.random.Generator
    height, width : int
    slope : float
        0 is white-like, 1 natural, 2 cloudy.

    Returns
    -------
    ndarray of float32, shape (height, width)
        Mean 0, standard deviation 1.
    """
    if slope > _SMOOTH and min(height, width) > 64:  # nothing fine in it: half the size does
        half = Image.fromarray(fractal_noise(rng, -(-height // 2), -(-width // 2), slope))
        return np.asarray(half.resize((width, height), Image.Resampling.BICUBIC))
    octaves = int(np.ceil(np.log2(max(height, width)))) - 1
    total = np.zeros((height, width), np.float32)
    for k in range(1, octaves + 1):
        cells = (min(2**k + 1, height), min(2**k + 1, width))
        coarse = Image.fromarray(rng.standard_normal(cells, np.float32))
        total += 2.0 ** (-slope * k) * np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
    total += 2.0 ** (-slope * (octaves + 1)) * rng.standard_normal((height, width), np.float32)
    return (total - total.mean()) / (total.std() + 1e-9)


def render(rng: np.random.Generator, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Render a scene.

    Parameters
    ----------
    rng : numpy.random.Generator
    height, width : int
        Pixels.

    Returns
    -------
    light : ndarray of float32, shape (height, width, 3)
        Linear light, about 0 to 1; highlights go above.
    depth : ndarray of float32, shape (height, width)
        0 in front to 1 behind, for the lens.
    """
    if rng.random() < _NIGHT:
        return _night(rng, height, width), np.ones((height, width), np.float32)
    count = int(np.exp(rng.uniform(np.log(40), np.log(1200))))
    labels = _warp(rng, _leaves(rng, height, width, count))
    palette = _palette(rng, count + 1)
    light = palette[labels]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)
    shade = rng.normal(0, rng.uniform(0.05, 0.35), (count + 1, 2)).astype(np.float32)
    shading = 1 + shade[labels, 0] * y + shade[labels, 1] * x
    shading += _textures(rng, labels, count)
    if rng.random() < 0.5:
        shading *= 1 + rng.uniform(0.1, 0.5) * np.clip(fractal_noise(rng, height, width, 1.8), -1.5, 1.5)
    light = light * np.clip(shading, 0.02, 4)[..., None]
    return light, (1 - labels / max(count, 1)).astype(np.float32)


def _night(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Stars or lamps before a dark ground with some haze: nearly nothing, and single sharp points, fewer the brighter.

    How many are brighter than b falls as b to the power of -1.5, as for stars of one kind spread evenly through space.
    """
    count = int(np.exp(rng.uniform(np.log(2e-4), np.log(0.02))) * height * width) + 3
    points = np.zeros((height, width, 3), np.float32)
    strength = rng.uniform(0.02, 0.3) * (1 - rng.random(count)) ** (-1 / 1.5)
    warmth = np.exp(rng.normal(0, 0.4, (count, 1)) * np.array([1, 0, -1]))
    np.add.at(points, (rng.integers(0, height, count), rng.integers(0, width, count)), strength[:, None] * warmth)
    sharp, glow = (ndimage.gaussian_filter(points, (s, s, 0)) for s in (rng.uniform(0.4, 1.5), rng.uniform(2, 8)))
    haze = np.exp(rng.uniform(0.2, 1.2) * fractal_noise(rng, height, width, rng.uniform(0.9, 1.8)))
    ground = np.exp(rng.uniform(np.log(5e-4), np.log(0.03))) * haze[..., None] * rng.uniform(0.5, 1.5, 3)
    return (ground + sharp * rng.uniform(1, 6) + glow * rng.uniform(0, 3)).astype(np.float32)


def _leaves(rng: np.random.Generator, height: int, width: int, count: int) -> np.ndarray:
    """Paint shapes 1..count, back to front, with radii whose density falls as the cube; 0 is the ground."""
    canvas = Image.new("I", (width, height), 0)
    draw = ImageDraw.Draw(canvas)
    side = max(height, width)
    # The whole of the leaves covers the canvas a few times over, however many there are.
    smallest, largest = rng.uniform(0.5, 1.4) * side / np.sqrt(count), rng.uniform(0.2, 0.7) * side
    u = rng.random(count)
    radii = np.maximum(1 / np.sqrt(u / smallest**2 + (1 - u) / max(largest, smallest) ** 2), 1.2)
    radii[: max(3, count // 20)] *= 2
    radii[count // 2 :] *= rng.uniform(0.3, 1)
    kinds = rng.choice(4, count, p=rng.dirichlet([2, 2, 1, 0.4]))
    places = rng.uniform(-0.1, 1.1, (count, 2)) * (width, height)
    for label, (radius, kind, (cx, cy)) in enumerate(zip(radii, kinds, places, strict=True), 1):
        flat = rng.uniform(0.3, 1.0)
        if kind == 0:
            draw.ellipse([cx - radius, cy - radius * flat, cx + radius, cy + radius * flat], fill=label)
        elif kind == 1:
            draw.polygon(_polygon(rng, cx, cy, radius, rng.integers(3, 8)), fill=label)
        elif kind == 2:
            draw.polygon(_box(rng, cx, cy, radius, flat), fill=label)
        else:
            draw.line(_polygon(rng, cx, cy, 2 * radius, 4), fill=label, width=max(1, int(radius * 0.15)))
    return np.asarray(canvas)


def _warp(rng: np.random.Generator, labels: np.ndarray) -> np.ndarray:
    """Bend and fray the outlines, so that not everything is drawn with ruler and compass."""
    if rng.random() < 0.25:
        return labels
    height, width = labels.shape
    reach, slope = float(np.exp(rng.uniform(np.log(0.6), np.log(0.06 * max(height, width))))), rng.uniform(0.9, 1.7)
    dy, dx = (reach * fractal_noise(rng, height, width, slope) for _ in range(2))
    y = np.clip(np.arange(height, dtype=np.float32)[:, None] + dy, 0, height - 1).astype(np.int32)
    x = np.clip(np.arange(width, dtype=np.float32) + dx, 0, width - 1).astype(np.int32)
    return labels[y, x]


def _polygon(rng: np.random.Generator, cx: float, cy: float, radius: float, corners: int) -> list[tuple[float, float]]:
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    reach = radius * rng.uniform(0.6, 1.2, corners)
    return [(cx + r * np.cos(a), cy + r * np.sin(a)) for r, a in zip(reach, angles, strict=True)]


def _box(rng: np.random.Generator, cx: float, cy: float, radius: float, flat: float) -> list[tuple[float, float]]:
    turn = rng.choice([0.0, rng.uniform(0, np.pi)])
    c, s = np.cos(turn), np.sin(turn)
    corners = [(-1, -flat), (1, -flat), (1, flat), (-1, flat)]
    return [(cx + radius * (u * c - v * s), cy + radius * (u * s + v * c)) for u, v in corners]


def _palette(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draw reflectances around a few common hues, so that a scene has a mood."""
    tone = rng.uniform(0.04, 0.5, (int(rng.integers(2, 7)), 1))
    warmth = rng.normal(0, 0.3, (len(tone), 1)) * np.array([1, 0.15, -1])
    moods = tone * np.exp(warmth + rng.normal(0, 0.15, (len(tone), 3)))
    spread = rng.uniform(0.1, 0.5)
    chosen = moods[rng.integers(0, len(moods), count)]
    brightness = np.exp(rng.normal(0, rng.uniform(0.2, 0.7), (count, 1)))
    colours = chosen * brightness * np.exp(rng.normal(0, spread * 0.5, (count, 3)))
    grey = colours.mean(1, keepdims=True)
    return np.clip(grey + (colours - grey) * rng.uniform(0.4, 1.0), 0.002, 2.0).astype(np.float32)


def _textures(rng: np.random.Generator, labels: np.ndarray, count: int) -> np.ndarray:
    """Give each shape its own share of a fine, a coarse and a striped texture."""
    height, width = labels.shape
    fine = fractal_noise(rng, height, width, rng.uniform(0.1, 0.8))
    coarse = fractal_noise(rng, height, width, rng.uniform(0.8, 1.5))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle, period = rng.uniform(0, np.pi), rng.uniform(2.5, 14)
    stripes = np.sin((x * np.cos(angle) + y * np.sin(angle)) * np.float32(2 * np.pi / period) + coarse)
    share = rng.gamma(0.8, rng.uniform(0.05, 0.35), (count + 1, 3)).astype(np.float32)
    share[rng.random(count + 1) < 0.35] *= 0.08  # plain surfaces, sky
    share[:, 2] *= rng.random(count + 1) < 0.25
    parts = share[labels]
    return parts[..., 0] * fine + parts[..., 1] * coarse + parts[..., 2] * stripes
