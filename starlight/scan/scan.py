"""Find every submission, check every file, unite what belongs together, split it, and say what was set aside."""

from __future__ import annotations

import tempfile
from collections.abc import Container, Iterator, Sequence
from pathlib import Path

import pandas as pd

from starlight import manifest
from starlight.fanout import Engine
from starlight.scan import checks, cover_groups, splits
from starlight.scan.cover_groups import Subject
from starlight.scan.measured import Hashed, hash_files, measure_all
from starlight.scan.params import ScanParams, limits
from starlight.scan.report import report
from starlight.scan.submissions import Entry, discover, year
from starlight.store import Store
from starlight.techniques import OTHER

__all__ = ["ScanParams", "limits", "scan"]


def scan(
    datasets_dir: Path | str,
    params: ScanParams,
    seed: int,
    *,
    leave_out: Container[str] = (),
    workers: int | None = None,
    scheduler: str = "",
    store_root: Path | str | None = None,
) -> tuple[pd.DataFrame, dict]:
    """Scan a folder of submissions.

    Parameters
    ----------
    datasets_dir : Path
        Holds `<contributor>_submission_<year>/`.
    params : ScanParams
    seed : int
        Of the splits.
    leave_out : container of str
        Names of submissions that do not count.
    workers : int, optional
        In place of the same field of `params`.
    scheduler : str
        Of a Dask cluster that looks into the files; its machines share the folder and the store.
    store_root : Path, optional
        Absolute; where facts of contents are kept from run to run. Without it nothing is kept.

    Returns
    -------
    table : pandas.DataFrame
        The manifest: see `starlight.manifest.COLUMNS`.
    report : dict
        For `reports/dataset.json`.

    Raises
    ------
    StarlightError
        There is no submission or no image, or the store cannot be written.
    """
    root = Path(datasets_dir)
    found = discover(root, leave_out=leave_out)
    engine = Engine(params.workers if workers is None else workers, scheduler=scheduler)
    present = [entry.path for entry in found.entries if not entry.absent]
    hashed = hash_files(root, present, limits(params), engine)
    paths = {h.sample_id: path for path, h in sorted(hashed.items(), reverse=True) if h.sample_id}
    searched = {hashed[entry.path].sample_id for entry in found.entries if _is_searched(entry) and not entry.absent}
    with tempfile.TemporaryDirectory() as scratch:
        store = Store(Path(store_root or scratch))
        facts = measure_all(root, paths, limits(params), engine, store, searched=searched)
    subjects = []
    for entry in found.entries:
        h = hashed.get(entry.path, Hashed(reason=entry.reason))
        known = facts.get(h.sample_id, h.reason)
        if isinstance(known, str):
            entry.reason = entry.reason or known
        else:
            _complete(entry, known)
            entry.reason = entry.reason or checks.entry_fault(entry, known, root)
            subjects.append(Subject(entry, h.sample_id, known))
    del facts, paths
    rows, notes = _rows(found.entries, hashed, subjects, params, seed)
    table = manifest.frame(rows)
    return table, report(table, found, notes)


def _is_searched(entry: Entry) -> bool:
    """Whether all that can be read in a file is looked for: in what should hold nothing, and where nobody says what."""
    return entry.kind == "negative" or (entry.kind == "stego" and not entry.technique)


def _complete(entry: Entry, facts) -> None:
    """Fill in from the content what a stego file's sidecar and name leave open."""
    if entry.kind != "stego":
        return
    entry.technique = entry.technique or facts.decoded or OTHER
    if entry.payload_bits != entry.payload_bits and facts.decoded == entry.technique:
        entry.payload_bits = float(facts.decoded_bits)


def _rows(
    entries: Sequence[Entry], hashed: dict[str, Hashed], subjects: list[Subject], params: ScanParams, seed: int
) -> tuple[Iterator[dict], list[str]]:
    """Rows of the manifest, made one by one, and notes on the split."""
    sound = [s for s in subjects if not s.entry.reason]
    for subject, reason in zip(sound, checks.content_conflicts(sound), strict=True):
        subject.entry.reason = reason
    covers = cover_groups.cover_ids(subjects, params.near_duplicate_bits)
    split, notes = _split(subjects, covers, params, seed)
    usable = [s for s in subjects if not s.entry.reason]
    twins = dict(zip((s.entry.path for s in usable), cover_groups.twin_ids(usable), strict=True))
    sources = {s.entry.path: s.entry.source for s in subjects}
    known = {subject.entry.path: (subject.facts, cover) for subject, cover in zip(subjects, covers, strict=True)}

    def row(entry: Entry) -> dict:
        said = _said(entry, hashed.get(entry.path), sources)
        if entry.path not in known:
            return said
        facts, cover = known[entry.path]
        return said | {
            "cover_id": cover, "split": split.get(cover, ""), "format": facts.format, "mode": facts.mode,
            "width": facts.width, "height": facts.height, "twin_id": twins.get(entry.path, ""),
        }  # fmt: skip

    once_each = {entry.path: entry for entry in entries}  # a file that is missing may be listed twice
    return map(row, once_each.values()), notes


def _split(
    subjects: list[Subject], covers: list[str], params: ScanParams, seed: int
) -> tuple[dict[str, str], list[str]]:
    """Split of every cover that has usable files; each belongs to the earliest submission that has it.

    Where there are files of the task stego, to the earliest that has such. The kinds that a cover counts for are those
    of its files there, so that nothing added elsewhere moves it.
    """
    homes: dict[str, tuple[bool, int, str]] = {}
    kinds: dict[tuple[str, str], set[str]] = {}
    for subject, cover in zip(subjects, covers, strict=True):
        entry = subject.entry
        if not entry.reason:
            home = (entry.kind not in manifest.STEGO_KINDS, year(entry.submission), entry.submission)
            homes[cover] = min(homes.get(cover, home), home)
            kinds.setdefault((cover, entry.submission), set()).add(entry.kind)
    split: dict[str, str] = {}
    notes: list[str] = []
    for home in sorted({(when, name) for _, when, name in homes.values()}):
        own = {cover: kinds[cover, home[1]] for cover in sorted(homes) if homes[cover][1:] == home}
        assigned, moved = splits.assign(
            own, seed=seed, test_fraction=params.test_fraction, val_fraction=params.val_fraction
        )
        split |= assigned
        notes += [f"{home[1]}: {note}" for note in moved]
    return split, notes


def _said(entry: Entry, hashed: Hashed | None, sources: dict[str, str]) -> dict:
    """The part of a row that does not depend on the content."""
    return {
        "sample_id": hashed.sample_id if hashed else "",
        "path": entry.path,
        "submission": entry.submission,
        "kind": entry.kind,
        "category": entry.category,
        "technique": entry.technique,
        "label": int(entry.kind in ("stego", "forged")),
        "payload_bits": entry.payload_bits,
        "bytes": hashed.bytes if hashed else None,
        "mask": entry.mask,
        "status": "quarantined" if entry.reason else "ok",
        "reason": entry.reason,
        "payload_rate": entry.payload_rate,
        "source": entry.source or sources.get(entry.clean_path, "") or entry.submission,
        "tool": entry.tool,
    }
