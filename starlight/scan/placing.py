"""Which split each cover falls to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from starlight.manifest import KINDS, STEGO_KINDS
from starlight.scan import splits
from starlight.scan.cover_groups import Covers
from starlight.scan.params import ScanParams
from starlight.scan.subjects import Subjects
from starlight.scan.submissions import Entry, year

__all__ = ["place_covers"]

_SETS = [frozenset(kind for k, kind in enumerate(KINDS) if bits >> k & 1) for bits in range(1 << len(KINDS))]

Home = tuple[bool, int, str]  # whether it is of tampering alone, year and name of a submission


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
        assigned, moved = splits.assign(
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
