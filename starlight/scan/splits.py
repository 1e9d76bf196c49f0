"""Train, validation and test: by cover, by hash, and the same when data are added."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

import numpy as np

from starlight.manifest import KINDS, STEGO_KINDS
from starlight.scan.cover_groups import Covers
from starlight.scan.params import ScanParams
from starlight.scan.subjects import Subjects
from starlight.scan.submissions import Entry, year

__all__ = ["SPLITS", "assign", "place", "place_covers"]

SPLITS = ("train", "val", "test")
_ENOUGH = 3  # covers of a kind from which every split can have one
_SETS = [frozenset(kind for k, kind in enumerate(KINDS) if bits >> k & 1) for bits in range(1 << len(KINDS))]

Home = tuple[bool, int, str]  # whether it is of tampering alone, year and name of a submission


def place(seed: int, cover_id: str) -> float:
    """Where a cover falls in [0, 1): test lies at the lower end, then validation, then training."""
    digest = hashlib.sha256(f"{seed}:{cover_id}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def assign(
    covers: Mapping[str, Collection[str]], *, seed: int, test_fraction: float, val_fraction: float
) -> tuple[dict[str, str], list[str]]:
    """Split of every cover of one submission.

    A cover's split depends on its name and the seed alone, so new covers move no old one, and the fractions hold for
    every kind as they do for coin tosses. Where chance leaves a kind with at least three covers out of a split, the
    cover that lies nearest to that split moves there, and only that one. As each submission is split by itself, a new
    one never moves a cover of an old one.

    Parameters
    ----------
    covers : mapping
        cover_id to the kinds that were made from it (`clean`, `stego`, ...).
    seed : int
    test_fraction, val_fraction : float
        Of all covers.

    Returns
    -------
    splits : dict
        cover_id to `train`, `val` or `test`.
    notes : list of str
        What was moved.
    """
    bounds = {"test": (0.0, test_fraction), "val": (test_fraction, test_fraction + val_fraction)}
    bounds["train"] = (test_fraction + val_fraction, 1.0)
    splits = {cover: _split_of(place(seed, cover), bounds) for cover in covers}
    wanted = [name for name in ("test", "val", "train") if bounds[name][1] > bounds[name][0]]
    notes = []
    for kind in sorted({kind for of in covers.values() for kind in of}):
        members = sorted(cover for cover, of in covers.items() if kind in of)
        for split in wanted:
            if any(splits[cover] == split for cover in members):
                continue
            moved = _nearest(members, covers, splits, seed, bounds[split]) if len(members) >= _ENOUGH else None
            if moved is None:
                continue
            notes.append(f"split {split} had no {kind} images by hash: cover {moved} moved there from {splits[moved]}")
            splits[moved] = split
    return splits, notes


def _split_of(spot: float, bounds: Mapping[str, tuple[float, float]]) -> str:
    return next((name for name, (low, high) in bounds.items() if low <= spot < high), "train")


def _nearest(
    members: list[str],
    kinds: Mapping[str, Collection[str]],
    splits: Mapping[str, str],
    seed: int,
    bound: tuple[float, float],
) -> str | None:
    """The member nearest to a split, of those that leave no kind behind without one."""
    counts = Counter((splits[cover], kind) for cover, of in kinds.items() for kind in of)
    spare = [cover for cover in members if all(counts[splits[cover], kind] > 1 for kind in kinds[cover])]
    low, high = bound

    def distance(cover: str) -> float:
        spot = place(seed, cover)
        return max(low - spot, spot - high, 0.0)

    return min(spare, key=lambda cover: (distance(cover), cover), default=None)


def place_covers(subjects: Subjects, covers: Covers, params: ScanParams, seed: int) -> tuple[list[str], list[str]]:
    """Split of every cover that has usable files; each belongs to the earliest submission that has it.

    Where there are files of the task stego, to the earliest that has such. The kinds that a cover counts for are those
    of its files there, so that nothing added elsewhere moves it.

    Parameters
    ----------
    subjects : Subjects
    covers : Covers
        Of these.
    params : ScanParams
    seed : int

    Returns
    -------
    split : list of str
        Of each of the covers' names, empty where it has no usable file.
    notes : list of str
        What was moved.
    """
    homes = sorted({_home(entry) for entry in subjects.entries() if not entry.reason})
    home, kinds = _homes_and_kinds(subjects, covers, {h: rank for rank, h in enumerate(homes)})
    split, notes = [""] * len(covers.names), []
    for when, name in sorted({h[1:] for h in homes}):
        ranks = [rank for rank, h in enumerate(homes) if h[1:] == (when, name)]
        own = sorted(np.flatnonzero(np.isin(home, ranks)).tolist(), key=covers.names.__getitem__)
        assigned, moved = assign(
            {covers.names[c]: _SETS[kinds[c]] for c in own},
            seed=seed, test_fraction=params.test_fraction, val_fraction=params.val_fraction,
        )  # fmt: skip
        for c in own:
            split[c] = assigned[covers.names[c]]
        notes += [f"{name}: {note}" for note in moved]
    return split, notes


def _homes_and_kinds(subjects: Subjects, covers: Covers, rank: Mapping[Home, int]) -> tuple[np.ndarray, np.ndarray]:
    """Rank of each cover's home, and the kinds of its files in that submission as bits; past the last without any."""
    home = np.full(len(covers.names), len(rank), np.int64)
    for entry, c in _usable(subjects, covers):
        home[c] = min(home[c], rank[_home(entry)])
    names = [h[2] for h in rank]
    kinds = np.zeros(len(covers.names), np.uint8)
    for entry, c in _usable(subjects, covers):
        if entry.submission == names[home[c]]:
            kinds[c] |= 1 << KINDS.index(entry.kind)
    return home, kinds


def _usable(subjects: Subjects, covers: Covers) -> Iterator[tuple[Entry, int]]:
    return ((entry, int(c)) for entry, c in zip(subjects.entries(), covers.of, strict=True) if not entry.reason)


def _home(entry: Entry) -> Home:
    return entry.kind not in STEGO_KINDS, year(entry.submission), entry.submission
