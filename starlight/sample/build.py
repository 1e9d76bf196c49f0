"""The built-in submission: clean files, stego files with sidecars, and negatives with their manifest.

Everything follows from the seed; each file has its own stream of random numbers, so that the number of workers changes
nothing.
"""

import csv
import json
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed

from starlight.errors import StarlightError
from starlight.images.writing.encode import SUFFIXES
from starlight.params import knob
from starlight.sample import carriers, covers, embedding, lookalikes
from starlight.sample.carriers import Carrier
from starlight.sample.covers import photos
from starlight.sample.plan import Item, plan
from starlight.system.atomic import whole
from starlight.techniques import TECHNIQUES, slow

__all__ = ["SampleParams", "build"]

_TRIES = 8  # new covers in place of one that a technique cannot use
_AS_IT_WAS = 0.6  # of the JPEG covers out of a user's JPEG photographs, those whose coefficients stay as they were
_COLUMNS = ("filename", "cover_id", "source", "container", "processing")


@dataclass(frozen=True)
class SampleParams:
    """Size and mixture of the built-in submission.

    Attributes
    ----------
    enabled : bool
        False makes none, for those who bring their own data.
    seed : int
        Of everything in the submission, apart from training's, so that trainings are compared on the same data.
    covers : int
        Distinct clean images, 16 to 100,000.
    stego_per_technique : int
        Stego images of each technique but the following, 1 to 10,000.
    adaptive_per_technique : int
        Stego images of each of HILL, S-UNIWARD, WOW and J-UNIWARD, which take the most time, 1 to 10,000.
    negatives : int
        Look-alikes over all categories, 0 to 100,000; the required four categories get twice the share of the others.
    photo_share, camera_share, drawing_share : float
        Weights of the sources of covers, 0 to 1.
    smallest_side, largest_side : int
        Limits of an image's side in pixels, 64 to 4096.
    size_factor : float
        Of the sides that images have, 0.25 to 8; 1 makes most of them 96 to 384 pixels.
    adaptive_side : int
        Longest side that HILL, S-UNIWARD and WOW are given, in pixels, 64 to 512; J-UNIWARD is given 1.6 times that.
    lsb_rates, adaptive_rates : list of float
        Bits per sample, above 0 up to 1.
    jpeg_rates : list of float
        Bits per non-zero AC coefficient, above 0 up to 1.
    tool_rates : list of float
        Fraction of the capacity of OutGuess and steghide, above 0 up to 1.
    max_payload_bytes : int
        Longest text, 64 to 1,000,000.
    photographs : str
        Folder of further photographs to take covers from; empty for none. Parts of its JPEG files become covers as
        they were written, with the tables and the coefficients that their camera gave them.
    """

    enabled: bool = knob()
    seed: int = knob(min=0)
    covers: int = knob(min=16, max=100_000)
    stego_per_technique: int = knob(min=1, max=10_000)
    adaptive_per_technique: int = knob(min=1, max=10_000)
    negatives: int = knob(min=0, max=100_000)
    photo_share: float = knob(min=0, max=1)
    camera_share: float = knob(min=0, max=1)
    drawing_share: float = knob(min=0, max=1)
    smallest_side: int = knob(min=64, max=4096)
    largest_side: int = knob(min=64, max=4096)
    size_factor: float = knob(min=0.25, max=8)
    adaptive_side: int = knob(min=64, max=512)
    lsb_rates: list[float] = knob(min=0.001, max=1)
    adaptive_rates: list[float] = knob(min=0.001, max=1)
    jpeg_rates: list[float] = knob(min=0.001, max=1)
    tool_rates: list[float] = knob(min=0.001, max=1)
    max_payload_bytes: int = knob(min=64, max=1_000_000)
    photographs: str = knob()


class _Own(NamedTuple):
    """A user's photographs, and whether every cover is to be one of them."""

    names: tuple[str, ...]
    only: bool

    @property
    def share(self) -> float:
        """Of the photographs that covers are taken from, how many are the user's: each is used as often, or more."""
        return max(0.5, len(self.names) / (len(self.names) + len(photos.PHOTOGRAPHS)))


def build(
    out_dir: Path,
    params: SampleParams,
    seed: int,
    *,
    workers: int = 2,
    extra_covers: Path | None = None,
    covers_only: bool = False,
    counts: dict[str, int] | None = None,
) -> dict[str, int]:
    """Write the submission, in place of what was there.

    Parameters
    ----------
    out_dir : Path
    params : SampleParams
    seed : int
    workers : int
        Processes; the result is the same for any number.
    extra_covers : Path, optional
        A folder of photographs to take covers from as well; each file is a cover_id of its own.
    covers_only : bool
        Take every cover from that folder, whatever the shares of the sources say. Look-alikes are made as always.
    counts : dict of str to int, optional
        Stego images of these techniques alone, in place of what `params` says, on covers of the kinds that carry them.

    Returns
    -------
    dict of files made: `clean`, `stego.<technique>`, `negatives.<category>`

    Raises
    ------
    StarlightError
        If a folder cannot be written, a technique finds no cover, or `covers_only` has no folder to take them from.
    """
    out_dir = Path(out_dir)
    if covers_only and extra_covers is None:
        raise StarlightError("sample: covers_only needs a folder of photographs")
    _fresh(out_dir)
    if not params.enabled:
        return {}
    own = _Own(photos.folder_photographs(extra_covers) if extra_covers else (), covers_only)
    shares = (1.0, 0.0, 0.0) if covers_only else (params.photo_share, params.camera_share, params.drawing_share)
    counts = counts or {t: params.adaptive_per_technique if slow(t) else params.stego_per_technique for t in TECHNIQUES}
    items = plan(
        seed, params.covers, counts, shares=shares, smallest=params.smallest_side, largest=params.largest_side,
        factor=params.size_factor, adaptive_side=params.adaptive_side,
    )  # fmt: skip
    order = sorted(items, key=lambda i: -i.height * i.width * (1 + len(i.techniques)))  # the long ones first
    jobs = [delayed(_write_cover)(out_dir, item, params, seed, own) for item in order]
    categories = lookalikes.spread(params.negatives)
    jobs += [delayed(_write_negative)(out_dir, name, i, seed) for i, name in enumerate(categories)]
    results = Parallel(n_jobs=workers, batch_size=4)(jobs)
    _write_tables(out_dir, results)
    return dict(sorted(Counter(kind for made in results for kind in made["counts"]).items()))


def _fresh(out_dir: Path) -> None:
    try:
        for name in ("clean", "stego", "negatives"):
            if (out_dir / name).exists():
                shutil.rmtree(out_dir / name)
            (out_dir / name).mkdir(parents=True)
    except OSError as error:
        raise StarlightError(f"{out_dir}: cannot be written ({error.strerror})") from error


def _rates(params: SampleParams) -> embedding.Rates:
    rates = (params.lsb_rates, params.adaptive_rates, params.jpeg_rates, params.tool_rates)
    return embedding.Rates(*map(tuple, rates), params.max_payload_bytes)


def _write_cover(out_dir: Path, item: Item, params: SampleParams, seed: int, own: _Own) -> dict:
    """Make a cover and its stego files; a cover that one of its techniques cannot use is drawn anew."""
    for attempt in range(_TRIES):
        try:
            carrier = _carrier(item, seed, attempt, own)
            made = [
                embedding.embed(carrier, name, np.random.default_rng([seed, 5, item.index, attempt, k]), _rates(params))
                for k, name in enumerate(item.techniques)
            ]
            break
        except StarlightError as error:
            reason = str(error)
    else:
        raise StarlightError(f"sample: cover {item.index} ({item.kind}): {reason}")
    suffix = SUFFIXES[carrier.encoding.format]
    clean = f"cover_{item.index:05d}.{suffix}"
    (out_dir / "clean" / clean).write_bytes(carrier.data)
    for k, stego in enumerate(made):
        name = f"{stego.payload_name}_{stego.embedding['technique']}_{item.index:05d}{k:02d}.{suffix}"
        (out_dir / "stego" / name).write_bytes(stego.data)
        _write_json(out_dir / "stego" / f"{name}.json", {"embedding": stego.embedding, "clean_file": clean})
    row = (f"clean/{clean}", carrier.cover_id, _source(item, attempt, own), item.kind, carrier.processing)
    return {"row": row, "counts": ["clean"] + [f"stego.{name}" for name in item.techniques]}


def _carrier(item: Item, seed: int, attempt: int, own: _Own) -> Carrier:
    rng = np.random.default_rng([seed, 4, item.index, attempt])
    number = f"{item.index:05d}" + (f".{attempt}" if attempt else "")
    source = _source(item, attempt, own)
    if source == "photo" and own.names and (own.only or rng.random() < own.share):
        name = own.names[int(rng.integers(0, len(own.names)))]
        if item.kind in ("jpeg", "jpeg_plain") and photos.is_jpeg(name) and rng.random() < _AS_IT_WAS and attempt < 2:
            most = max(item.height, item.width) if any(map(slow, item.techniques)) else photos.LARGEST_CUT
            cut, note = photos.cut(name, rng, item.height, item.width, largest=most)
            return carriers.of_jpeg(item.kind, cut, photos.cover_id(name), note, rng)
        cover = covers.photograph(rng, item.height, item.width, number, names=[name])
    else:
        cover = covers.make(source, rng, item.height, item.width, number)
    return carriers.make(item.kind, cover, rng)


def _source(item: Item, attempt: int, own: _Own) -> str:
    """Where the cover comes from; after two failures, from the camera, whose scenes have texture."""
    return item.source if attempt < 2 or own.only else "camera"


def _write_negative(out_dir: Path, category: str, index: int, seed: int) -> dict:
    made = lookalikes.make(category, np.random.default_rng([seed, 6, index]), f"{index:05d}")
    name = f"{category}/{category}_{index:05d}.{SUFFIXES[made.format]}"
    path = out_dir / "negatives" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(made.data)
    row = (f"negatives/{name}", made.cover_id, "negative", made.format, made.processing)
    return {"row": row, "counts": [f"negatives.{category}"], "line": lookalikes.manifest_line(name, category, made)}


def _write_tables(out_dir: Path, results: list[dict]) -> None:
    with whole(out_dir / "sources.csv") as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(sorted(made["row"] for made in results))
    lines = sorted((made["line"] for made in results if "line" in made), key=lambda line: line["filename"])
    text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in lines)
    (out_dir / "negatives" / "manifest.jsonl").write_text(text, encoding="utf-8")


def _write_json(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
