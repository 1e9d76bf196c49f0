"""How much room a run takes on disk, folder by folder, and each file once however many names it has."""

from __future__ import annotations

import os
from pathlib import Path

from starlight.errors import StarlightError

__all__ = ["FIELDS", "measure"]

FIELDS = ("where", "files", "mb")
_PROJECT = ("datasets", "artifacts", "models", ".dvc/cache")
_CELLS = "scratch"  # folder of the store


def measure(project: Path, store: Path) -> list[dict]:
    """Room that outputs, DVC's cache, and the store take.

    Parameters
    ----------
    project : Path
        After `dvc repro`.
    store : Path
        What `STARLIGHT_CACHE` names.

    Returns
    -------
    list of dict
        With the keys of `FIELDS`: `files` and `mb` (10^6 bytes, in whole blocks) are of what no place before has. DVC
        links what it keeps, so that a cache of one run takes next to none. `cells` and `vectors` are the store.

    Raises
    ------
    StarlightError
        One of the two holds nothing of a run.
    """
    folders = {name: project / name for name in _PROJECT} | {"cells": store / _CELLS, "vectors": store}
    seen: set[tuple[int, int]] = set()
    for folder in (project / ".dvc/cache", store):
        if not folder.is_dir() or not any(folder.iterdir()):
            raise StarlightError(f"{folder}: holds nothing of a run, or the run had another STARLIGHT_CACHE")
    counted = {name: _count(folder, seen) for name, folder in folders.items()}
    return [{"where": name, "files": files, "mb": round(size / 1e6, 1)} for name, (files, size) in counted.items()]


def _count(folder: Path, seen: set[tuple[int, int]]) -> tuple[int, int]:
    files = size = 0
    for where, _, names in os.walk(folder):
        for name in names:
            about = os.lstat(os.path.join(where, name))
            if (about.st_dev, about.st_ino) not in seen:
                seen.add((about.st_dev, about.st_ino))
                files, size = files + 1, size + about.st_blocks * 512
    return files, size
