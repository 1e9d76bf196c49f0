"""Which arrays of samples of an image may hold a payload."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from starlight.images.deep import low_bytes
from starlight.images.frames import further_frames
from starlight.images.image import Image
from starlight.streams.readable.scan_orders import stores_samples

__all__ = ["Plane", "planes"]

_FRAMES = 64  # further frames and pages that are searched
_FEWEST = 64  # pixels of a plane that is searched
_LETTERS = {1: "k", 3: "rgb", 4: "rgba"}


@dataclass(frozen=True)
class Plane:
    """Samples that a payload may be written into.

    Attributes
    ----------
    name : str
        For people: `of the colours`, `of alpha`, `of the palette's indices`.
    technique : str
        The nearest of `starlight.techniques.TECHNIQUES`.
    letters : str
        One for each channel: r, g, b; a for alpha, k for grey, i for an index.
    samples : (height, width, channels) uint8
    group : str
        Equal for planes whose samples are partly the same.
    joint : bool
        Colours with their alpha: only orders that take alpha along with colours are of interest.
    """

    name: str
    technique: str
    letters: str
    samples: np.ndarray
    group: str = ""
    joint: bool = False


def planes(image: Image) -> Iterator[Plane]:
    """All planes of an image, of its further frames and pages, and of what no viewer shows.

    None over colours that a lossy codec made up.
    """
    yield from _of_frame(image, "")
    for number, frame in further_frames(image, _FRAMES):
        yield from _of_frame(frame, f" of frame {number + 1}")


def _of_frame(image: Image, where: str) -> Iterator[Plane]:
    for plane in _stored(image, where):
        if plane.samples.shape[0] * plane.samples.shape[1] >= _FEWEST:
            yield plane


def _stored(image: Image, where: str) -> Iterator[Plane]:
    alpha = image.alpha
    varied = alpha is not None and image.indices is None and alpha.min() != alpha.max()
    if image.indices is not None:
        yield Plane(f"of the indices{where}", "palette", "i", image.indices[:, :, None], where)
        if not where and len(image.palette):
            yield Plane("of the palette", "palette", "rgb", image.palette[None], "palette")
    elif stores_samples(image):
        channels = image.pixels.shape[2]
        yield Plane(("of the colours" if channels == 3 else "of grey") + where, "lsb.rgb", _LETTERS[channels],
                    image.pixels, where)  # fmt: skip
        if varied:
            yield from _with_alpha(image.pixels, alpha, where)
        if not where:
            yield from _low(image)
    if varied:
        yield Plane(f"of alpha{where}", "alpha", "a", alpha[:, :, None], where)


def _with_alpha(pixels: np.ndarray, alpha: np.ndarray, where: str) -> Iterator[Plane]:
    if pixels.shape[2] == 3:
        both = np.concatenate([pixels, alpha[:, :, None]], axis=2)
        yield Plane(f"of colours and alpha{where}", "lsb.rgb", "rgba", both, where, joint=True)
    unseen = pixels[alpha == 0]
    if len(unseen) >= _FEWEST and (unseen != unseen[0]).any():
        yield Plane(f"of transparent pixels{where}", "lsb.rgb", _LETTERS[pixels.shape[2]], unseen[None],
                    f"transparent{where}")  # fmt: skip


def _low(image: Image) -> Iterator[Plane]:
    low = low_bytes(image)
    if low is None:
        return
    if low.shape[2] in (2, 4):
        yield Plane("of alpha's low bytes", "alpha", "a", low[:, :, -1:], "low bytes")
        low = low[:, :, :-1]
    yield Plane("of the low bytes", "lsb.rgb", _LETTERS[low.shape[2]], low, "low bytes")
