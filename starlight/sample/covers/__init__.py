"""Cover sources under one registry; each makes an image without payload from a seed."""

from collections.abc import Callable, Sequence

import numpy as np

from starlight.sample.covers import camera, drawings, photos, processing
from starlight.sample.covers.cover import Cover, as_uint8, luma

__all__ = ["SOURCES", "Cover", "grey", "make", "photograph"]

_MIN_FACTOR = 0.6  # photographs are enlarged by at most 1 / 0.6

Source = Callable[[np.random.Generator, int, int, str], Cover]


def photograph(
    rng: np.random.Generator, height: int, width: int, number: str, *, names: Sequence[str] | None = None
) -> Cover:
    """Cut, scale and process a photograph.

    Parameters
    ----------
    rng : numpy.random.Generator
    height, width : int
        Pixels.
    number : str
        Unused: the photograph's name is the cover_id.
    names : sequence of str, optional
        Photographs to choose from; the packaged ones that are large enough unless told.

    Returns
    -------
    Cover
        Grey, shape (height, width), where the photograph is.
    """
    packaged = photos.names_of_size(int(max(height, width) * _MIN_FACTOR))
    chosen = names or packaged
    if not chosen:
        return camera.shoot(rng, height, width, f"camera/{number}")
    pixels, cover_id = photos.load(chosen[int(rng.integers(0, len(chosen)))])
    if min(pixels.shape[:2]) < min(height, width) * _MIN_FACTOR:  # a user's small picture
        height, width = pixels.shape[:2]
    notes = []
    if rng.random() < 0.15 and min(pixels.shape[:2]) >= 2 * max(height, width):
        pixels, note = processing.jpeg_roundtrip(pixels, rng)
        notes.append(note)
    for step in (lambda p, r: processing.crop_and_scale(p, r, height, width), processing.orient, processing.chain):
        pixels, note = step(pixels, rng)
        notes.append(note)
    return Cover(pixels, cover_id, "; ".join(n for n in notes if n))


def make(source: str, rng: np.random.Generator, height: int, width: int, number: str) -> Cover:
    """Make a cover of one of `SOURCES`.

    Parameters
    ----------
    source : str
    rng : numpy.random.Generator
    height, width : int
        Pixels.
    number : str
        Makes the cover_id of what is not a photograph unique.

    Returns
    -------
    Cover
    """
    return SOURCES[source](rng, height, width, number)


def grey(cover: Cover) -> Cover:
    """Reduce a cover to one channel."""
    if cover.pixels.ndim == 2:
        return cover
    return Cover(as_uint8(luma(cover.pixels)), cover.cover_id, f"{cover.processing}; grey")


def _shot(rng: np.random.Generator, height: int, width: int, number: str) -> Cover:
    cover = camera.shoot(rng, height, width, f"camera/{number}")
    pixels, note = processing.chain(cover.pixels, rng, most=2)
    return Cover(pixels, cover.cover_id, f"{cover.processing}; {note}".removesuffix("; "))


def _drawn(rng: np.random.Generator, height: int, width: int, number: str) -> Cover:
    cover = drawings.draw(rng, height, width, f"drawing/{number}")
    if rng.random() < 0.6:
        return cover
    pixels, note = processing.chain(cover.pixels, rng, most=1)
    return Cover(pixels, cover.cover_id, f"{cover.processing}; {note}".removesuffix("; "))


SOURCES: dict[str, Source] = {"photo": photograph, "camera": _shot, "drawing": _drawn}
