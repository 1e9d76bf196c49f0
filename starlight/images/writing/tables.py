"""Quantisation tables of the JPEG encoders that people's pictures come from.

`tables.csv` holds what no quality of libjpeg gives: the steps that cameras, telephones, scanners and editors chose for
themselves. They are read out of the DQT segments of public pictures (collections drewnoakes/metadata-extractor-images,
ianare/exif-samples, and the test files of Exiv2 and Immich) and, for Photoshop's settings, of Pillow's
`JpegPresets`. Numbers alone: which program chose which steps is a fact about it.
"""

import csv
import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from starlight.errors import StarlightError

__all__ = ["SAMPLINGS", "STANDARD", "Tables", "known", "scaled"]

SAMPLINGS = ("4:4:4", "4:2:2", "4:2:0", "4:4:0")  # chroma at full size, half as wide, half each way, half as high
_FILE = Path(__file__).with_name("tables.csv")

Steps = tuple[int, ...]  # 64 in natural (row-major) order

STANDARD: tuple[Steps, Steps] = (  # ITU-T T.81, tables K.1 and K.2: luma, chroma
    (
        16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
        14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
        18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
        49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
    ),
    (
        17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
        24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
        *[99] * 32,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Tables:
    """What one make or program was seen to write.

    Attributes
    ----------
    make, model : str
        Of the camera, or the program; empty where the file does not say.
    source : str
        The public collection, or library, that the numbers were read from.
    samplings : tuple of str
        Chroma subsampling that the tables were seen with, the commonest first.
    luma, chroma : tuple of int
        64 steps in natural order.
    """

    make: str
    model: str
    source: str
    samplings: tuple[str, ...]
    luma: Steps
    chroma: Steps

    def __str__(self) -> str:
        return " ".join(part for part in (self.make, self.model) if part) or "unnamed"


@functools.cache
def known() -> tuple[Tables, ...]:
    """Tables of `tables.csv`, in its order."""
    with _FILE.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return tuple(
        Tables(
            row["make"], row["model"], row["source"], tuple(row["sampling"].split()),
            *(tuple(int(step) for step in row[name].split()) for name in ("luma", "chroma")),
        )
        for row in rows
    )  # fmt: skip


def scaled(table: Steps, quality: int) -> Steps:
    """Scale a table as libjpeg does: 50 leaves it, 100 makes all steps 1.

    Parameters
    ----------
    table : tuple of int
        64 steps.
    quality : int
        1 to 100.

    Returns
    -------
    tuple of int
        64 steps, 1 to 255.

    Raises
    ------
    StarlightError
        Quality out of range.

    Examples
    --------
    >>> scaled(STANDARD[0], 90)[:4]
    (3, 2, 2, 3)
    """
    if not 1 <= quality <= 100:
        raise StarlightError(f"JPEG quality {quality}: allowed are 1 to 100")
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    return tuple(np.clip((np.array(table) * percent + 50) // 100, 1, 255).tolist())
