"""The built-in submission of tampered images: forged files and masks, their authentic twins, look-alikes.

Everything follows from the seed; each file has its own stream of random numbers, so that the number of workers changes
nothing.
"""

import csv
import io
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from PIL import Image

from starlight.errors import StarlightError
from starlight.images.writing.encode import SUFFIXES, Encoding, encode
from starlight.params import knob
from starlight.sample.covers import photos
from starlight.sample.tampering import after, lookalikes
from starlight.sample.tampering.forging import forge
from starlight.sample.tampering.pictures import sources
from starlight.sample.tampering.pictures.picture import Picture
from starlight.system.atomic import whole

__all__ = ["Pair", "TamperingParams", "build", "pairs"]

_TRIES = 10  # new pictures in place of one that cannot be tampered with
_OWN_DONORS = 0.6  # of the splices into a user's photograph, those whose donor is one, too
_COLUMNS = ("filename", "cover_id", "source", "container", "processing")
_FOLDERS = ("authentic", "forged", "masks")


@dataclass(frozen=True)
class TamperingParams:
    """Size of the built-in submission of tampered images: block `tampering` of the parameters.

    Attributes
    ----------
    enabled : bool
        False makes none, for those who bring their own data.
    seed : int
        Of everything in the submission.
    pairs : int
        Forged images, each with its authentic twin, 8 to 100,000.
    authentic : int
        Further authentic images of the same sources, 0 to 100,000.
    lookalikes : int
        Authentic images that look tampered with, over all categories, 0 to 100,000.
    photographs : str
        Folder of further photographs, to make pairs and authentic images from; empty for none.
    photographs_share : float
        Of the pairs and the authentic images that are made from them, where there is such a folder.
    """

    enabled: bool = knob()
    seed: int = knob(min=0)
    pairs: int = knob(min=8, max=100_000)
    authentic: int = knob(min=0, max=100_000)
    lookalikes: int = knob(min=0, max=100_000)
    photographs: str = knob()
    photographs_share: float = knob(min=0.0, max=1.0)


@dataclass(frozen=True)
class Pair:
    """A forged image and its authentic twin, both after the same processing.

    Attributes
    ----------
    forged, twin : uint8 (h, w, 3)
    mask : bool (h, w)
    picture : Picture
        What was tampered with, before processing.
    kind : str
        One of `forge.KINDS`.
    encoding : Encoding
        Of both files.
    processing : tuple of str
    """

    forged: np.ndarray
    twin: np.ndarray
    mask: np.ndarray
    picture: Picture
    kind: str
    encoding: Encoding
    processing: tuple[str, ...]


class _Own(NamedTuple):
    """A user's photographs, and the share of the pictures that are made from them."""

    names: tuple[str, ...]
    share: float


_NONE = _Own((), 0.0)


def pairs(kinds: list[str], seed: int) -> Iterator[Pair]:
    """A pair of each kind in turn, one at a time."""
    for index, kind in enumerate(kinds):
        yield _pair(kind, index, seed, _NONE)


def build(out_dir: Path, params: TamperingParams, *, workers: int = 2) -> dict[str, int]:
    """Write the submission, in place of what was there.

    Parameters
    ----------
    out_dir : Path
        The submission's folder.
    params : TamperingParams
    workers : int
        Processes; the result is the same for any number.

    Returns
    -------
    dict of str to int
        Files made: `authentic`, `authentic.<category>`, `forged.<kind>`.

    Raises
    ------
    StarlightError
        A folder cannot be written, holds no photograph, or a picture cannot be made.
    """
    out_dir = Path(out_dir)
    _fresh(out_dir)
    if not params.enabled:
        return {}
    own, seed, kinds = _NONE, params.seed, forge.spread(params.pairs)
    if params.photographs:
        own = _Own(photos.folder_photographs(Path(params.photographs)), params.photographs_share)
    jobs = [delayed(_write_pair)(out_dir, kind, i, seed, own) for i, kind in enumerate(kinds)]
    jobs += [delayed(_write_authentic)(out_dir, "", i, seed, own) for i in range(params.authentic)]
    jobs += [
        delayed(_write_authentic)(out_dir, name, i, seed, _NONE)
        for i, name in enumerate(lookalikes.spread(params.lookalikes))
    ]
    results = Parallel(n_jobs=workers, batch_size=4)(jobs)
    with whole(out_dir / "sources.csv") as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(sorted(row for rows in results for row in rows))
    return dict(sorted(Counter(_kind_of(row[0]) for rows in results for row in rows).items()))


def _kind_of(filename: str) -> str:
    return ".".join(filename.split("/")[:-1])


def _fresh(out_dir: Path) -> None:
    try:
        for name in _FOLDERS:
            if (out_dir / name).exists():
                shutil.rmtree(out_dir / name)
            (out_dir / name).mkdir(parents=True)
    except OSError as error:
        raise StarlightError(f"{out_dir}: cannot be written ({error.strerror})") from error


def _pair(kind: str, index: int, seed: int, own: _Own) -> Pair:
    """Tamper with a picture; one that offers no place for it is drawn anew."""
    for attempt in range(_TRIES):
        rng = np.random.default_rng([seed, 11, index, attempt])
        picture, donor = _drawn(rng, f"p{index:05d}" + (f".{attempt}" if attempt else ""), own)
        try:
            forged, mask = forge.forge(kind, picture, rng, donor=donor)
            break
        except StarlightError as error:
            reason = str(error)
    else:
        raise StarlightError(reason)
    process, encoding = after.draw(rng), after.encoding(rng)
    made, twin = process(forged), process(picture.pixels)
    return Pair(made, twin, process.mask(mask, made.shape[:2]), picture, kind, encoding, process.names)


def _drawn(rng: np.random.Generator, number: str, own: _Own) -> tuple[Picture, Picture | None]:
    """A picture, and where it is the user's, most of the time another one of the user's to splice from."""
    if not own.names or rng.random() >= own.share:
        return sources.make(sources.draw(rng), rng, number), None
    return sources.own(own.names, rng), sources.own(own.names, rng) if rng.random() < _OWN_DONORS else None


def _write_pair(out_dir: Path, kind: str, index: int, seed: int, own: _Own) -> list[tuple]:
    pair = _pair(kind, index, seed, own)
    name = f"pair_{index:05d}"
    file = f"{name}.{SUFFIXES[pair.encoding.format]}"
    _save(out_dir / f"forged/{kind}/{file}", _encoded(pair.forged, pair.encoding))
    _save(out_dir / f"authentic/{file}", _encoded(pair.twin, pair.encoding))
    buffer = io.BytesIO()
    Image.fromarray(pair.mask).save(buffer, "PNG")
    _save(out_dir / f"masks/{name}.png", buffer.getvalue())
    said = (pair.picture.cover_id, pair.picture.source, pair.encoding.format, "; ".join(pair.processing))
    return [(f"forged/{kind}/{file}", *said), (f"authentic/{file}", *said)]


def _write_authentic(out_dir: Path, category: str, index: int, seed: int, own: _Own) -> list[tuple]:
    rng = np.random.default_rng([seed, 12 if category else 13, index])
    number = f"{'l' if category else 'a'}{index:05d}"
    picture = lookalikes.make(category, rng, number) if category else _drawn(rng, number, own)[0]
    process, encoding = after.draw(rng), after.encoding(rng)
    file = f"{category + '/' if category else ''}{category or 'plain'}_{index:05d}.{SUFFIXES[encoding.format]}"
    _save(out_dir / f"authentic/{file}", _encoded(process(picture.pixels), encoding))
    return [(f"authentic/{file}", picture.cover_id, picture.source, encoding.format, "; ".join(process.names))]


def _encoded(pixels: np.ndarray, encoding: Encoding) -> bytes:
    grey = bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 0] == pixels[..., 2]).all())
    return encode(np.ascontiguousarray(pixels[..., 0]) if grey else pixels, encoding)


def _save(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
