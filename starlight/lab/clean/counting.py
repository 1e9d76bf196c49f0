"""False hits of the reader: what it finds in lossless images made from photographs, which hold nothing."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image as PillowImage

from starlight.errors import BadImage
from starlight.findings.finding import Finding
from starlight.findings.reading.reader import read
from starlight.images.image import decode
from starlight.images.image import read as read_image
from starlight.lab.clean.kinds import KINDS

__all__ = ["Counted", "count"]

_SIDES = (96, 320)  # pixels of a crop
_CROPS = 16  # of a photograph in turn
_FLAT, _LOOKED = 0.1, 8  # share of crops that are the flattest of so many: skies and walls


class Counted(NamedTuple):
    """One image that was read.

    Attributes
    ----------
    path : Path
        The photograph.
    kind : str
        Of `KINDS`.
    number : int
        Of the image, from 0 on.
    found : tuple of Finding
        What was taken for hidden.
    ms : float
        Milliseconds of CPU of the reading.
    """

    path: Path
    kind: str
    number: int
    found: tuple[Finding, ...]
    ms: float


def count(paths: Sequence[Path], *, seed: int, seconds: float) -> Iterator[Counted]:
    """Read images made from photographs, in a random order, for so many seconds of CPU.

    Parameters
    ----------
    paths : sequence of Path
        Photographs of any format. Files that cannot be read are left out.
    seed : int
    seconds : float
        Of the process, from now on.
    """
    rng, until = np.random.default_rng(seed), time.process_time() + seconds
    numbers = itertools.count()
    while True:
        readable = False
        for i in rng.permutation(len(paths)).tolist():
            try:
                image = read_image(paths[i])
            except BadImage:
                continue
            readable = True
            pixels = image.pixels if image.pixels.shape[2] == 3 else image.pixels.repeat(3, axis=2)
            for _ in range(_CROPS):
                kind = str(rng.choice(list(KINDS)))
                crop = _flattest(pixels, rng) if rng.random() < _FLAT else _crop(pixels, rng)
                made = decode(KINDS[kind](crop, rng))
                started = time.process_time()
                hidden = read(made).hidden
                yield Counted(paths[i], kind, next(numbers), hidden, 1e3 * (time.process_time() - started))
                if time.process_time() > until:
                    return
        if not readable:
            return


def _crop(pixels: np.ndarray, rng: np.random.Generator) -> PillowImage.Image:
    height, width = (min(int(rng.integers(*_SIDES)), n) for n in pixels.shape[:2])
    y, x = (int(rng.integers(0, n - m + 1)) for n, m in zip(pixels.shape[:2], (height, width), strict=True))
    return PillowImage.fromarray(np.ascontiguousarray(pixels[y : y + height, x : x + width]))


def _flattest(pixels: np.ndarray, rng: np.random.Generator) -> PillowImage.Image:
    return min((_crop(pixels, rng) for _ in range(_LOOKED)), key=lambda crop: np.asarray(crop)[::4, ::4].std())
