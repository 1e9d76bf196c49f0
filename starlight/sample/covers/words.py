"""Words and sentences for drawn covers and text payloads."""

import numpy as np

__all__ = ["COMMON", "sentence", "word"]

_COMMON = (
    "the of and to in is that for it as was with be by on not he his but at are this have from or had an they "
    "which one you were all her she there would their we him been has when who will no more if out so up said "
    "what its about than into them can only other time new some could these two may first then do any like my now "
    "over such our man me even most made after also did many off before must well back through years much where "
    "your way down should because long each just state those people too mister how little good world make very "
    "year still see own work men day get here between both life being under three never know same last another "
    "while us might great go come since against right came take used himself few house use place during high "
    "without again home around small however found part school river garden letter signal harbor winter number "
    "system yellow market window engine planet coffee copper bridge"
)
_ONSETS = "b c d f g h j k l m n p r s t v w br ch cl cr dr fl gr pl pr sh sl sp st th tr"
_NUCLEI = "a e i o u ai ea ee io oo ou"
COMMON = tuple(_COMMON.split())
_ONSET_LIST, _NUCLEUS_LIST = _ONSETS.split(), _NUCLEI.split()
_CODAS = ["", "", "", "n", "r", "s", "t", "l", "m", "nd", "rk", "st", "ng"]


def word(rng: np.random.Generator) -> str:
    """Make up a pronounceable word."""
    parts = rng.integers(1, 4)
    picks = [(rng.choice(_ONSET_LIST), rng.choice(_NUCLEUS_LIST), rng.choice(_CODAS)) for _ in range(parts)]
    return "".join("".join(p) for p in picks).replace("it", "in")  # the rude ones have it


def sentence(rng: np.random.Generator, length: int) -> str:
    """Write plain English-like sentences of at least `length` characters."""
    count = length // 4 + 6
    picks = rng.integers(0, len(COMMON), count)
    stops = rng.random(count) < 0.09
    text, start = [], True
    for i, stop in zip(picks, stops, strict=True):
        item = COMMON[i].capitalize() if start else COMMON[i]
        text.append(item + ("." if stop else ""))
        start = bool(stop)
    out = " ".join(text)
    return out if len(out) >= length else out + " " + sentence(rng, length - len(out))
