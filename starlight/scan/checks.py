"""Why a file is set aside: what is said about it contradicts what it is, or what another file is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from starlight.scan.cover_groups import Subject
from starlight.scan.facts import Facts
from starlight.scan.masks import mask_fault
from starlight.scan.negatives import category_fault, format_fault, payload_fault
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


def content_conflicts(subjects: Sequence[Subject]) -> list[str]:
    """Reasons of files whose bytes occur more than once; empty where all is well.

    Equal bytes with different labels or techniques contradict each other, and all of them are set aside. Equal bytes
    that say the same are kept once: a negative before a clean file before an authentic one, then the first path.
    """
    groups: dict[str, list[int]] = {}
    for i, subject in enumerate(subjects):
        groups.setdefault(subject.sample_id, []).append(i)
    reasons = [""] * len(subjects)
    for members in groups.values():
        if len(members) < 2:
            continue
        claims = {_claim(subjects[i].entry) for i in members}
        members = sorted(members, key=lambda i: (_ORDER.get(subjects[i].entry.kind, 0), subjects[i].entry.path))
        for i in members if len(claims) > 1 else members[1:]:
            reasons[i] = _reason(subjects, members, i, contradiction=len(claims) > 1)
    return reasons


def _claim(entry: Entry) -> tuple[str, str]:
    return ("free", "") if entry.kind in _ORDER else (entry.kind, entry.technique)


def _reason(subjects: Sequence[Subject], members: list[int], i: int, *, contradiction: bool) -> str:
    if not contradiction:
        return f"duplicate: same bytes as {subjects[members[0]].entry.path}"
    mine = _claim(subjects[i].entry)
    other = next(subjects[j].entry for j in members if _claim(subjects[j].entry) != mine)
    called = " ".join(filter(None, (other.kind, other.technique)))
    return f"contradiction: same bytes as {other.path}, which is {called}"
