"""Any folder of images as a submission that the scan understands: a whole one, a part of one, or just clean images."""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from starlight.markdown import whole

__all__ = ["as_submissions", "set_aside", "wanted"]

_KINDS = ("clean", "stego", "negatives")
_SHOWN = 3  # files that are named for each kind of fault


@contextlib.contextmanager
def as_submissions(path: Path) -> Iterator[Path]:
    """A folder that holds submissions, made for the time being of links where `path` is something else.

    Parameters
    ----------
    path : Path
        A folder of submissions, one submission, its `clean`, `stego` or `negatives`, one category of these, or any
        folder, whose images are taken to be clean.
    """
    if any("_submission_" in child.name and child.is_dir() for child in path.iterdir()):
        yield path
        return
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch, *_place(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(path, target_is_directory=True)
        if path.name == "stego" and (path.parent / "clean").is_dir():  # where its sidecars say the clean files are
            (target.parent / "clean").symlink_to(path.parent / "clean", target_is_directory=True)
        yield Path(scratch)


def wanted(path: Path) -> str:
    """Kind of the images that are asked for, in the manifest's word; empty for all."""
    return "stego" if path.name == "stego" else ""


def _place(path: Path) -> tuple[str, ...]:
    """Where the scan expects such a folder: parts of its path from a folder of submissions."""
    if any((path / kind).is_dir() for kind in _KINDS):
        return (_submission(path),)
    if path.name in _KINDS:
        return (_submission(path.parent), path.name)
    if path.parent.name == "negatives":
        return (_submission(path.parents[1]), "negatives", path.name)
    return (_submission(path), "clean")


def _submission(path: Path) -> str:
    name = path.name or "root"
    return name if "_submission_" in name else f"{name}_submission_0"


def set_aside(rows: pd.DataFrame) -> str:
    """How many files of a manifest cannot be used and why, in one line; empty where there are none."""
    faulty = rows[rows["status"] != "ok"]
    if faulty.empty:
        return ""
    kinds = Counter(str(reason).partition(":")[0] for reason in faulty["reason"])
    parts = []
    for kind, count in kinds.most_common():
        same = faulty[faulty["reason"].astype(str).str.partition(":")[0] == kind]
        named = [f"{Path(row.path).name} ({row.reason})" for row in same.head(_SHOWN).itertuples()]
        parts.append(f"{whole(count)} {kind}, such as {'; '.join(named)}")
    return f"{whole(len(faulty))} of {whole(len(rows))} files set aside: {' | '.join(parts)}"
