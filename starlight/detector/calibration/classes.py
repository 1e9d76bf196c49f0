"""Classes of pictures: what a picture is decides what is surprising in it.

A class is a kind of picture, how it is stored, and for photographs its size. Few and robust ones: a regression of
location and scale of the log-odds on the facts did worse than no condition at all. Photographs that were JPEG files
before have classes of their own: their coding took away the noise that resembles a payload, so that next to none of
them looks like stego, and embedding leaves its grid of blocks where it is.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from starlight.images.picture import FACTS

__all__ = ["CLASSES", "DECODED", "LOSSLESS", "picture_class", "stand_ins"]

_TINY = 12_000  # pixels under which next to nothing can be told
_SIZES = {"to 0.1 M": 1 << 17, "to 0.5 M": 1 << 19, "to 2 M": 1 << 21, "to 8 M": 1 << 23}  # carriers of a payload
_LARGEST = "over 8 M"
_FLAT = 0.95  # share of flat places from which a picture counts as flat
_TURNS = 0.06  # share of undone steps under which a picture has no noise that a camera, a scanner or a film leaves
_REPEATED = 0.3  # share of small patches that repeat exactly from which there is no such noise, either
_FINE = 1.5  # log2 of the mean quantisation step under which steps are ones and twos
_UNLIKE = 0.05  # octaves from libjpeg's tables from which tables are a maker's own
_GRID = 4.0  # standard errors by which a grid of blocks stands out, from which samples were a JPEG file's
LOSSLESS, DECODED = "lossless", "lossless from jpeg"
_OWN = "jpeg with tables of its own"
_ALL_SIZES = (*_SIZES, _LARGEST)
_PHOTOGRAPHS = tuple(
    ", ".join(parts) for parts in itertools.product(["photograph"], [LOSSLESS, DECODED, "jpeg", _OWN], _ALL_SIZES)
)
_OTHERS = tuple(", ".join(parts) for parts in itertools.product(["drawing", "flat", "tiny"], [LOSSLESS, "jpeg"]))
CLASSES = ("indexed", "lossy", *_OTHERS, *_PHOTOGRAPHS)


def picture_class(facts: np.ndarray) -> str:
    """Class of an image.

    Parameters
    ----------
    facts : (d,)
        As `starlight.images.picture.facts` gives them.

    Returns
    -------
    str
        One of `CLASSES`. Sizes are millions of carriers: samples of all channels where pixels are stored without loss,
        pixels elsewhere.
    """
    known = dict(zip(FACTS, np.asarray(facts, float).tolist(), strict=True))
    if known["indexed"]:
        return "indexed"
    if not known["jpeg"] and not known["lossless"]:
        return "lossy"
    stored = "jpeg" if known["jpeg"] else LOSSLESS
    if known["pixels"] < np.log2(_TINY):
        return f"tiny, {stored}"
    if known["flat"] > _FLAT:
        return f"flat, {stored}"
    if known["turns"] < _TURNS or known["repeats"] > _REPEATED:
        return f"drawing, {stored}"
    carriers = 2.0 ** known["pixels" if known["jpeg"] else "samples"]
    size = next((name for name, limit in _SIZES.items() if carriers <= limit), _LARGEST)
    if known["jpeg"] and (known["step"] < _FINE or known["unlike_libjpeg"] > _UNLIKE):
        stored = _OWN
    if not known["jpeg"] and known["grid"] > _GRID:
        stored = DECODED
    return f"photograph, {stored}, {size}"


def stand_ins(name: str) -> Iterator[str]:
    """The class itself, then those whose thresholds hold for it too where it has none of its own, the best first.

    Statistics scatter less the more samples they are taken of: for photographs these are smaller ones, largest first.
    For flat pictures they are drawings, which are flat in most places; for photographs from JPEG files all others.
    """
    yield name
    if name.startswith("flat, "):
        yield name.replace("flat", "drawing")
    if name in _PHOTOGRAPHS:
        at = _PHOTOGRAPHS.index(name)
        yield from reversed(_PHOTOGRAPHS[at - at % len(_ALL_SIZES) : at])
    if DECODED in name:
        yield from stand_ins(name.replace(DECODED, LOSSLESS))
