"""Photographs that somebody wrote on: captions, arrows, boxes, blacked-out parts, borders, watermarks."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from starlight.sample.covers import encoders, words
from starlight.sample.lookalikes.lookalike import Lookalike, colour, lossless, pack, scene

__all__ = ["CONSTRAINT", "SHARE", "make"]

CONSTRAINT = "parts differ because they were drawn, not because bits were changed"
SHARE = 1.1


def make(rng: np.random.Generator, number: str) -> Lookalike:
    """Draw one to five marks on an image; JPEG or lossless."""
    cover = scene(rng, number, drawn=0.1)
    image = Image.fromarray(colour(cover.pixels))
    names = [str(n) for n in rng.choice(list(_MARKS), int(rng.integers(1, 6)))]
    for name in names:
        image = _MARKS[name](rng, image)
    pixels = np.asarray(image.convert("RGB"))
    if rng.random() < 0.4:
        encoding, _ = encoders.draw(rng)
    else:
        encoding = lossless(rng, pixels)
    return pack(pixels, encoding, cover, "annotated " + " ".join(names), marks=names)


def _ink(rng: np.random.Generator) -> tuple[int, int, int]:
    common = [(255, 0, 0), (255, 255, 0), (0, 0, 0), (255, 255, 255), (0, 160, 0)]
    return common[int(rng.integers(0, 5))] if rng.random() < 0.8 else tuple(int(v) for v in rng.integers(0, 256, 3))


def _caption(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    width, height = image.size
    size = max(9, height // int(rng.integers(7, 20)))
    band, pen = size * 3 // 2, ImageDraw.Draw(image)
    top = 0 if rng.random() < 0.5 else height - band
    if rng.random() < 0.6:
        pen.rectangle([0, top, width, top + band], fill=_ink(rng))
    pen.text((size // 2, top), words.sentence(rng, width // size), fill=_ink(rng), font=ImageFont.load_default(size))
    return image


def _arrow(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    start, end = (rng.uniform(0, 1, 2) * image.size for _ in range(2))
    ink, pen, back = _ink(rng), ImageDraw.Draw(image), (start - end) / (np.hypot(*(start - end)) + 1e-6) * 12
    pen.line([*start, *end], fill=ink, width=int(rng.integers(2, 6)))
    wings = [end + back @ [[0.8, side], [-side, 0.8]] for side in (0.5, -0.5)]
    pen.polygon([tuple(point) for point in (end, *wings)], ink)
    return image


def _box(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    corners = np.sort(rng.uniform(0, 1, (2, 2)), axis=0) * image.size
    fill = _ink(rng) if rng.random() < 0.3 else None
    pen, line = ImageDraw.Draw(image), int(rng.integers(1, 6))
    pen.rectangle([*corners[0], *corners[1]], outline=_ink(rng), width=line, fill=fill)
    return image


def _border(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    ImageDraw.Draw(image).rectangle([0, 0, *image.size], outline=_ink(rng), width=int(rng.integers(2, 20)))
    return image


def _watermark(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    layer = Image.new("RGBA", image.size)
    pen, size = ImageDraw.Draw(layer), max(10, image.height // 6)
    ink = (255, 255, 255, int(rng.integers(30, 160)))
    font = ImageFont.load_default(size)
    pen.text((image.width // 8, image.height // 3), words.word(rng).upper(), fill=ink, font=font)
    return Image.alpha_composite(image.convert("RGBA"), layer.rotate(rng.uniform(-30, 30))).convert("RGB")


def _mosaic(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    """Pixelate a part, as is done with faces and plates."""
    width, height = image.size
    x, y = int(rng.uniform(0, 0.6) * width), int(rng.uniform(0, 0.6) * height)
    box, block = (x, y, x + width // 3 + 2, y + height // 3 + 2), int(rng.integers(4, 14))
    part = image.crop(box)
    small = part.resize((max(1, part.width // block), max(1, part.height // block)), Image.Resampling.BOX)
    image.paste(small.resize(part.size, Image.Resampling.NEAREST), box[:2])
    return image


_MARKS = {
    "caption": _caption,
    "arrow": _arrow,
    "box": _box,
    "border": _border,
    "watermark": _watermark,
    "mosaic": _mosaic,
}
