"""Figures as papers print them: plots, and panels side by side with letters and scale bars."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from starlight.sample.covers import drawings, words
from starlight.sample.tampering.pictures.picture import Box, Picture, resized

__all__ = ["assemble", "label", "plot", "scale_bar"]

_INKS = ((31, 119, 180), (214, 39, 40), (44, 160, 44), (255, 127, 14), (90, 90, 90))


def plot(rng: np.random.Generator, number: str) -> Picture:
    """A chart, or a scatter of the same marker: repeated on purpose."""
    height, width = int(rng.integers(260, 480)), int(rng.integers(300, 600))
    cover_id = f"tampering/plot/{number}"
    if rng.random() < 0.35:
        return Picture(drawings.draw(rng, height, width, cover_id, kind="chart").pixels, cover_id, "plot")
    image = Image.new("RGB", (width, height), (255, 255, 255))
    pen, left, bottom = ImageDraw.Draw(image), width // 8, height * 7 // 8
    pen.line([(left, 10), (left, bottom), (width - 10, bottom)], fill=(0, 0, 0), width=2)
    for k in range(6):
        x, y = left + k * (width - left - 20) // 5, bottom - k * (bottom - 20) // 5
        pen.line([(x, bottom), (x, bottom + 5)], fill=(0, 0, 0))
        pen.text((x - 4, bottom + 7), f"{k * 10}", fill=(0, 0, 0), font=ImageFont.load_default(11))
        pen.text((left - 24, y - 6), f"{k * 2}", fill=(0, 0, 0), font=ImageFont.load_default(11))
    boxes = []
    for group in range(int(rng.integers(1, 4))):
        ink, r = _INKS[int(rng.integers(0, 5))], int(rng.integers(2, 6))
        for _ in range(int(rng.integers(8, 45))):
            x, y = rng.uniform(left + 8, width - 14), rng.uniform(14, bottom - 8)
            shape = pen.ellipse if group % 2 == 0 else pen.rectangle
            shape([x - r, y - r, x + r, y + r], fill=ink)
            boxes.append((int(y) - 2 * r, int(x) - 2 * r, 4 * r, 4 * r))
    pen.text((left + 20, height - 18), words.sentence(rng, 12)[:24], fill=(0, 0, 0), font=ImageFont.load_default(12))
    inside = tuple(b for b in boxes if min(b[:2]) >= 0 and b[0] + b[2] < height and b[1] + b[3] < width)
    return Picture(np.asarray(image), cover_id, "plot", inside)


def assemble(
    rng: np.random.Generator, panels: list[np.ndarray], number: str, *, columns: int | None = None, gap: int = 8,
    letters: bool = True, bars: bool = False, cell: int = 220,
) -> Picture:  # fmt: skip
    """Panels in a grid on white.

    Parameters
    ----------
    rng : Generator
    panels : list of ndarray, shape (h, w, 3), uint8
    number : str
        Makes the cover_id unique.
    columns : int, optional
        Else as many as rows.
    gap : int
        Between panels, in pixels.
    letters : bool
        Whether each panel gets a letter.
    bars : bool
        Whether each panel gets the same scale bar.
    cell : int
        Width of a panel, in pixels.

    Returns
    -------
    Picture
    """
    columns = columns or int(np.ceil(np.sqrt(len(panels))))
    rows, boxes = -(-len(panels) // columns), []
    ratio = float(np.clip(panels[0].shape[0] / panels[0].shape[1], 0.4, 1.6))
    high = int(cell * ratio)
    sheet = Image.new("RGB", (columns * (cell + gap) + gap, rows * (high + gap) + gap), (255, 255, 255))
    length = int(rng.uniform(0.15, 0.3) * cell)
    for k, panel in enumerate(panels):
        top, left = gap + k // columns * (high + gap), gap + k % columns * (cell + gap)
        shown = Image.fromarray(resized(_cropped(panel, ratio), high, cell))
        if letters:
            label(shown, "ABCDEFGHIJKL"[k % 12], int(cell / 12))
        if bars:
            scale_bar(shown, length)
        sheet.paste(shown, (left, top))
        boxes.append((top, left, high, cell))
    return Picture(np.asarray(sheet), f"tampering/figure/{number}", "figure", tuple(boxes))


def _cropped(panel: np.ndarray, ratio: float) -> np.ndarray:
    """The middle of a panel in a given ratio of height to width."""
    height, width = panel.shape[:2]
    high, wide = min(height, int(width * ratio)), min(width, int(height / ratio))
    top, left = (height - high) // 2, (width - wide) // 2
    return np.ascontiguousarray(panel[top : top + high, left : left + wide])


def label(image: Image.Image, text: str, size: int) -> None:
    """Write a letter into the upper left corner, in black or white, whatever stands out.

    Parameters
    ----------
    image : Image
        Is written on.
    text : str
    size : int
        Of the font, in pixels.
    """
    corner: Box = (0, 0, size * 2, size * 2)
    light = np.asarray(image.crop((corner[1], corner[0], corner[3], corner[2]))).mean()
    ink = (0, 0, 0) if light > 110 else (255, 255, 255)
    ImageDraw.Draw(image).text((size // 3, size // 4), text, fill=ink, font=ImageFont.load_default(max(10, size)))


def scale_bar(image: Image.Image, length: int) -> None:
    """Draw a scale bar of `length` pixels with its measure into the lower right corner."""
    width, height = image.size
    corner = np.asarray(image.crop((width - length - 12, height - 24, width, height)))
    ink = (0, 0, 0) if corner.mean() > 110 else (255, 255, 255)
    pen = ImageDraw.Draw(image)
    pen.rectangle([width - length - 8, height - 12, width - 8, height - 9], fill=ink)
    pen.text((width - length - 6, height - 25), "50 um", fill=ink, font=ImageFont.load_default(10))
