"""Kinds of forgery under one registry: each makes a forged picture and its mask from an authentic one."""

from collections.abc import Callable

import numpy as np

from starlight.errors import StarlightError
from starlight.sample.tampering.forging.copy_move import copy_move
from starlight.sample.tampering.forging.erase import erase
from starlight.sample.tampering.forging.shapes import LARGEST, SMALLEST
from starlight.sample.tampering.forging.splice import splice
from starlight.sample.tampering.pictures import sources
from starlight.sample.tampering.pictures.picture import Picture

__all__ = ["KINDS", "forge", "spread"]

_TRIES = 16  # regions drawn before the picture is given up
_LIKE = 0.6  # share of splices whose donor is of the same kind as the picture
_LEAST_CHANGE = 4.0  # mean absolute difference inside the mask, grey levels: less is no forgery that anybody sees
_LEAST_STRUCTURE = 3.0  # standard deviation of what is copied, grey levels: a copied piece of paper is no copy

Made = tuple[np.ndarray, np.ndarray] | None


Way = Callable[[Picture, np.random.Generator, Picture | None], Made]


def _copied(way: str) -> Way:
    return lambda picture, rng, _: copy_move(picture, rng, way)


def _spliced(way: str) -> Way:
    def made(picture: Picture, rng: np.random.Generator, donor: Picture | None) -> Made:
        if donor is None:
            like = picture.source in sources.SOURCES and rng.random() < _LIKE
            kind = picture.source if like else sources.draw(rng)
            donor = sources.make(kind, rng, f"donor-{rng.integers(0, 1 << 40):x}")
        return splice(picture, donor, rng, way) if donor.cover_id != picture.cover_id else None

    return made


KINDS: dict[str, tuple[float, Way]] = {
    "copy-move.shifted": (0.14, _copied("shifted")),
    "copy-move.turned": (0.12, _copied("turned")),
    "copy-move.mirrored": (0.10, _copied("mirrored")),
    "copy-move.scaled": (0.12, _copied("scaled")),
    "copy-move.soft": (0.12, _copied("soft")),
    "splice.hard": (0.08, _spliced("hard")),
    "splice.feathered": (0.08, _spliced("feathered")),
    "splice.poisson": (0.08, _spliced("poisson")),
    "erase.fill": (0.16, lambda picture, rng, _: erase(picture, rng)),
}


def spread(count: int) -> list[str]:
    """Share `count` forgeries out over the kinds by their weights."""
    shares = np.array([weight for weight, _ in KINDS.values()])
    exact = shares / shares.sum() * count
    counts = np.floor(exact).astype(int)
    for index in np.argsort(counts - exact, kind="stable")[: count - counts.sum()]:
        counts[index] += 1
    return np.repeat(list(KINDS), counts).tolist()


def forge(
    kind: str, picture: Picture, rng: np.random.Generator, *, donor: Picture | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Tamper with a picture.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    picture : Picture
    rng : numpy.random.Generator
    donor : Picture, optional
        What a splice is cut from; drawn anew at each try unless given.

    Returns
    -------
    pixels : uint8 (h, w, 3)
    mask : bool (h, w)
        0.2 to 20 % of the image; no pixel outside it differs from the picture's.

    Raises
    ------
    StarlightError
        The picture has no place for it: it is flat, or too small.
    """
    make = KINDS[kind][1]
    for _ in range(_TRIES):
        made = make(picture, rng, donor)
        if made is None or not SMALLEST <= made[1].mean() <= LARGEST:
            continue
        inside = made[0][made[1]].astype(np.float32)
        change = np.abs(inside - picture.pixels[made[1]]).mean()
        structure = inside.mean(axis=1).std() if kind.startswith("copy-move") else np.inf
        if change >= _LEAST_CHANGE and structure >= _LEAST_STRUCTURE:
            return made
    raise StarlightError(f"tampering: {kind} finds no place in {picture.cover_id}")
