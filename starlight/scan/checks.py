"""Why a file is set aside: what is said about it contradicts what it is, or what another file is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from starlight.scan.facts import Facts
from starlight.scan.masks import mask_fault
from starlight.scan.negatives import category_fault, format_fault, payload_fault
from starlight.scan.subjects import Subjects
from starlight.scan.submissions import Entry
from starlight.techniques import OTHER, TECHNIQUES

__all__ = ["content_conflicts", "entry_fault"]

_ORDER = {"negative": 0, "clean": 1, "authentic": 2}  # of files that say the same: which one is kept


def entry_fault(entry: Entry, facts: Facts, root: Path) -> str:
    """Contradiction between what is said about a file and what it is; empty where there is none.

    Parameters
    ----------
    entry : Entry
        What is said about the file.
    facts : Facts
        What it is.
    root : Path
        Folder that the path of its mask starts from.

    Returns
    -------
    str
    """
    if entry.kind == "stego":
        return _technique_fault(entry, facts)
    if entry.kind == "negative":
        fault = category_fault(entry.category, facts) or format_fault(entry.declared_format, facts)
        return fault or payload_fault(facts)
    if entry.kind == "clean":  # text that only looks like one stays in: it is what false alarms are counted on
        return payload_fault(facts) if facts.decoded_mark else ""
    if entry.mask:
        fault = mask_fault(root / entry.mask, facts.width, facts.height)
        return f"mask: {entry.mask}: {fault}" if fault else ""
    return ""


def _technique_fault(entry: Entry, facts: Facts) -> str:
    if entry.technique in ("", OTHER) or facts.can_carry[TECHNIQUES.index(entry.technique)] == "1":
        return ""
    return f"technique: {entry.technique} cannot be in this {facts.format.upper()} file of mode {facts.mode}"


def content_conflicts(subjects: Subjects) -> None:
    """Set aside files whose bytes occur more than once.

    Equal bytes with different labels or techniques contradict each other, and all of them are set aside. Equal bytes
    that say the same are kept once: a negative before a clean file before an authentic one, then the first path.
    """
    order = np.argsort(subjects.content, kind="stable")
    bounds = np.flatnonzero(np.diff(subjects.content[order])) + 1
    starts, ends = np.concatenate([[0], bounds]), np.concatenate([bounds, [len(order)]])
    for start, end in zip(*(places[ends - starts > 1].tolist() for places in (starts, ends)), strict=True):
        entries = [subjects.all[subjects.which[i]] for i in order[start:end].tolist()]
        entries.sort(key=lambda entry: (_ORDER.get(entry.kind, 0), entry.path))
        contradiction = len({_claim(entry) for entry in entries}) > 1
        for entry in entries if contradiction else entries[1:]:
            entry.reason = _reason(entries, entry, contradiction=contradiction)


def _claim(entry: Entry) -> tuple[str, str]:
    return ("free", "") if entry.kind in _ORDER else (entry.kind, entry.technique)


def _reason(entries: Sequence[Entry], entry: Entry, *, contradiction: bool) -> str:
    if not contradiction:
        return f"duplicate: same bytes as {entries[0].path}"
    other = next(e for e in entries if _claim(e) != _claim(entry))
    called = " ".join(filter(None, (other.kind, other.technique)))
    return f"contradiction: same bytes as {other.path}, which is {called}"
