"""Which covers are made, as what kind of file, and which techniques each carries: drawn once, before any image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from starlight.errors import StarlightError
from starlight.sample.covers.sizes import size
from starlight.sample.kinds import KINDS
from starlight.techniques import slow

__all__ = ["Item", "plan"]

_SOURCES = ("photo", "camera", "drawing")
_MOST_REPEATS = 4  # payloads of one technique in one cover


@dataclass(frozen=True)
class Item:
    """One cover to be made.

    Attributes
    ----------
    index : int
        Number of the cover; with the seed it decides everything about it.
    source : str
        A key of `covers.SOURCES`.
    kind : str
        A key of `carrier_kinds.KINDS`.
    height, width : int
        Pixels.
    techniques : tuple of str
        One stego file each; a name may come twice.
    """

    index: int
    source: str
    kind: str
    height: int
    width: int
    techniques: tuple[str, ...] = ()


def plan(
    seed: int,
    covers: int,
    counts: Mapping[str, int],
    *,
    shares: Sequence[float],
    smallest: int,
    largest: int,
    factor: float,
    adaptive_side: int,
) -> list[Item]:
    """Draw the covers and hand the techniques out.

    Covers are of the kinds that can carry any of the techniques.

    Parameters
    ----------
    seed : int
    covers : int
        Clean images.
    counts : mapping of str to int
        Stego images of each technique.
    shares : sequence of float
        Weights of photographs, camera scenes and drawings.
    smallest, largest : int
        Limits of a side in pixels.
    factor : float
        Of the sides that images have.
    adaptive_side : int
        Longest side that HILL, S-UNIWARD and WOW are given, in pixels: their cost maps take the most time. J-UNIWARD
        gets a little more.

    Returns
    -------
    list of Item
        In the order of their index.

    Raises
    ------
    StarlightError
        If no cover can carry a technique.
    """
    kinds = [name for name, kind in KINDS.items() if set(counts) & set(kind.techniques)]
    drawn = _kinds(seed, covers, kinds)
    items = [_item(seed, i, kind, shares, smallest, largest, factor) for i, kind in enumerate(drawn)]
    given: list[list[str]] = [[] for _ in items]
    for number, (technique, count) in enumerate(counts.items()):
        able = [i.index for i in items if _can(i, technique, adaptive_side)]
        if not able:
            raise StarlightError(f"sample.covers: {covers} are too few, none of them can carry {technique}")
        order = np.random.default_rng([seed, 3, number]).permutation(able)
        for index in np.resize(order, min(count, _MOST_REPEATS * len(able))):
            given[index].append(technique)
    return [replace(item, techniques=tuple(names)) for item, names in zip(items, given, strict=True)]


def _kinds(seed: int, covers: int, kinds: Sequence[str]) -> list[str]:
    """Fill the kinds by their shares, each at least once where there are enough covers, and shuffle."""
    shares = np.array([KINDS[name].share for name in kinds])
    exact = shares / shares.sum() * covers
    counts = np.maximum(np.floor(exact), covers >= len(kinds)).astype(int)
    while counts.sum() < covers:
        counts[np.argmax(exact - counts)] += 1
    while counts.sum() > covers:
        counts[np.argmax(counts)] -= 1
    names = np.repeat(kinds, counts)
    return np.random.default_rng([seed, 1]).permutation(names).tolist()


def _item(
    seed: int, index: int, kind: str, shares: Sequence[float], smallest: int, largest: int, factor: float
) -> Item:
    rng = np.random.default_rng([seed, 2, index])
    weights = np.array(shares, float)
    source = _SOURCES[int(rng.choice(len(_SOURCES), p=weights / weights.sum()))]
    return Item(index, source, kind, *size(rng, smallest=smallest, largest=largest, factor=factor))


def _can(item: Item, technique: str, adaptive_side: int) -> bool:
    share = slow(technique)
    if share is not None and max(item.height, item.width) > adaptive_side * share:
        return False
    return technique in KINDS[item.kind].techniques
