"""Find every submission, check every file, unite what belongs together, split it, and say what was set aside."""

from __future__ import annotations

import tempfile
from collections.abc import Container, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from starlight import manifest
from starlight.fanout import Engine
from starlight.scan import checks, cover_groups
from starlight.scan.measured import Hashes, hash_files, measure_all
from starlight.scan.params import ScanParams, limits
from starlight.scan.report import Report
from starlight.scan.splits import place_covers
from starlight.scan.subjects import Contents, Subjects
from starlight.scan.submissions import Entry, Found, discover
from starlight.store import Store
from starlight.techniques import OTHER

__all__ = ["ScanParams", "limits", "scan", "scan_into"]


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
    engine = Engine(params.workers if workers is None else workers, scheduler=scheduler)
    found, rows = _scan(Path(datasets_dir), params, seed, leave_out, engine, store_root)
    report = Report(found)
    return manifest.frame(report.counting(rows)), report.finished()


def scan_into(
    path: Path,
    datasets_dir: Path | str,
    params: ScanParams,
    seed: int,
    *,
    leave_out: Container[str] = (),
    scheduler: str = "",
    store_root: Path | str | None = None,
) -> dict:
    """Scan as `scan` does, and write the manifest row by row: there may be millions.

    Parameters
    ----------
    path : Path
        The manifest.
    datasets_dir, params, seed, leave_out, scheduler, store_root
        As of `scan`.

    Returns
    -------
    dict
        The report.

    Raises
    ------
    StarlightError
        As from `scan`, or the manifest cannot be written.
    """
    engine = Engine(params.workers, scheduler=scheduler)
    found, rows = _scan(Path(datasets_dir), params, seed, leave_out, engine, store_root)
    report = Report(found)
    manifest.write_rows(report.counting(rows), path)
    return report.finished()


def _scan(
    root: Path, params: ScanParams, seed: int, leave_out: Container[str], engine: Engine, store_root: Path | str | None
) -> tuple[Found, Iterator[dict]]:
    """What was found, and the rows of the manifest in order of paths, made one by one."""
    found = discover(root, leave_out=leave_out)
    entries = found.entries
    hashes = hash_files(root, ["" if entry.absent else entry.path for entry in entries], limits(params), engine)
    there = np.flatnonzero(hashes.there)
    keys, first, content = np.unique(hashes.keys[there], return_index=True, return_inverse=True)
    contents, searched = Contents(keys), np.zeros(len(keys), bool)
    searched[content[[_is_searched(entries[i]) for i in there.tolist()]]] = True
    with tempfile.TemporaryDirectory() as scratch:
        store = Store(Path(store_root or scratch))
        paths = [entries[i].path for i in there[first].tolist()]  # the first of those with equal bytes
        measure_all(root, contents, paths, limits(params), engine, store, searched=searched)
    for i, reason in hashes.reasons.items():
        entries[i].reason = entries[i].reason or reason
    subjects = _subjects(entries, there, content, contents, root)
    return found, _rows(found, hashes, subjects, params, seed)


def _subjects(entries: list[Entry], there: np.ndarray, content: np.ndarray, contents: Contents, root: Path) -> Subjects:
    """The files that are images, and what contents say against their entries."""
    readable = np.ones(len(there), bool)
    for k, (i, number) in enumerate(zip(there.tolist(), content.tolist(), strict=True)):
        entry, reason = entries[i], contents.reasons.get(number)
        if reason:
            entry.reason, readable[k] = entry.reason or reason, False
        else:
            facts = contents[number]
            _complete(entry, facts)
            entry.reason = entry.reason or checks.entry_fault(entry, facts, root)
    return Subjects(entries, there[readable].astype(np.int32), content[readable].astype(np.int32), contents)


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


def _rows(found: Found, hashes: Hashes, subjects: Subjects, params: ScanParams, seed: int) -> Iterator[dict]:
    """Rows of the manifest, made one by one; what splitting has to say goes to the warnings first."""
    checks.content_conflicts(subjects.sound())
    covers = cover_groups.cover_ids(subjects, params.near_duplicate_bits)
    split, notes = place_covers(subjects, covers, params, seed)
    found.warnings += notes
    twins = cover_groups.twin_ids(subjects.sound())
    originals = {entry.clean_path for entry in found.entries if entry.clean_path}
    sources = {entry.path: entry.source for entry in subjects.entries() if entry.path in originals}
    subject = np.full(len(found.entries), -1, np.int32)
    subject[subjects.which] = np.arange(len(subjects))

    def rows() -> Iterator[dict]:
        for i, entry in enumerate(found.entries):
            if i + 1 < len(found.entries) and found.entries[i + 1].path == entry.path:
                continue  # a file that is missing may be listed twice
            said = _said(entry, hashes, i, sources)
            k = int(subject[i])
            if k >= 0:
                facts, cover = subjects[k].facts, int(covers.of[k])
                said |= {
                    "cover_id": covers.names[cover], "split": split[cover], "format": facts.format, "mode": facts.mode,
                    "width": facts.width, "height": facts.height, "twin_id": twins.get(entry.path, ""),
                }  # fmt: skip
            yield said

    return rows()


def _said(entry: Entry, hashes: Hashes, i: int, sources: dict[str, str]) -> dict:
    """The part of a row that does not depend on the content."""
    return {
        "sample_id": f"{int(hashes.keys[i]):016x}" if hashes.there[i] else "",
        "path": entry.path,
        "submission": entry.submission,
        "kind": entry.kind,
        "category": entry.category,
        "technique": entry.technique,
        "label": int(entry.kind in ("stego", "forged")),
        "payload_bits": entry.payload_bits,
        "bytes": int(hashes.bytes[i]) if hashes.bytes[i] >= 0 else None,
        "mask": entry.mask,
        "status": "quarantined" if entry.reason else "ok",
        "reason": entry.reason,
        "payload_rate": entry.payload_rate,
        "source": entry.source or sources.get(entry.clean_path, "") or entry.submission,
        "tool": entry.tool,
    }
