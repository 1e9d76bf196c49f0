"""The files that heads learn from and are judged on, and the statistics of each.

Heads learn from JPEG files as `starlight.release.jpeg_sample` makes them. They are judged on photographs of a folder of
other sources, twice: a part of each JPEG file with its coefficients as they lie, and each photograph made smaller and
saved again at one of five qualities. Every stego file has a payload-free twin written by the same encoder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image as PillowImage

from starlight.errors import StarlightError
from starlight.fanout import Engine, chunked, run
from starlight.images.image import decode
from starlight.images.jpeg.io import read_coefficients, write_coefficients
from starlight.images.writing.encode import Encoding, encode
from starlight.images.writing.jpeg_crop import crop
from starlight.lab.features.sets import SETS, luma
from starlight.release import jpeg_sample
from starlight.sample.build import SampleParams
from starlight.sample.covers.photos import folder_photographs, is_jpeg, load
from starlight.techniques import get

__all__ = [
    "AS_THEY_LIE",
    "METHODS",
    "SAVED_AGAIN",
    "Cover",
    "Method",
    "Plan",
    "Read",
    "judged",
    "learnt",
    "read",
    "read_learnt",
]

LEARNT, AS_THEY_LIE, SAVED_AGAIN = "learnt", "as they lie", "saved again"
QUALITIES, SCALES, SUBSAMPLINGS = (75, 80, 85, 90, 95), (0.9, 0.75, 0.6), (2, 0)
LARGEST = 384  # pixels of a side of a part
_SCALED = 1400  # pixels of the longer side before a scale is applied
_LEAST = 12  # blocks of a side under which a file is left out


class Method(NamedTuple):
    """A technique and its rate: bits per non-zero AC coefficient; of `steghide`, a share of the capacity."""

    technique: str
    rate: float


METHODS = (
    Method("f5", 0.2), Method("f5", 0.4), Method("nsf5", 0.2), Method("nsf5", 0.4),
    Method("uerd", 0.4), Method("juniward", 0.4), Method("steghide", 0.25),
)  # fmt: skip
_NONE: tuple[Method | None, ...] = (None,)
_CYCLES: tuple[tuple[Method | None, ...], ...] = (  # what the covers that are learnt from carry, in turn
    (METHODS[0], METHODS[2], METHODS[1], METHODS[3]),
    (METHODS[4], *_NONE),
    (METHODS[5], *_NONE * 4),
    (*_NONE, METHODS[6]),
)


@dataclass(frozen=True)
class Plan:
    """Size of a run.

    Attributes
    ----------
    learnt : int
        Covers that heads learn from.
    judged : int
        Covers with stego files of every method, of each source and kind of file.
    clean : int
        Covers altogether, of each source and kind of file.
    seed : int
    """

    learnt: int
    judged: int
    clean: int
    seed: int = 1


class Cover(NamedTuple):
    """A cover to be: its path, kind and source, the photograph, its place in the order, and what it is to carry."""

    path: Path
    kind: str
    source: str
    photograph: str
    place: int
    methods: tuple[Method, ...]


class Read(NamedTuple):
    """Of n files: what each is, a row each, and its statistics, (n, d) float32 of each set."""

    rows: pd.DataFrame
    sets: Mapping[str, NDArray[np.float32]]


def learnt(folders: Sequence[Path], plan: Plan) -> list[Cover]:
    """Covers that heads learn from: authentic files of submissions that `jpeg_sample.make` made, drawn by the seed."""
    found = [
        (folder, folder / row.filename, str(row.cover_id))
        for folder in folders
        for row in pd.read_csv(folder / "sources.csv").itertuples()
        if row.filename.startswith("clean/")
    ]
    order = np.random.default_rng(plan.seed).permutation(len(found))[: plan.learnt]
    covers = []
    for place, (folder, path, photograph) in enumerate(found[at] for at in order):
        methods = tuple(m for cycle in _CYCLES if (m := cycle[place % len(cycle)]))
        covers.append(Cover(path, LEARNT, folder.name, photograph, place, methods))
    return covers


def judged(folder: Path, plan: Plan, methods: Sequence[Method] = METHODS) -> list[Cover]:
    """Covers that heads are judged on; a source is a folder in the folder.

    Raises
    ------
    StarlightError
        The folder has no image file.
    """
    sources: dict[str, list[Path]] = {}
    for name in folder_photographs(folder):
        sources.setdefault(Path(name).relative_to(folder).parts[0], []).append(Path(name))
    rng = np.random.default_rng([plan.seed, 2])
    covers = []
    for source, paths in sources.items():
        for kind in (AS_THEY_LIE, SAVED_AGAIN):
            usable = [path for path in paths if kind == SAVED_AGAIN or is_jpeg(path.name)]
            for place, at in enumerate(rng.permutation(len(usable))[: plan.clean]):
                path, carried = usable[at], tuple(methods) if place < plan.judged else ()
                covers.append(Cover(path, kind, source, f"{source}/{path.name}", place, carried))
    return covers


def read(covers: Sequence[Cover], engine: Engine = Engine()) -> Read:  # noqa: B008 (frozen)
    """Write each cover's files, one after the other, and read their statistics."""
    found = [row for part in run(engine, _described, chunked(covers, engine), label="covers") for row in part]
    rows = pd.DataFrame([row for row, _ in found])
    return Read(rows, {name: np.array([vectors[name] for _, vectors in found], np.float32) for name in SETS})


def read_learnt(
    folders: Sequence[Path],
    plan: Plan,
    params: SampleParams,
    engine: Engine = Engine(),  # noqa: B008 (frozen)
) -> Read:
    """Statistics of the files that heads learn from.

    Parameters
    ----------
    folders : sequence of Path
        Submissions; without any, one is made and thrown away.
    plan : Plan
    params : SampleParams
        Of what is made.
    engine : Engine
    """
    with tempfile.TemporaryDirectory() as made:
        folders = folders or jpeg_sample.submissions(Path(made), plan.learnt, [plan.seed], params)
        return read(learnt(folders, plan), engine)


def _described(covers: Sequence[Cover]) -> list[tuple[dict, dict[str, NDArray]]]:
    return [found for cover in covers for found in _files(cover)]


def _files(cover: Cover) -> Iterator[tuple[dict, dict[str, NDArray]]]:
    data = _written(cover)
    if data is None:
        return
    coefficients = read_coefficients(data)
    if min(coefficients.y.shape[:2]) < _LEAST:
        return
    for method in (None, *cover.methods):
        try:
            stego = _embedded(data, coefficients, method, cover.place) if method else data
        except StarlightError:  # a part without texture has no room
            continue
        image = decode(stego)
        y = luma(image)
        what = {"kind": cover.kind, "source": cover.source, "photograph": cover.photograph, "step": y.step}
        what |= {"cover": f"{cover.source}/{cover.path.name}", "technique": "", "rate": 0.0}
        yield what | (method._asdict() if method else {}), {name: compute(image, y) for name, compute in SETS.items()}


def _embedded(data: bytes, coefficients, method: Method, seed: int) -> bytes:
    return write_coefficients(data, get(method.technique).embed(coefficients, method.rate, seed=seed))


def _written(cover: Cover) -> bytes | None:
    """The cover's file; None for one that cannot be read, or whose blocks cannot be cut out."""
    try:
        if cover.kind == LEARNT:
            return cover.path.read_bytes()
        if cover.kind == AS_THEY_LIE:
            return crop(cover.path.read_bytes(), (0.5, 0.5), LARGEST, LARGEST)
        return _saved_again(cover)
    except StarlightError:
        return None


def _saved_again(cover: Cover) -> bytes:
    pixels, _ = load(str(cover.path))
    image, place = PillowImage.fromarray(pixels), cover.place
    scale = SCALES[place % len(SCALES)] * min(1.0, _SCALED / max(image.size))
    image = image.resize([max(64, round(side * scale)) for side in image.size], PillowImage.Resampling.LANCZOS)
    sides = [min(LARGEST, side) for side in image.size]
    left, top = ((whole - side) // 2 for whole, side in zip(image.size, sides, strict=True))
    part = np.asarray(image.crop((left, top, left + sides[0], top + sides[1])))
    how = {"quality": QUALITIES[place % len(QUALITIES)], "subsampling": SUBSAMPLINGS[place % len(SUBSAMPLINGS)]}
    return encode(part, Encoding("jpeg", **how))
