"""The pictures of the bench by size: parts of real photographs, each with payloads and without.

A part of a JPEG photograph is cut out with its coefficients as they are, so that what a camera wrote is judged, not
what an encoder here made of it. Techniques in samples get the decoded part, as of somebody who converts a photograph.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image as PillowImage

from starlight.errors import BadImage, StarlightError
from starlight.images.image import decode
from starlight.images.jpeg.io import read_coefficients, write_coefficients
from starlight.images.writing.encode import Encoding, encode
from starlight.images.writing.jpeg_crop import crop
from starlight.sample.covers.photos import folder_photographs, is_jpeg
from starlight.techniques import get

__all__ = ["METHODS", "SIZES", "Method", "Part", "Photograph", "Plan", "chosen", "files", "part"]

SIZES = (0.06, 0.25, 1.0, 3.0, 12.0)  # megapixels
_SHARE = 0.75  # of a size that a photograph must have: nine megapixels stand for twelve
_UNIT = 16  # pixels: whole blocks at the samplings that cameras use
_PNG = Encoding("png", level=1)


class Method(NamedTuple):
    """A technique, its rate in its own unit, and the largest size, in megapixels, at which it is quick enough."""

    technique: str
    rate: float
    largest: float


METHODS = (
    Method("lsbr", 0.05, math.inf),
    Method("lsbm", 0.2, math.inf),
    Method("hill", 0.4, 1.0),
    Method("f5", 0.2, math.inf),
    Method("nsf5", 0.2, math.inf),
    Method("juniward", 0.4, 1.0),
    Method("uerd", 0.2, 1.0),
    Method("outguess", 0.25, 3.0),
    Method("steghide", 0.25, 3.0),
)


@dataclass(frozen=True)
class Plan:
    """Size of a run.

    Attributes
    ----------
    counts : tuple of int
        Photographs at each of `SIZES`; fewer where the folder has no more.
    seed : int
    workers : int
        Processes.
    """

    counts: tuple[int, ...]
    seed: int
    workers: int = 1


class Photograph(NamedTuple):
    """A JPEG photograph: its path, its name for people, and its width and height in pixels."""

    path: Path
    name: str
    width: int
    height: int


class Part(NamedTuple):
    """A part of a photograph: a JPEG file of its own, or the samples of one."""

    jpeg: bytes
    seed: int


def chosen(folder: Path, plan: Plan) -> list[tuple[float, Photograph]]:
    """Draw photographs for every size; one that is large enough for several serves for them all.

    Parameters
    ----------
    folder : Path
    plan : Plan

    Returns
    -------
    list of (float, Photograph)
        Size in megapixels and photograph.

    Raises
    ------
    StarlightError
        The folder holds no JPEG photograph that blocks can be cut out of.
    """
    found = [one for name in folder_photographs(folder) if is_jpeg(name) and (one := _measured(Path(name), folder))]
    drawn = [found[i] for i in np.random.default_rng(plan.seed).permutation(len(found))]
    drawn.sort(key=lambda one: -max((size for size in SIZES if _large_enough(one, size)), default=0))
    work = []
    for size, count in zip(SIZES, plan.counts, strict=True):
        usable = (one for one in drawn if _large_enough(one, size) and _cut_out(one.path))
        work += [(size, one) for one in islice(usable, count)]
    if not work:
        raise StarlightError(f"{folder}: no JPEG photograph to cut parts out of")
    return work


def _measured(path: Path, folder: Path) -> Photograph | None:
    try:
        with PillowImage.open(path) as image:
            return Photograph(path, path.relative_to(folder).as_posix(), *image.size)
    except (OSError, PillowImage.DecompressionBombError):
        return None


@functools.cache
def _cut_out(path: Path) -> bool:
    """Whether blocks can be cut out of a file."""
    try:
        crop(path.read_bytes(), (0, 0), _UNIT, _UNIT)
    except BadImage:
        return False
    return True


def _large_enough(one: Photograph, size: float) -> bool:
    return one.width * one.height >= _SHARE * size * 1e6


def part(photograph: Photograph, size: float, seed: int) -> Part:
    """Cut a part of a size and of the photograph's own proportions out, at a place drawn from the seed."""
    rng = np.random.default_rng([seed, round(100 * size)])
    scale = min(1.0, math.sqrt(size * 1e6 / (photograph.width * photograph.height)))
    height, width = (max(_UNIT, int(side * scale) // _UNIT * _UNIT) for side in (photograph.height, photograph.width))
    place = (float(rng.random()), float(rng.random()))
    return Part(crop(photograph.path.read_bytes(), place, height, width), int(rng.integers(2**31)))


def files(cut: Part, size: float, methods: Sequence[Method] = METHODS) -> Iterator[tuple[str, Method | None, bytes]]:
    """Write the files that are judged, one after the other.

    Yields
    ------
    carrier : str
        `samples` or `jpeg`.
    method : Method or None
        None for the payload-free twin, which comes first: the same samples or coefficients by the same encoder.
    data : bytes
        A method that finds no room in this part is left out.
    """
    samples = decode(cut.jpeg).pixels
    covers = {"samples": samples[..., 0] if samples.shape[2] == 1 else samples, "jpeg": read_coefficients(cut.jpeg)}
    for carrier, cover in covers.items():
        yield carrier, None, _written(cover, carrier, cut)
        for method in methods:
            module = get(method.technique)
            if carrier != module.CARRIER or size > method.largest:
                continue
            try:
                stego = module.embed(cover, method.rate, seed=cut.seed)
            except StarlightError:  # a part without texture has no room
                continue
            yield carrier, method, _written(stego, carrier, cut)


def _written(cover, carrier: str, cut: Part) -> bytes:
    return encode(cover, _PNG) if carrier == "samples" else write_coefficients(cut.jpeg, cover)
