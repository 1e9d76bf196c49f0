"""What experts read of clean files, kept: reading takes most of the time, and sets thresholds of any weights."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from starlight.detector.calibration.classes import picture_class
from starlight.errors import BadImage, StarlightError
from starlight.fanout import Engine, chunked, run
from starlight.findings.reading.reader import read
from starlight.images.image import decode
from starlight.images.picture import facts
from starlight.metrics.promise import REAL
from starlight.release.evidence import File, device
from starlight.release.views import views
from starlight.streams.compute import compute_streams
from starlight.system.atomic import whole
from starlight.techniques import LABELS
from starlight.techniques.constraints import constraint_mask

__all__ = ["Collected", "collect", "load", "looked_at", "write"]

_VECTOR = "vector."  # what names of streams start with in the file


class Collected(NamedTuple):
    """Of n clean images.

    vectors : stream to (n, d) float32.
    mask : (n, t) bool, what each could carry.
    found : (n, t) bool, techniques whose payload was read.
    classes : (n,) str, class of picture.
    groups : (n,) str, make or source that is left out together; empty for generated images.
    whole : (n,) bool, a file as it was found, and not one made from it.
    """

    vectors: Mapping[str, NDArray[np.float32]]
    mask: NDArray[np.bool_]
    found: NDArray[np.bool_]
    classes: NDArray[np.str_]
    groups: NDArray[np.str_]
    whole: NDArray[np.bool_]

    def records(self, part: slice) -> list[dict[str, np.ndarray]]:
        """Some of the images, as a predictor takes them."""
        chosen = range(*part.indices(len(self.classes)))
        return [
            {name: values[i] for name, values in self.vectors.items()} | {"mask": self.mask[i], "found": self.found[i]}
            for i in chosen
        ]


def collect(files: Sequence[File], streams: Sequence[str], engine: Engine = Engine()) -> Collected:  # noqa: B008
    """Read each file, and what people make of real ones (`views`); those that cannot be read are left out.

    Parameters
    ----------
    files : sequence of File
    streams : sequence of str
        Vector streams.
    engine : Engine

    Returns
    -------
    Collected

    Raises
    ------
    StarlightError
        None of the files can be read.
    """
    chunks = chunked(list(files), engine)
    found = [
        one
        for part in run(engine, functools.partial(_read, tuple(streams)), chunks, label="clean files")
        for one in part
    ]
    if not found:
        raise StarlightError("thresholds: none of the clean files can be read")
    vectors, mask, read_out, *told, entire = zip(*found, strict=True)
    named = (np.array(one, str) for one in told)
    stacked = {name: np.stack([one[name] for one in vectors]) for name in streams}
    return Collected(stacked, np.array(mask, bool), np.array(read_out, bool), *named, np.array(entire, bool))


def looked_at(files: Sequence[File], look: Callable[[bytes], tuple]) -> list[tuple]:
    """What is said of each readable file, and of what people make of real ones (`views`).

    Parameters
    ----------
    files : sequence of File
    look : callable
        Says it of the bytes of an image; a file is left from where it raises `BadImage`.

    Returns
    -------
    list of tuple
        What `look` said, then the make or source, empty for generated images, and whether it is a file as it was found.
    """
    found = []
    for group, source, path in files:
        real = group == REAL
        named = f"{source}: {device(path)}".rstrip(": ") if real else ""
        try:
            data = path.read_bytes()
            for place, one in enumerate(views(data) if real else [data]):
                found.append((*look(one), named, place == 0))
        except BadImage:
            continue
    return found


def _read(streams: Sequence[str], files: Sequence[File]) -> list[tuple]:
    def look(data: bytes) -> tuple:
        image = decode(data)
        vectors = {name: v.astype(np.float32) for name, v in compute_streams(image, streams, 1).items()}
        return vectors, constraint_mask(image), read(image).techniques, picture_class(facts(image))

    return looked_at(files, look)


def write(path: Path, collected: Collected) -> None:
    """Keep it in a file."""
    vectors = {_VECTOR + name: values for name, values in collected.vectors.items()}
    rest = {name: value for name, value in collected._asdict().items() if name != "vectors"}
    with whole(path) as part, part.open("wb") as file:
        np.savez(file, techniques=np.array(LABELS), **vectors, **rest)


def load(path: Path, streams: Sequence[str]) -> Collected:
    """What `write` kept.

    Raises
    ------
    StarlightError
        It is no such file, or one of other streams or techniques.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            kept = {name: file[name] for name in file.files}
        same = tuple(kept.pop("techniques").tolist()) == LABELS
        vectors = {name: kept.pop(_VECTOR + name) for name in streams}
    except (OSError, ValueError, KeyError) as error:
        raise StarlightError(f"{path}: holds no clean images as these weights read them ({error})") from error
    if not same:
        raise StarlightError(f"{path}: was collected for other techniques")
    return Collected(vectors, **{name: kept[name] for name in Collected._fields if name != "vectors"})
