"""False hits of the reader: what it finds in lossless images made from photographs, which hold nothing."""

from __future__ import annotations

import io
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageOps

from starlight.errors import BadImage
from starlight.findings.finding import Finding
from starlight.findings.reading.reader import read
from starlight.images.image import decode
from starlight.images.image import read as read_image

__all__ = ["KINDS", "Counted", "count"]

_SIDES = (96, 420)  # pixels of a crop
_CROPS = 4  # of a photograph in turn


class Counted(NamedTuple):
    """One image that was read.

    Attributes
    ----------
    name : str
        File, kind and number.
    found : tuple of Finding
        What was taken for hidden.
    ms : float
        Milliseconds of CPU of the reading.
    """

    name: str
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
    for number in itertools.count():
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
                made = decode(KINDS[kind](_crop(pixels, rng), rng))
                started = time.process_time()
                hidden = read(made).hidden
                yield Counted(f"{paths[i].name}:{kind}:{number}", hidden, 1e3 * (time.process_time() - started))
                if time.process_time() > until:
                    return
        if not readable:
            return


def _crop(pixels: np.ndarray, rng: np.random.Generator) -> PillowImage.Image:
    height, width = (min(int(rng.integers(*_SIDES)), n) for n in pixels.shape[:2])
    y, x = (int(rng.integers(0, n - m + 1)) for n, m in zip(pixels.shape[:2], (height, width), strict=True))
    return PillowImage.fromarray(np.ascontiguousarray(pixels[y : y + height, x : x + width]))


def _png(image: PillowImage.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _bmp(image: PillowImage.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "BMP")
    return buffer.getvalue()


def _scaled(factor: float, how: PillowImage.Resampling) -> Callable:
    def make(image: PillowImage.Image, _: np.random.Generator) -> bytes:
        return _bmp(image.resize(tuple(max(32, round(n * factor)) for n in image.size), how))

    return make


def _scan(image: PillowImage.Image, _: np.random.Generator) -> bytes:
    return _png(image.convert("1"))


def _indexed(image: PillowImage.Image, rng: np.random.Generator) -> bytes:
    return _png(
        image.quantize(int(rng.choice([4, 16, 64, 128, 256])), dither=PillowImage.Dither(int(rng.choice([0, 3]))))
    )


def _gif(image: PillowImage.Image, rng: np.random.Generator) -> bytes:
    buffer = io.BytesIO()
    image.quantize(int(rng.choice([32, 256]))).save(buffer, "GIF")
    return buffer.getvalue()


def _transparent(image: PillowImage.Image, rng: np.random.Generator) -> bytes:
    grey = np.asarray(image.convert("L"))
    ramp = np.add.outer(np.arange(image.height), np.arange(image.width)).astype(np.uint8)
    alphas = (grey, np.where(grey > 128, 255, 0).astype(np.uint8), ramp, grey // 16 * 16)
    out = image.convert("RGBA")
    out.putalpha(PillowImage.fromarray(alphas[int(rng.integers(len(alphas)))]))
    return _png(out)


def _levels(image: PillowImage.Image, rng: np.random.Generator) -> bytes:
    factor = float(rng.uniform(0.4, 1.6))
    return _bmp(image.point(lambda value: min(255, int(value * factor))))


KINDS: dict[str, Callable[[PillowImage.Image, np.random.Generator], bytes]] = {
    "crop": lambda image, _: _bmp(image),
    "mirrored": lambda image, _: _bmp(ImageOps.mirror(image)),
    "turned": lambda image, _: _bmp(image.transpose(PillowImage.Transpose.TRANSPOSE)),
    "halved": _scaled(0.5, PillowImage.Resampling.LANCZOS),
    "nearest": _scaled(0.67, PillowImage.Resampling.NEAREST),
    "enlarged": _scaled(1.5, PillowImage.Resampling.BICUBIC),
    "grey": lambda image, _: _bmp(image.convert("L")),
    "scan": _scan,
    "indexed": _indexed,
    "gif": _gif,
    "posterised": lambda image, rng: _bmp(ImageOps.posterize(image, int(rng.integers(1, 7)))),
    "levels": _levels,
    "transparent": _transparent,
}
