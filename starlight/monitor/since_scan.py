"""What came into the data sets' folder since the stage `scan` looked, or left it, by names and sizes alone."""

from __future__ import annotations

import os
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from starlight.errors import StarlightError
from starlight.scan.submissions import discover

__all__ = ["SinceScan", "since_scan"]


@dataclass(frozen=True)
class SinceScan:
    """Paths from the data sets' folder, sorted: files put there, files of another size, and files that are gone."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def since_scan(datasets: Path, manifest: pd.DataFrame, *, leave_out: Container[str] = ()) -> SinceScan:
    """Compare a folder of submissions with the manifest of its last scan.

    Parameters
    ----------
    datasets : Path
    manifest : DataFrame
        With the columns `path` and `bytes`.
    leave_out : container of str
        Names of submissions that the scan left out.

    Returns
    -------
    SinceScan
        No file is opened: one that was replaced by another of the same size counts as the same.
    """
    try:
        there = {entry.path for entry in discover(datasets, leave_out=leave_out).entries if not entry.absent}
    except StarlightError:  # no submission, or no image in any
        there = set()
    known = dict(zip(manifest["path"], manifest["bytes"], strict=True))
    read = set(manifest["path"][manifest["bytes"].notna()])
    changed = (path for path in there & read if os.stat(datasets / path).st_size != known[path])
    return SinceScan(tuple(sorted(there - known.keys())), tuple(sorted(changed)), tuple(sorted(read - there)))
