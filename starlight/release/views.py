"""What people make of a photograph: crops of many sizes, stored without loss, written as JPEG anew, reduced, in grey.

No picture is made twice, nor the file itself once more: what sets thresholds counts each as a picture of its own.
Thresholds depend on what a picture is and how large it is. A collection of camera originals shows JPEG files of a dozen
megapixels alone; its crops show the tails of all other classes on real scenes, optics, sensors and processing.
"""

from __future__ import annotations

import dataclasses
import io
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image as Pillow

from starlight.errors import BadImage, StarlightError
from starlight.images.image import Image, decode
from starlight.images.jpeg.io import write_coefficients
from starlight.images.writing.encode import Encoding, encode

__all__ = ["views"]

_CROPS = ((160, 240, 4), (256, 256, 5), (384, 512, 4), (512, 512, 4), (1024, 1024, 1), (1536, 2048, 1))  # how many
_JPEG = 0.4  # share of crops that are written as JPEG, too
_SCALES = (0.35, 0.95)  # of the picture reduced: its grid of JPEG blocks is gone
_GREY = 0.2  # share of crops that are turned to grey
_QUALITIES = (60, 70, 75, 75, 80, 85, 88, 90, 92, 93, 95, 95, 96, 97, 98, 99, 100)
_SUBSAMPLINGS = (0, 1, 2, 2, 2)
_SAMPLINGS = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2, "grey": 0}
_UNIT = 2  # luma blocks, across and down, that chroma of any sampling above divides


def views(data: bytes) -> Iterator[bytes]:
    """The file itself, then files made from it, the same each time.

    Parameters
    ----------
    data : bytes
        An image file that is read here.

    Yields
    ------
    bytes
        BMP and JPEG files without payload. None but the file itself for animations, palettes, alpha and small images.

    Raises
    ------
    BadImage
        The file cannot be read.
    """
    image = decode(data)
    yield data
    if image.indices is not None or image.alpha is not None:
        return
    rng = np.random.default_rng(zlib.crc32(data))
    itself = image.pixels.squeeze() if image.container.lossless else None
    for crop in _crops(image.pixels, rng):
        if itself is None or not np.array_equal(crop, itself):
            yield _bitmap(crop)
        if rng.random() >= _JPEG:
            continue
        quality, sampling = int(rng.choice(_QUALITIES)), int(rng.choice(_SUBSAMPLINGS))
        yield encode(crop, Encoding("jpeg", quality=quality, subsampling=sampling))
    yield from _coefficient_crops(image, rng)


def _crops(pixels: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """(h, w, 3) or (h, w) crops of the picture as it is, and reduced."""
    picture = Pillow.fromarray(pixels if pixels.shape[2] == 3 else pixels[:, :, 0])
    for reduced in (False, True):
        if reduced:
            scale = rng.uniform(*_SCALES)
            size = max(1, int(picture.width * scale)), max(1, int(picture.height * scale))
            picture = picture.resize(
                size, Pillow.Resampling.LANCZOS if rng.random() < 0.5 else Pillow.Resampling.BICUBIC
            )
        samples = np.asarray(picture)
        for height, width, count in _CROPS:
            if samples.shape[0] < height or samples.shape[1] < width:
                continue
            free = [n - k + 1 for n, k in zip(samples.shape, (height, width), strict=False)]
            for place in rng.choice(free[0] * free[1], min(count, free[0] * free[1]), replace=False).tolist():
                y, x = divmod(place, free[1])
                crop = np.ascontiguousarray(samples[y : y + height, x : x + width])
                if crop.ndim == 3 and rng.random() < _GREY:
                    crop = np.asarray(Pillow.fromarray(crop).convert("L"))
                yield crop


def _bitmap(samples: np.ndarray) -> bytes:
    out = io.BytesIO()
    Pillow.fromarray(samples).save(out, "BMP")
    return out.getvalue()


def _coefficient_crops(image: Image, rng: np.random.Generator) -> Iterator[bytes]:
    """Crops of a JPEG file's blocks: its own tables and rounding, at other sizes."""
    sampling = _SAMPLINGS.get(image.container.sampling)
    if image.container.format != "jpeg" or sampling is None or image.container.mode not in ("RGB", "L"):
        return
    whole = image.coefficients
    tables = tuple(tuple(whole.qt[slot].reshape(-1).tolist()) for slot in dict.fromkeys(whole.qt_index))
    for height, width, count in _CROPS:
        rows, columns = height // 8, width // 8
        free = [(have - want) // _UNIT for have, want in zip(whole.y.shape, (rows, columns), strict=False)]
        if min(free) < 0 or whole.y.shape[:2] == (rows, columns):  # too small, or the file itself
            continue
        shape = (height, width) if whole.cb is None else (height, width, 3)
        black = encode(np.zeros(shape, np.uint8), Encoding("jpeg", subsampling=sampling, tables=tables))
        places = [tuple(_UNIT * int(rng.integers(n + 1)) for n in free) for _ in range(max(1, count - 1))]
        for y, x in dict.fromkeys(places):
            planes = {name: _part(getattr(whole, name), whole.y, y, x, rows, columns) for name in ("y", "cb", "cr")}
            try:
                yield write_coefficients(black, dataclasses.replace(whole, **planes))
            except (BadImage, StarlightError):  # a sampling that the encoder writes in another way
                return


def _part(plane: np.ndarray | None, luma: np.ndarray, y: int, x: int, rows: int, columns: int) -> np.ndarray | None:
    if plane is None:
        return None
    down, across = (round(n / k) for n, k in zip(luma.shape[:2], plane.shape[:2], strict=True))
    return plane[y // down : (y + rows) // down, x // across : (x + columns) // across]
