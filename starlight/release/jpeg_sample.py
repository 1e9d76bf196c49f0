"""A submission of JPEG files alone, for the experts of techniques in JPEG coefficients: its files, and what they show.

Each stego file lies beside its payload-free twin, and there are look-alikes. Files of a sixth of the covers are apart:
nothing is learnt there.
"""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from starlight.fanout import Engine, chunked, run
from starlight.images.image import decode
from starlight.sample.build import SampleParams, build
from starlight.streams import dct
from starlight.techniques import group

__all__ = ["TECHNIQUES", "Read", "Sample", "listed", "make", "read", "submissions"]

TECHNIQUES = group("jpeg")
_SIZES = {"smallest_side": 160, "largest_side": 768, "size_factor": 1.6, "adaptive_side": 256}
_RATES = {"jpeg_rates": [0.05, 0.1, 0.2, 0.3, 0.4, 0.5], "tool_rates": [0.1, 0.25, 0.5]}
_SHARES = {"photo_share": 0.8, "camera_share": 0.2, "drawing_share": 0.0}
_FAINT = ("uerd", "juniward")  # next to nothing is found of them, however many are learnt from
_PER_COVER, _OF_FAINT = 13 / 35, 13 / 140  # stego files a cover, of each technique
_LOOKALIKES = 3 / 7  # a cover, of all containers: those that are JPEG files are learnt as well
_APART = 6  # the files of one of so many covers

Files = Mapping[str, Sequence[Path]]  # what they carry, empty for authentic ones, to files


class Sample(NamedTuple):
    """Files to learn from, and those of other covers."""

    learnt: Files
    apart: Files


class Read(NamedTuple):
    """Of n images: the stream `dct` (n, d) and what each carries (n,), -1 for nothing, else a place in techniques."""

    vectors: NDArray[np.float32]
    technique: NDArray[np.int64]


def make(folder: Path, covers: int, seed: int, params: SampleParams, photographs: Path | None = None) -> None:
    """Make the submission.

    Parameters
    ----------
    folder : Path
        The submission's.
    covers : int
        How many authentic files.
    seed : int
    params : SampleParams
        For what is not said here: sizes, rates and the shares of the sources are.
    photographs : Path, optional
        Folder of further photographs to take covers from.
    """
    params = dataclasses.replace(
        params, enabled=True, covers=covers, negatives=round(covers * _LOOKALIKES), **_SIZES, **_RATES, **_SHARES
    )
    folder.mkdir(parents=True, exist_ok=True)
    plain = [name for name in TECHNIQUES if name not in _FAINT]
    counts = dict.fromkeys(plain, max(1, round(covers * _PER_COVER)))
    counts |= dict.fromkeys(_FAINT, max(1, round(covers * _OF_FAINT)))
    build(folder, params, seed, workers=Engine().cores(), extra_covers=photographs, counts=counts)


def submissions(
    folder: Path, covers: int, seeds: Sequence[int], params: SampleParams, photographs: Path | None = None
) -> list[Path]:
    """Submissions in a folder, one for each seed; those that are not there are made.

    Parameters
    ----------
    folder : Path
    covers, params, photographs
        As for `make`.
    seeds : sequence of int
    """
    places = [folder / f"jpeg_submission_{seed}" for seed in seeds]
    for place, seed in zip(places, seeds, strict=True):
        if not (place / "sources.csv").exists():
            make(place, covers, seed, params, photographs)
    return places


def listed(folders: Sequence[Path]) -> Sample:
    """The files of submissions that `make` made."""
    parts: tuple[dict[str, list[Path]], ...] = ({}, {})
    for folder in folders:
        table = pd.read_csv(folder / "sources.csv")
        table = table[table["container"] == "jpeg"]  # look-alikes are files of all kinds
        apart = {}
        for name, cover in zip(table["filename"], table["cover_id"], strict=True):
            there = apart[Path(name).name] = zlib.crc32(str(cover).encode()) % _APART == 0
            parts[there].setdefault("", []).append(folder / name)
        for path in sorted((folder / "stego").glob("*.json")):
            told = json.loads(path.read_text(encoding="utf-8"))
            technique = told["embedding"]["technique"]
            parts[apart[told["clean_file"]]].setdefault(technique, []).append(path.with_suffix(""))
    return Sample(*parts)


def read(files: Files, techniques: Sequence[str], engine: Engine = Engine()) -> Read:  # noqa: B008 (frozen)
    """Statistics of files.

    Parameters
    ----------
    files : mapping of str to sequence of Path
        What they carry, empty for authentic ones, to files.
    techniques : sequence of str
        That places are counted in.
    engine : Engine
    """
    named = [(name, path) for name, paths in sorted(files.items()) for path in paths]
    chunks = chunked([path for _, path in named], engine)
    vectors = [row for part in run(engine, _vectors, chunks, label="JPEG files") for row in part]
    carried = [techniques.index(name) if name else -1 for name, _ in named]
    return Read(np.array(vectors, np.float32), np.array(carried))


def _vectors(paths: Sequence[Path]) -> list[NDArray[np.float32]]:
    return [dct.compute(decode(path.read_bytes())) for path in paths]
