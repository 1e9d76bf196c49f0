"""Statistics of files, kept in a folder: reading them takes most of the time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from starlight.errors import StarlightError
from starlight.lab.features.files import Read
from starlight.lab.features.sets import SETS

__all__ = ["kept"]


def kept(folder: Path | None, name: str, compute: Callable[[], Read]) -> Read:
    """What was read before, or else what `compute` reads, which is then kept.

    Parameters
    ----------
    folder : Path or None
        None keeps nothing.
    name : str
        Of what is kept.
    compute : callable

    Raises
    ------
    StarlightError
        No file could be read, or what is kept belongs to other files.
    """
    if folder is not None and (folder / f"{name}.csv").exists():
        rows = pd.read_csv(folder / f"{name}.csv", keep_default_na=False)
        found = Read(rows, {one: np.load(folder / f"{name}_{one}.npy") for one in SETS})
        if {len(values) for values in found.sets.values()} != {len(rows)}:
            raise StarlightError(f"{folder}: {name}.csv and the statistics beside it do not belong together")
        return found
    found = compute()
    if found.rows.empty:
        raise StarlightError(f"{name}: no JPEG file of at least 12 by 12 blocks could be read")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for one, values in found.sets.items():
            np.save(folder / f"{name}_{one}.npy", values)
        found.rows.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    return found
