"""Files of real programs that hide data, for the detection benchmark: what people use, beside what is simulated."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from starlight.lab.peers.images import COLUMNS, ImageSet
from starlight.sample.tools.submission import installed, make_submission
from starlight.scan import sidecar

__all__ = ["with_programs"]

_PLAIN = (".bmp", ".jpg", ".png")  # covers of other formats would be decoded or coloured before any program sees them
_RATES = (0.25, 0.5, 1.0)  # of a program's capacity; covers take turns


def with_programs(images: ImageSet, folder: Path, count: int, *, seed: int) -> ImageSet:
    """A test set, and files that each program of this machine made of some of its authentic images.

    A program's files are one technique, `<program> (program)`, whatever their payload; the file that the program's own
    writer makes without payload is one more authentic image.

    Parameters
    ----------
    images : ImageSet
    folder : Path
        For the files.
    count : int
        Covers that each program is given; it refuses some of them.
    seed : int

    Returns
    -------
    ImageSet
        The same where `count` is 0 or no program is installed.
    """
    names = installed() if count else ()
    if not names:
        return images
    plain = images.table[(images.table["label"] == 0) & images.table["path"].str.endswith(_PLAIN)]
    chosen = plain.iloc[np.unique(np.linspace(0, len(plain) - 1, min(count, len(plain))).astype(int))]
    rows = [row for name in names for row in _of(name, chosen, folder / name, seed)]
    origin = f"{images.origin}; of {len(chosen)} of these, files by programs of this machine: {', '.join(names)}"
    table = pd.concat([images.table, pd.DataFrame(rows, columns=list(COLUMNS))], ignore_index=True)
    return replace(images, table=table, origin=origin)


def _of(name: str, chosen: pd.DataFrame, folder: Path, seed: int) -> list[tuple]:
    """Rows of one program's files and of their counterparts."""
    with tempfile.TemporaryDirectory() as links:
        covers = []
        for at, path in enumerate(chosen["path"]):  # named by their place: programs may not like a cover's name
            covers.append(Path(links, f"{at}{Path(path).suffix}"))
            covers[-1].symlink_to(Path(path).resolve())
        make_submission(covers, folder, tools=(name,), rates=_RATES, seed=seed)
    rows = []
    for said in sorted((folder / "stego").glob("*.json")):
        stego = said.with_suffix("")
        clean = folder / "clean" / sidecar.parse(said).clean_file
        cover = chosen.iloc[int(stego.stem.removeprefix(f"{name}_").split("_")[0])]
        rows.append((str(stego), 1, f"{name} (program)", "", cover.cover_id, cover.source, str(clean)))
        rows.append((str(clean), 0, "", "", cover.cover_id, cover.source, ""))
    return rows
