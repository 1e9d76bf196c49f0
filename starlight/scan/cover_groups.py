"""Which files come from one cover, what that cover is called, and which file is a stego or forged one's twin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from starlight.manifest import STEGO_KINDS
from starlight.scan.duplicates import UnionFind, near_pairs
from starlight.scan.facts import Facts
from starlight.scan.subjects import Subject, Subjects
from starlight.scan.submissions import Entry, year

__all__ = ["Covers", "cover_ids", "twin_ids"]

_TWIN_DIFFERENCE = 2  # grey levels by which any cell of the 8x8 thumbnail of a twin may differ
_INDEXED_DIFFERENCE = 32  # mean of all cells: one bit of an index may mean quite another colour
_KIND_ORDER = {"clean": 0, "negative": 1, "authentic": 2, "forged": 3, "stego": 4}


class Covers(NamedTuple):
    """Names of covers, each once, and which of them each subject has, int32 (n,)."""

    names: list[str]
    of: np.ndarray


def cover_ids(subjects: Subjects, distance: int) -> Covers:
    """cover_id of every subject.

    United are: a stego or forged file and its clean file, files of one declared cover, equal pixels, and
    near-duplicates. The group takes its name from its eldest file: of the earliest submission, a clean one before
    others. That is the cover declared for it, else `c` and the hash of its pixels, so that neither renaming files nor
    adding a submission renames a cover. Forged images and what was made to go with them join such groups, but never
    make one of two: the data of one task are the same with and without those of the other.

    Parameters
    ----------
    subjects : Subjects
    distance : int
        Of perceptual hashes, in bits; negative unites equal pixels only.
    """
    sets = UnionFind(len(subjects))
    first = np.flatnonzero(np.fromiter((e.kind in STEGO_KINDS for e in subjects.entries()), bool, len(subjects)))
    for i, j in _edges(subjects, first, distance):
        sets.union(i, j)
    if len(first) < len(subjects):
        settled = {sets.find(i) for i in first.tolist()}
        for i, j in _edges(subjects, np.arange(len(subjects)), distance):
            roots = {sets.find(i), sets.find(j)}
            if not roots <= settled:
                sets.union(i, j)
                if roots & settled:
                    settled.add(min(roots))
    roots = np.fromiter((sets.find(i) for i in range(len(subjects))), np.int32, len(subjects))
    return _named(subjects, roots)


def _named(subjects: Subjects, roots: np.ndarray) -> Covers:
    """Groups by the names of their eldest files; groups of one name, which two may have, are one cover."""
    hashes = subjects.column("pixel_hash")
    order = np.argsort(roots, kind="stable")
    ends = np.flatnonzero(np.diff(roots[order], append=-1)) + 1  # past the last member of each group
    numbers: dict[str, int] = {}
    of = np.zeros(len(subjects), np.int32)
    start = 0
    for end in ends.tolist():
        members = order[start:end]
        eldest = min(members.tolist(), key=lambda i: _age(subjects.all[subjects.which[i]], f"{int(hashes[i]):016x}"))
        name = subjects.all[subjects.which[eldest]].cover_name or f"c{int(hashes[eldest]):016x}"
        of[members] = numbers.setdefault(name, len(numbers))
        start = end
    return Covers(list(numbers), of)


def _edges(subjects: Subjects, chosen: np.ndarray, distance: int) -> Iterator[tuple[int, int]]:
    """Pairs among the chosen subjects that belong together."""
    _, firsts, group = np.unique(subjects.column("pixel_hash")[chosen], return_index=True, return_inverse=True)
    alike = chosen[firsts][group]  # the first of the same pixels
    entries = [subjects.all[i] for i in subjects.which[chosen].tolist()]
    wanted = {entry.clean_path for entry in entries if entry.clean_path}
    by_path = {e.path: i for i, e in zip(chosen.tolist(), entries, strict=True) if e.path in wanted}
    named: dict[str, int] = {}
    for i, entry, same in zip(chosen.tolist(), entries, alike.tolist(), strict=True):
        yield i, same
        if entry.cover_name:
            yield i, named.setdefault(entry.cover_name, i)
        if entry.clean_path in by_path:
            yield i, by_path[entry.clean_path]
    yield from _near(subjects, np.unique(alike), distance)


def _near(subjects: Subjects, distinct: np.ndarray, distance: int) -> Iterator[tuple[int, int]]:
    """Near pairs among subjects of distinct pixels."""
    contents, content = subjects.contents.rows, subjects.content
    distinct = distinct[contents["phash"][content[distinct]] >= 0]
    at = content[distinct]
    pairs = near_pairs(contents["phash"][at].astype(np.uint64), contents["thumb"][at], distance)
    yield from distinct[pairs].tolist()


def _age(entry: Entry, pixel_hash: str) -> tuple:
    unnamed = not entry.cover_name
    joined = entry.kind not in STEGO_KINDS
    name = entry.cover_name or pixel_hash
    return joined, year(entry.submission), entry.submission, unnamed, _KIND_ORDER[entry.kind], name


def twin_ids(subjects: Subjects) -> dict[str, str]:
    """sample_id of the authentic twin of each stego or forged file that has one, by the file's path.

    A clean file is a twin when it is built alike (format, mode, size, quantisation tables, sampling) and shows the
    same picture; a clean original of another kind is a cover, but no twin. Of a forged file it need not show the same.
    """
    made = [i for i, entry in enumerate(subjects.entries()) if entry.kind in ("stego", "forged") and entry.clean_path]
    wanted = {subjects.all[subjects.which[i]].clean_path for i in made}
    clean = {
        entry.path: i
        for i, entry in enumerate(subjects.entries())
        if entry.path in wanted and entry.kind in ("clean", "authentic")
    }
    twins = {}
    for i in made:
        subject = subjects[i]
        j = clean.get(subject.entry.clean_path)
        if j is not None and _alike(subject, (other := subjects[j]).facts):
            twins[subject.entry.path] = other.sample_id
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
