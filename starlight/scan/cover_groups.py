"""Which files come from one cover, what that cover is called, and which file is a stego or forged one's twin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from starlight.manifest import STEGO_KINDS
from starlight.scan.duplicates import UnionFind, near_pairs
from starlight.scan.facts import Facts
from starlight.scan.submissions import Entry, year

__all__ = ["Subject", "cover_ids", "twin_ids"]

_TWIN_DIFFERENCE = 2  # grey levels by which any cell of the 8x8 thumbnail of a twin may differ
_INDEXED_DIFFERENCE = 32  # mean of all cells: one bit of an index may mean quite another colour
_THUMB = 64  # cells of a thumbnail
_KIND_ORDER = {"clean": 0, "negative": 1, "authentic": 2, "forged": 3, "stego": 4}


@dataclass(frozen=True, slots=True)
class Subject:
    """A file that is an image: its entry, its sample_id and the facts of its content."""

    entry: Entry
    sample_id: str
    facts: Facts


def cover_ids(subjects: Sequence[Subject], distance: int) -> list[str]:
    """cover_id of every subject.

    United are: a stego or forged file and its clean file, files of one declared cover, equal pixels, and
    near-duplicates. The group takes its name from its eldest file: of the earliest submission, a clean one before
    others. That is the cover declared for it, else `c` and the hash of its pixels, so that neither renaming files nor
    adding a submission renames a cover. Forged images and what was made to go with them join such groups, but never
    make one of two: the data of one task are the same with and without those of the other.

    Parameters
    ----------
    subjects : sequence of Subject
    distance : int
        Of perceptual hashes, in bits; negative unites equal pixels only.
    """
    sets = UnionFind(len(subjects))
    first = [i for i, s in enumerate(subjects) if s.entry.kind in STEGO_KINDS]
    for i, j in _edges(subjects, first, distance):
        sets.union(i, j)
    if len(first) < len(subjects):
        settled = {sets.find(i) for i in first}
        for i, j in _edges(subjects, range(len(subjects)), distance):
            roots = {sets.find(i), sets.find(j)}
            if not roots <= settled:
                sets.union(i, j)
                if roots & settled:
                    settled.add(min(roots))
    eldest: dict[int, int] = {}
    for i in range(len(subjects)):
        root = sets.find(i)
        if root not in eldest or _age(subjects[i]) < _age(subjects[eldest[root]]):
            eldest[root] = i
    names = {root: subjects[i].entry.cover_name or f"c{subjects[i].facts.pixel_hash}" for root, i in eldest.items()}
    return [names[sets.find(i)] for i in range(len(subjects))]


def _edges(subjects: Sequence[Subject], chosen: Sequence[int], distance: int) -> Iterator[tuple[int, int]]:
    """Pairs among the chosen subjects that belong together."""
    by_path = {subjects[i].entry.path: i for i in chosen}
    first: dict[tuple[str, str], int] = {}
    for i in chosen:
        entry = subjects[i].entry
        yield i, first.setdefault(("pixels", subjects[i].facts.pixel_hash), i)
        if entry.cover_name:
            yield i, first.setdefault(("name", entry.cover_name), i)
        if entry.clean_path in by_path:
            yield i, by_path[entry.clean_path]
    for a, b in _near([subjects[i] for i in chosen], distance):
        yield chosen[int(a)], chosen[int(b)]


def _near(subjects: Sequence[Subject], distance: int) -> np.ndarray:
    """Near pairs, looked for among distinct pixels only."""
    first: dict[str, int] = {}
    for i, subject in enumerate(subjects):
        if subject.facts.phash >= 0:
            first.setdefault(subject.facts.pixel_hash, i)
    distinct = list(first.values())
    if not distinct:
        return np.zeros((0, 2), np.int64)
    hashes = np.array([subjects[i].facts.phash for i in distinct], np.uint64)
    raw = b"".join(bytes.fromhex(subjects[i].facts.thumb) for i in distinct)
    pairs = near_pairs(hashes, np.frombuffer(raw, np.uint8).reshape(-1, _THUMB), distance)
    return np.array(distinct, np.int64)[pairs] if len(pairs) else pairs


def _age(subject: Subject) -> tuple:
    entry = subject.entry
    unnamed = not entry.cover_name
    name = entry.cover_name or subject.facts.pixel_hash
    joined = entry.kind not in STEGO_KINDS
    return joined, year(entry.submission), entry.submission, unnamed, _KIND_ORDER[entry.kind], name


def twin_ids(subjects: Sequence[Subject]) -> list[str]:
    """sample_id of each stego or forged file's authentic twin, empty for other files and where there is none.

    A clean file is a twin when it is built alike (format, mode, size, quantisation tables, sampling) and shows the
    same picture; a clean original of another kind is a cover, but no twin. Of a forged file it need not show the same.
    """
    by_path: Mapping[str, Subject] = {s.entry.path: s for s in subjects if s.entry.kind in ("clean", "authentic")}
    twins = []
    for subject in subjects:
        made = subject.entry.kind in ("stego", "forged")
        clean = by_path.get(subject.entry.clean_path) if made else None
        twins.append(clean.sample_id if clean is not None and _alike(subject, clean.facts) else "")
    return twins


def _alike(subject: Subject, b: Facts) -> bool:
    a = subject.facts
    if (a.build, a.width, a.height) != (b.build, b.width, b.height):
        return False
    if subject.entry.kind == "forged":
        return True
    thumbs = [np.frombuffer(bytes.fromhex(f.thumb), np.uint8).astype(np.int16) for f in (a, b)]
    difference = np.abs(thumbs[0] - thumbs[1])
    return bool(difference.mean() <= _INDEXED_DIFFERENCE if a.indexed else difference.max() <= _TWIN_DIFFERENCE)
