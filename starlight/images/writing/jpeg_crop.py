"""A smaller JPEG file out of a large one without recompression: blocks are cut out, their coefficients stay.

What a camera made of its scene (its steps, its noise, its sharpening) is then in the cover as it was, which no
encoder given decompressed pixels could bring back.
"""

from dataclasses import replace

import numpy as np

from starlight.errors import BadImage
from starlight.images.containers import parse
from starlight.images.jpeg.coefficients import Coefficients
from starlight.images.jpeg.io import read_coefficients, write_coefficients
from starlight.images.writing import jpeg_libraries
from starlight.images.writing.tables import SAMPLINGS

__all__ = ["crop"]

_UNIT = {"grey": (8, 8), "4:4:4": (8, 8), "4:2:2": (8, 16), "4:2:0": (16, 16), "4:4:0": (16, 8)}  # height, width


def crop(data: bytes, place: tuple[float, float], height: int, width: int) -> bytes:
    """Cut a region out of a JPEG file.

    Parameters
    ----------
    data : bytes
        The file; its metadata are left behind.
    place : (float, float)
        Where the region lies, 0 top or left, 1 bottom or right.
    height, width : int
        Pixels wanted: rounded down to whole units of the sampling, and to what the file has.

    Returns
    -------
    bytes
        Sequential, with a JFIF header.

    Raises
    ------
    BadImage
        No JPEG, smaller than a unit, or of a kind that cameras do not write: black as a fourth component, a sampling
        that is not in `SAMPLINGS`, a table of its own for each chroma component, steps over 255.
    """
    whole, container = read_coefficients(data), parse(data)
    unit = _UNIT.get(container.sampling)
    slots = whole.qt_index
    if unit is None or container.mode == "CMYK" or whole.qt.max() > 255 or len({*slots[1:]}) > 1:
        raise BadImage(f"JPEG {container.mode} {container.sampling}: not one whose blocks are cut out")
    sides = [min(want, have) // u for want, have, u in zip((height, width), _size(container), unit, strict=True)]
    if min(sides) < 1:
        raise BadImage("JPEG smaller than one unit of its sampling")
    spare = [have // u - n for have, u, n in zip(_size(container), unit, sides, strict=True)]
    first = [round(at * most) for at, most in zip(place, spare, strict=True)]
    part = _part(whole, first, sides, unit)
    shape = tuple(n * u for n, u in zip(sides, unit, strict=True))
    return write_coefficients(_blank(whole, container.sampling, shape), part)


def _size(container) -> tuple[int, int]:
    return container.height, container.width


def _part(whole: Coefficients, first: list[int], sides: list[int], unit: tuple[int, int]) -> Coefficients:
    def cut(blocks: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        rows, columns = (slice(a * s, (a + n) * s) for a, n, s in zip(first, sides, size, strict=True))
        return np.ascontiguousarray(blocks[rows, columns])

    luma = cut(whole.y, (unit[0] // 8, unit[1] // 8))
    chroma = {name: cut(getattr(whole, name), (1, 1)) for name in ("cb", "cr") if getattr(whole, name) is not None}
    return replace(whole, y=luma, **chroma)


def _blank(whole: Coefficients, sampling: str, shape: tuple[int, int]) -> bytes:
    """A file of these tables and this sampling, for coefficients to be written into."""
    tables = tuple(tuple(whole.qt[slot].ravel().tolist()) for slot in whole.qt_index[:2])
    samples = np.full(shape if whole.cb is None else (*shape, 3), 128, np.uint8)
    chosen = sampling if sampling in SAMPLINGS else SAMPLINGS[0]
    return jpeg_libraries.encode(samples, tables, library="turbo210", sampling=chosen)
