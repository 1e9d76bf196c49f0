"""Contact sheets: images beside what the localisation map says about them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

__all__ = ["contact_sheet"]

_SIDE, _GAP, _LINE, _LINES = 132, 10, 13, 3  # pixels; lines of caption
_INK, _PAPER, _FRAME = (40, 40, 40), (255, 255, 255), (170, 170, 170)
_HOT = (214, 39, 40)


def _fit(image: np.ndarray) -> Image.Image:
    """The image within a square, enlarged by whole pixels where it is small, never beyond recognition."""
    picture = Image.fromarray(np.ascontiguousarray(image, dtype=np.uint8), "RGB")
    scale = _SIDE / max(picture.size)
    size = tuple(max(1, round(side * scale)) for side in picture.size)
    return picture.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS)


def _overlay(picture: Image.Image, cells: np.ndarray) -> Image.Image:
    """The picture in grey, with the map in red over it: the redder the surer."""
    grey = picture.convert("L").convert("RGB")
    shade = np.clip(np.nan_to_num(np.asarray(cells, dtype=np.float64)), 0, 1)
    mask = Image.fromarray((shade * 200).astype(np.uint8), "L").resize(picture.size, Image.Resampling.NEAREST)
    return Image.composite(Image.new("RGB", picture.size, _HOT), grey, mask)


def _wrap(caption: str, font: ImageFont.ImageFont, width: int) -> list[str]:
    """At most three lines of what fits; the rest is cut with an ellipsis."""
    plain = "".join(c if c.isprintable() else " " for c in caption)
    lines = [""]
    for character in plain:
        if font.getlength(lines[-1] + character) > width:
            lines.append("")
        lines[-1] += character
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], lines[_LINES - 1][:-1] + "…"]
    return [line.strip() for line in lines]


def _tops(pictures: Sequence[Image.Image], columns: int) -> list[int]:
    """Where each row begins, each as high as its tallest picture and the caption, and where the last one ends."""
    tops = [_GAP]
    for start in range(0, len(pictures), columns):
        tallest = max(picture.height for picture in pictures[start : start + columns])
        tops.append(tops[-1] + tallest + _LINES * _LINE + 2 * _GAP)
    return tops


def contact_sheet(
    images: Sequence[np.ndarray],
    maps: Sequence[np.ndarray],
    captions: Sequence[str],
    path: str | Path,
    columns: int = 3,
) -> None:
    """Write images with their maps and captions as one PNG, the same bytes each time.

    Parameters
    ----------
    images : sequence of ndarray of uint8, shape (H, W, 3)
    maps : sequence of ndarray of float, shape (h, w)
        In [0, 1], any resolution; laid over the whole image.
    captions : sequence of str
    path : path
    columns : int
        Pairs of image and map side by side.

    Raises
    ------
    ValueError
        Where the three differ in length.
    """
    if not len(images) == len(maps) == len(captions):
        raise ValueError(f"{len(images)} images, {len(maps)} maps and {len(captions)} captions do not match")
    if not images:  # an empty sheet says so: its file is expected to be there
        images, maps, captions = [np.full((8, 8, 3), 255, np.uint8)], [np.zeros((1, 1))], ["none"]
    columns = min(columns, len(images))
    pictures = [_fit(image) for image in images]
    tops = _tops(pictures, columns)
    width = 2 * _SIDE + 2 * _GAP
    sheet = Image.new("RGB", (columns * width + _GAP, tops[-1]), _PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=11)
    for number, (picture, cells, caption) in enumerate(zip(pictures, maps, captions, strict=True)):
        left, top = _GAP + number % columns * width, tops[number // columns]
        for x, part in ((left, picture), (left + _SIDE + 4, _overlay(picture, cells))):
            sheet.paste(part, (x, top))
            draw.rectangle((x, top, x + part.width - 1, top + part.height - 1), outline=_FRAME)
        for line, text in enumerate(_wrap(caption, font, 2 * _SIDE)):
            draw.text((left, top + picture.height + 3 + line * _LINE), text, fill=_INK, font=font)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, format="PNG", optimize=False)
