"""What people and dirt put on a picture: arrows and letters, scale bars, windows of programs, dust, bad scanners."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from starlight.sample.covers import drawings, words
from starlight.sample.covers.cover import as_uint8
from starlight.sample.tampering.pictures import figures, science, sources
from starlight.sample.tampering.pictures.picture import Picture, blurred, coloured, resized, side

__all__ = ["annotated", "dust", "low_quality_scan", "scale_bars", "screenshots"]

_INKS = ((255, 0, 0), (255, 255, 0), (255, 255, 255), (0, 0, 0), (0, 200, 255))
_PICTURES = ("microscopy", "tissue", "scientific", "photograph", "camera", "blot")


def annotated(rng: np.random.Generator, number: str) -> Picture:
    """Equal arrows, stars, letters and boxes all over a picture."""
    made = sources.make(str(rng.choice(_PICTURES)), rng, number)
    image = Image.fromarray(made.pixels)
    pen, (width, height) = ImageDraw.Draw(image), image.size
    ink, size = _INKS[int(rng.integers(0, 5))], int(rng.integers(12, 26))
    marks = rng.choice(["arrow", "star", "letter", "box"], int(rng.integers(3, 12)))
    for mark in marks:
        x, y = rng.uniform(0.05, 0.9) * width, rng.uniform(0.05, 0.9) * height
        if mark == "arrow":
            pen.line([(x, y), (x + 1.6 * size, y + size)], fill=ink, width=3)
            pen.polygon([(x, y), (x + 0.6 * size, y), (x, y + 0.6 * size)], fill=ink)
        elif mark == "box":
            pen.rectangle([x, y, x + 2.5 * size, y + 2 * size], outline=ink, width=2)
        else:
            text = "*" if mark == "star" else "ABCN"[int(rng.integers(0, 4))]
            pen.text((x, y), text, fill=ink, font=ImageFont.load_default(size))
    return Picture(np.asarray(image), made.cover_id, "annotated")


def scale_bars(rng: np.random.Generator, number: str) -> Picture:
    """Panels of different fields with the same letters' font and the same scale bar in each."""
    kind = (science.microscopy, science.tissue)[int(rng.integers(0, 2))]
    panels = [kind(rng, f"{number}.{k}").pixels for k in range(int(rng.integers(2, 7)))]
    made = figures.assemble(rng, panels, number, bars=True, cell=int(rng.integers(160, 240)))
    return Picture(made.pixels, f"tampering/scale_bars/{number}", "scale_bars")


def screenshots(rng: np.random.Generator, number: str) -> Picture:
    """Windows of a program with pictures in them, buttons and lines of text that repeat."""
    height, width = side(rng, 320, 560), side(rng, 400, 680)
    drawn = drawings.draw(rng, height, width, "", kind=str(rng.choice(["screenshot", "screenshot", "page"])))
    image = Image.fromarray(drawn.pixels)
    pen, row = ImageDraw.Draw(image), int(rng.integers(18, 30))
    if rng.random() < 0.6:
        icon = words.word(rng)[:6]
        for k in range(int(rng.integers(3, 9))):
            top = 8 + k * row * 1.5
            pen.rectangle([8, top, 90, top + row], fill=(225, 228, 235), outline=(90, 90, 90))
            pen.text((14, top + 3), icon, fill=(20, 20, 20), font=ImageFont.load_default(12))
    if rng.random() < 0.6:
        shown = sources.make(str(rng.choice(_PICTURES)), rng, f"{number}.0").pixels
        high, wide = height // 3, width // 3
        image.paste(Image.fromarray(resized(shown, high, wide)), (width - wide - 12, height - high - 12))
    return Picture(np.asarray(image), f"tampering/screenshots/{number}", "screenshots")


def dust(rng: np.random.Generator, number: str) -> Picture:
    """Specks, fibres and scratches on lens or film: sharp things that do not belong to what is shown."""
    made = sources.make(str(rng.choice(_PICTURES)), rng, number)
    height, width = made.pixels.shape[:2]
    layer = Image.new("L", (width, height))
    pen = ImageDraw.Draw(layer)
    for _ in range(int(rng.integers(10, 90))):
        x, y, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.6, 4)
        pen.ellipse([x - r, y - r, x + r * rng.uniform(0.6, 1.6), y + r], fill=int(rng.integers(90, 256)))
    for _ in range(int(rng.integers(0, 6))):
        walk = np.cumsum(rng.normal(0, 6, (12, 2)), axis=0) + rng.uniform(0, 1, 2) * (width, height)
        pen.line([tuple(point) for point in walk], fill=int(rng.integers(90, 230)), width=1)
    share = blurred(np.asarray(layer), rng.uniform(0.4, 1.2))[..., None] / 255
    colour = np.asarray((25, 22, 20) if rng.random() < 0.6 else (235, 235, 230))
    return Picture(as_uint8(made.pixels + share * (colour - made.pixels.astype(np.float32))), made.cover_id, "dust")


def low_quality_scan(rng: np.random.Generator, number: str) -> Picture:
    """A printed picture or page, scanned askew in few dots, and compressed hard."""
    if rng.random() < 0.4:
        page = drawings.draw(rng, side(rng), side(rng), "", kind="page").pixels
        made = Picture(page, f"tampering/low_quality_scan/{number}", "")
    else:
        made = sources.make(str(rng.choice([*_PICTURES, "figure"])), rng, number)
    image = Image.fromarray(made.pixels)
    small = image.resize([max(48, int(s * rng.uniform(0.4, 0.8))) for s in image.size], Image.Resampling.BOX)
    image = small.resize(image.size, Image.Resampling.BICUBIC).rotate(rng.uniform(-2, 2), fillcolor=(245, 245, 240))
    values = np.asarray(image.convert("L"), np.float32) / 255
    streaks = rng.normal(0, 2, values.shape[1])[None]
    paper = coloured(values, (30, 28, 30), (238, 234, 222)) + streaks[..., None]
    buffer = io.BytesIO()
    noisy = as_uint8(paper + rng.uniform(1, 5) * rng.standard_normal(values.shape)[..., None])
    Image.fromarray(noisy).save(buffer, "JPEG", quality=int(rng.integers(25, 65)))
    return Picture(np.asarray(Image.open(buffer)), made.cover_id, "low_quality_scan")
