"""Drawn covers: charts, screenshots, pages of text, logos, gradients and line drawings.

A third of the web is drawn, and its flat areas and exact edges are what structural estimates stumble over.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from starlight.sample.covers import words
from starlight.sample.covers.cover import Cover, as_uint8
from starlight.sample.covers.scene import fractal_noise

__all__ = ["KINDS", "draw", "write_lines"]

Canvas = tuple[Image.Image, ImageDraw.ImageDraw]


def draw(rng: np.random.Generator, height: int, width: int, cover_id: str, *, kind: str | None = None) -> Cover:
    """Draw an image.

    Parameters
    ----------
    rng : numpy.random.Generator
    height, width : int
        Pixels.
    cover_id : str
    kind : str, optional
        One of `KINDS`; at random unless told.

    Returns
    -------
    Cover
        Pixels of shape (height, width, 3), drawn at twice the size and scaled down (smooth edges) or not.
    """
    kind = kind or str(rng.choice(list(KINDS)))
    scale = int(rng.choice([1, 2], p=[0.4, 0.6])) if max(height, width) <= 512 else 1
    image = KINDS[kind](rng, height * scale, width * scale)
    if scale > 1:
        image = image.resize((width, height), Image.Resampling.LANCZOS if rng.random() < 0.5 else Image.Resampling.BOX)
    return Cover(np.asarray(image.convert("RGB")), cover_id, f"drawing {kind} x{scale}")


def write_lines(
    rng: np.random.Generator, pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], size: int, ink: tuple[int, ...]
) -> None:
    """Fill a box with lines of text in the default font.

    Parameters
    ----------
    rng : Generator
    pen : ImageDraw
    box : (int, int, int, int)
        Left, top, right and bottom, in pixels.
    size : int
        Of the font, in pixels.
    ink : tuple of int
        Colour.
    """
    font, (left, top, right, bottom) = ImageFont.load_default(size), box
    for y in range(top, bottom - size, int(size * rng.uniform(1.2, 1.6))):
        share = 1.0 if rng.random() < 0.8 else rng.uniform(0.2, 0.9)
        count = int((right - left) * share / (0.55 * size))
        if count > 0:
            pen.text((left, y), words.sentence(rng, count)[:count], fill=ink, font=font)


def _colour(rng: np.random.Generator, low: int = 0, high: int = 256) -> tuple[int, int, int]:
    return tuple(int(v) for v in rng.integers(low, high, 3))


def _canvas(rng: np.random.Generator, height: int, width: int, paper: tuple[int, int, int] | None = None) -> Canvas:
    if paper is None:
        paper = (255, 255, 255) if rng.random() < 0.5 else _colour(rng, 200 if rng.random() < 0.7 else 0)
    image = Image.new("RGB", (width, height), paper)
    return image, ImageDraw.Draw(image)


def _chart(rng: np.random.Generator, height: int, width: int) -> Image.Image:
    image, pen = _canvas(rng, height, width)
    left, bottom, size = width // 8, height * 7 // 8, max(8, height // 24)
    for i in range(6):
        y = bottom - i * (bottom - height // 12) // 5
        pen.line([(left, y), (width * 15 // 16, y)], fill=(220, 220, 220))
        pen.text((2, y - size // 2), f"{i * rng.integers(1, 40)}", fill=(60, 60, 60), font=ImageFont.load_default(size))
    if rng.random() < 0.5:
        bars = int(rng.integers(3, 14))
        for i in range(bars):
            x = left + i * (width * 3 // 4) // bars
            top = int(rng.uniform(height / 10, bottom - 2))
            pen.rectangle([x, top, x + width // (2 * bars), bottom], fill=_colour(rng))
    else:
        for _ in range(int(rng.integers(1, 5))):
            walk = np.cumsum(rng.normal(0, height / 25, 40)) + rng.uniform(0.3, 0.7) * height
            xs = np.linspace(left, width * 15 / 16, 40)
            points = list(zip(xs.tolist(), walk.tolist(), strict=True))
            pen.line(points, fill=_colour(rng), width=int(rng.integers(1, 5)))
    pen.line([(left, height // 12), (left, bottom), (width * 15 // 16, bottom)], fill=(0, 0, 0), width=2)
    pen.text((width // 4, 2), words.sentence(rng, 24), fill=(0, 0, 0), font=ImageFont.load_default(size))
    return image


def _screenshot(rng: np.random.Generator, height: int, width: int) -> Image.Image:
    image, pen = _canvas(rng, height, width, _colour(rng, 20, 240))
    for _ in range(int(rng.integers(1, 5))):
        x0, y0 = int(rng.uniform(0, 0.6) * width), int(rng.uniform(0, 0.6) * height)
        x1, y1 = x0 + int(rng.uniform(0.25, 0.8) * width), y0 + int(rng.uniform(0.25, 0.8) * height)
        bar = max(10, height // 18)
        dark = rng.random() < 0.4
        pen.rectangle([x0, y0, x1, y1], fill=(30, 32, 36) if dark else (250, 250, 250), outline=(120, 120, 120))
        pen.rectangle([x0, y0, x1, y0 + bar], fill=_colour(rng, 60, 220))
        for k in range(3):
            cx = x1 - (k + 1) * bar
            pen.ellipse([cx, y0 + bar // 4, cx + bar // 2, y0 + 3 * bar // 4], fill=_colour(rng))
        ink = (220, 220, 220) if dark else (20, 20, 20)
        box = (x0 + bar // 2, y0 + 2 * bar, min(x1, width) - bar // 2, min(y1, height))
        write_lines(rng, pen, box, max(8, int(rng.uniform(0.5, 1) * bar)), ink)
    return image


def _page(rng: np.random.Generator, height: int, width: int) -> Image.Image:
    image, pen = _canvas(rng, height, width, _colour(rng, 235))
    margin, size = width // 12, int(rng.integers(9, 20))
    write_lines(rng, pen, (margin, margin, width - margin, height - margin), size, _colour(rng, 0, 70))
    return image


def _logo(rng: np.random.Generator, height: int, width: int) -> Image.Image:
    image, pen = _canvas(rng, height, width)
    for _ in range(int(rng.integers(2, 8))):
        cx, cy, r = rng.uniform(0.2, 0.8) * width, rng.uniform(0.2, 0.8) * height, rng.uniform(0.05, 0.4) * height
        if rng.random() < 0.5:
            pen.ellipse([cx - r, cy - r, cx + r, cy + r], fill=_colour(rng))
        else:
            pen.regular_polygon((cx, cy, r), int(rng.integers(3, 9)), int(rng.integers(0, 90)), fill=_colour(rng))
    size = max(12, height // int(rng.integers(4, 9)))
    font = ImageFont.load_default(size)
    pen.text((width // 10, height * 2 // 3), words.word(rng).title(), fill=_colour(rng), font=font)
    return image


def _gradient(rng: np.random.Generator, height: int, width: int) -> Image.Image:
    y, x = np.linspace(0, 1, height)[:, None, None], np.linspace(0, 1, width)[None, :, None]
    a, b, c = (rng.uniform(0, 255, 3) for _ in range(3))
    share = np.clip(np.hypot(x - rng.random(), y - rng.random()), 0, 1) if rng.random() < 0.5 else (x + y) / 2
    values = a + (b - a) * share + (c - a) * (y - 0.5) * rng.uniform(0, 1)
    if rng.random() < 0.4:
        values = values + rng.uniform(2, 40) * fractal_noise(rng, height, width, 1.6)[..., None]
    image = Image.fromarray(as_uint8(np.broadcast_to(values, (height, width, 3))))
    if rng.random() < 0.5:
        text = words.word(rng).title()
        ImageDraw.Draw(image).text((width // 8, height // 3), text, _colour(rng), ImageFont.load_default(height // 6))
    return image


def _sketch(rng: np.random.Generator, height: int, width: int) -> Image.Image:
    image, pen = _canvas(rng, height, width, _colour(rng, 225))
    for _ in range(int(rng.integers(8, 60))):
        steps = np.cumsum(rng.normal(0, width / 18, (int(rng.integers(4, 25)), 2)), axis=0)
        path = [tuple(p) for p in (steps + rng.uniform(0, 1, 2) * (width, height)).tolist()]
        pen.line(path, fill=_colour(rng, 0, 140), width=int(rng.integers(1, 6)), joint="curve")
    return image.filter(ImageFilter.SMOOTH) if rng.random() < 0.4 else image


def _map(rng: np.random.Generator, height: int, width: int) -> Image.Image:
    """Draw height levels of a fractal landscape in flat colours, with roads and names."""
    levels = int(rng.integers(4, 14))
    heights = fractal_noise(rng, height, width, rng.uniform(1.3, 1.9))
    ranks = np.digitize(heights, np.quantile(heights, np.linspace(0, 1, levels + 1)[1:-1]))
    image = Image.fromarray(rng.integers(90, 250, (levels, 3), np.uint8)[ranks])
    pen = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(1, 8))):
        path = [tuple(p) for p in (rng.uniform(0, 1, (3, 2)) * (width, height)).tolist()]
        pen.line(path, fill=_colour(rng), width=int(rng.integers(1, 6)))
        pen.text(path[1], words.word(rng).title(), fill=(20, 20, 20), font=ImageFont.load_default(max(9, height // 22)))
    return image


KINDS: dict[str, Callable[[np.random.Generator, int, int], Image.Image]] = {
    "chart": _chart,
    "screenshot": _screenshot,
    "page": _page,
    "logo": _logo,
    "gradient": _gradient,
    "sketch": _sketch,
    "map": _map,
}
