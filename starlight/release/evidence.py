"""Evidence on false alarms: a detector over clean files, real ones first, counted by source and by class of picture."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image as Pillow

from starlight.detector.answer import CANNOT_TELL, STEGO, UNREADABLE
from starlight.detector.calibration.judgement import found_in, lowest_rates
from starlight.detector.detector import Detector
from starlight.errors import BadImage
from starlight.fanout import Engine, chunked, run
from starlight.metrics import clopper_pearson
from starlight.metrics.promise import GENERATED, REAL
from starlight.sample.build import SampleParams, build

__all__ = ["Counted", "File", "by_class", "by_source", "gather", "device", "judge", "loaded", "make", "own"]

_MAKE = 0x010F  # EXIF tag (JEITA CP-3451, 4.6.4)
_SOURCES = {
    "photo": "packaged photographs, processed anew (the photographs are in training)",
    "camera": "camera model, new scenes",
    "drawing": "drawings and screenshots, new ones",
    "negative": "look-alikes, new ones",
}


class File(NamedTuple):
    """A clean file: `group` is `REAL` or `GENERATED`."""

    group: str
    source: str
    path: Path


class Counted(NamedTuple):
    """What a detector said of a clean file. `make` is the device's, of real files that name it.

    `rate` is the lowest rate of those that the detector has thresholds for at which it flags the file; NaN for none.
    """

    group: str
    source: str
    make: str
    picture: str
    verdict: str
    technique: str
    rate: float = float("nan")


def make(folder: Path, images: int, seeds: Iterable[int], params: SampleParams) -> list[File]:
    """Make new clean images, half of them look-alikes.

    Those of one seed are of other scenes and crops than those of another, and lie in `folder/<seed>`.

    Parameters
    ----------
    folder : Path
    images : int
        With each seed.
    seeds : iterable of int
    params : SampleParams

    Returns
    -------
    list of File
        As `gather` gives them.
    """
    params = dataclasses.replace(
        params, enabled=True, photographs="", covers=images // 2, negatives=images - images // 2,
        stego_per_technique=1, adaptive_per_technique=1,
    )  # fmt: skip
    made: list[File] = []
    for seed in seeds:
        build(folder / str(seed), params, seed, workers=Engine().cores())
        made += gather(folder / str(seed))
    return made


def gather(submission: Path) -> Iterator[File]:
    """Clean images of a built-in submission made for the purpose, by source."""
    table = pd.read_csv(submission / "sources.csv")
    for name, source in zip(table["filename"], table["source"], strict=True):
        yield File(GENERATED, _SOURCES.get(source, source), submission / name)


def own(folders: Iterable[Path]) -> Iterator[File]:
    """Files of folders of real ones, each folder a source."""
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            yield File(REAL, folder.name, path)


def judge(weights: Path, files: Iterable[File], engine: Engine = Engine()) -> list[Counted]:  # noqa: B008
    """What a detector says of each file, spread over processes.

    Parameters
    ----------
    weights : Path
    files : iterable of File
    engine : Engine

    Returns
    -------
    list of Counted
        In the order of the files.
    """
    chunks = chunked(list(enumerate(files)), engine)
    parts = run(engine, functools.partial(_judge, weights), chunks, label="evidence")
    return [one for _, one in sorted((pair for part in parts for pair in part), key=lambda pair: pair[0])]


def _judge(weights: Path, files: Sequence[tuple[int, File]]) -> list[tuple[int, Counted]]:
    detector = loaded(weights)
    return [(place, _counted(detector, file)) for place, file in files]


def _counted(detector: Detector, file: File) -> Counted:
    group, source, path = file
    try:
        judged = detector.judge(path, maps=False)
    except BadImage:
        return Counted(group, source, "", "", UNREADABLE, "")
    answer = judged.detection
    named = (answer.technique or "") if answer.verdict == STEGO else ""
    seen, predictor, maker = judged.prediction, detector.predictor, device(path) if group == REAL else ""
    found = found_in([judged.record], predictor.techniques)
    how = judged.classes, predictor.calibration, predictor.meta["ood_limit"], found
    rate = float(lowest_rates(seen.logits, seen.ood, *how)[0])
    return Counted(group, source, maker, judged.classes[0], answer.verdict, named, rate)


def device(path: Path) -> str:
    """Make of the camera or phone that a file names; empty for none."""
    try:
        with Pillow.open(path) as image:
            told = str(image.getexif().get(_MAKE, ""))
    except (OSError, SyntaxError, ValueError):  # what Pillow raises for metadata that it cannot read
        return ""
    words = "".join(c if c.isalnum() else " " for c in told).split()
    return words[0].title() if words else ""


@functools.cache
def loaded(weights: Path) -> Detector:
    """A detector, once in each process, which shares the cores with others."""
    import torch

    torch.set_num_threads(1)
    return Detector.load(weights)


def by_source(counted: Sequence[Counted], rates: Sequence[float] = ()) -> pd.DataFrame:
    """False alarms by source, real files first, each group's worst first.

    Parameters
    ----------
    counted : sequence of Counted
    rates : sequence of float
        Further rates that people may ask for: `at_<rate>` counts what is flagged then.

    Returns
    -------
    DataFrame
        `group`, `source`, `images`, `flagged`, `abstained`, `unreadable`, `fpr`, `low`, `high` (95 % Clopper-Pearson),
        `taken_for` (techniques of the false alarms). A group begins with all of it; a source of several makes, which
        are named behind a colon, stands for itself as well. Unreadable files are not counted as images.
    """
    table, rows = pd.DataFrame(counted, columns=Counted._fields), []
    for group in (REAL, GENERATED):
        chosen = table[table["group"] == group]
        if chosen.empty:
            continue
        parts = dict(list(chosen.groupby("source")))
        makes = {
            f"{source}: {maker or 'no make named'}": part
            for source, of_source in parts.items()
            if of_source["make"].nunique() > 1
            for maker, part in of_source.groupby("make")
        }
        found = [_row(group, *one, rates) for one in (parts | makes).items()]
        found.sort(key=lambda row: (-np.nan_to_num(row["fpr"], nan=-1.0), row["source"]))  # nothing readable comes last
        rows += [_row(group, f"all {group}", chosen, rates), *found]
    return pd.DataFrame(rows)


def by_class(counted: Sequence[Counted], target_fpr: float) -> pd.DataFrame:
    """Coverage: false alarms by class of picture beside those that were promised.

    Returns
    -------
    DataFrame
        `group`, `class`, `images`, `promised` (images times the rate asked for), `flagged`, `abstained`, `low`, `high`.
    """
    table = pd.DataFrame([one for one in counted if one.verdict != UNREADABLE], columns=Counted._fields)
    rows = []
    for (group, picture), part in table.groupby(["group", "picture"], sort=True):
        found = _row(group, picture, part)
        kept = {name: found[name] for name in ("images", "flagged", "abstained", "low", "high")}
        rows.append({"group": group, "class": picture, "promised": round(len(part) * target_fpr, 3), **kept})
    columns = ["group", "class", "images", "promised", "flagged", "abstained", "low", "high"]
    return pd.DataFrame(rows, columns=columns).sort_values(["group", "class"], ascending=[False, True])


def _row(group: str, source: str, found: pd.DataFrame, rates: Sequence[float] = ()) -> dict[str, object]:
    verdict, named = found["verdict"], found["technique"][found["verdict"] == STEGO].value_counts().sort_index()
    unreadable = int((verdict == UNREADABLE).sum())
    n, k = len(verdict) - unreadable, int((verdict == STEGO).sum())
    low, high = clopper_pearson(k, n)
    return {
        "group": group, "source": source, "images": n, "flagged": k,
        "abstained": int((verdict == CANNOT_TELL).sum()), "unreadable": unreadable,
        "fpr": round(k / n, 6) if n else float("nan"), "low": round(low, 6), "high": round(high, 6),
        "taken_for": " ".join(f"{name}:{times}" for name, times in named.items()),
        **{f"at_{rate:g}": int((found["rate"] <= rate).sum()) for rate in rates},
    }  # fmt: skip
