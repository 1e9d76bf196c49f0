"""The images of the detection benchmark: a test set, and the training pairs that peers with a classifier are given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from starlight import manifest
from starlight.errors import StarlightError
from starlight.metrics import PROTOCOL
from starlight.sample.build import SampleParams, build
from starlight.sample.covers import photos
from starlight.scan import sidecar
from starlight.techniques import OTHER, TECHNIQUES, group

__all__ = [
    "COLUMNS",
    "LEAST_COVERS",
    "ImageSet",
    "made",
    "of_manifest",
    "of_submission",
    "test_params",
    "training_pairs",
]

COLUMNS = ("path", "label", "technique", "level", "cover_id", "source", "twin")
LEAST_COVERS = 40  # so that every kind of file is among them
_SIDES = {"smallest_side": 160, "largest_side": 640, "adaptive_side": 256}  # pixels
_LEVELS = {
    "lsb_rates": [0.05, 0.1, 0.4],
    "adaptive_rates": [0.4],
    "jpeg_rates": [0.1, 0.4],
    "tool_rates": [0.25, 0.5, 1.0],
}


@dataclass(frozen=True)
class ImageSet:
    """Images and where they come from.

    Attributes
    ----------
    table : DataFrame
        `COLUMNS`: path; 1 for stego; technique and payload level, "" for authentic images and where texts of any
        length are hidden; cover_id; source of the photograph; path of the payload-free twin, "" where there is none.
    origin : str
        For the report.
    """

    table: pd.DataFrame
    origin: str

    @property
    def composition(self) -> str:
        """Counts of files, pictures, sources and formats, for the report."""
        authentic = self.table[self.table["label"] == 0]
        places = authentic["source"].value_counts().sort_index()
        sources = ", ".join(f"{name} {count}" for name, count in places.items())
        formats = authentic["path"].map(lambda path: Path(path).suffix[1:]).value_counts().sort_index()
        kinds = ", ".join(f"{name} {count}" for name, count in formats.items())
        return (
            f"{len(authentic)} authentic files (sources: {sources}; formats: {kinds}) from "
            f"{authentic['cover_id'].nunique()} pictures, {len(self.table) - len(authentic)} stego files made from them"
        )


def of_manifest(path: Path, datasets: Path, split: str) -> ImageSet:
    """The clean and stego images of a split of the pipeline's manifest; negatives are left out.

    Parameters
    ----------
    path : Path
        The manifest.
    datasets : Path
        Folder that its paths start from.
    split : str

    Raises
    ------
    StarlightError
        A file that the manifest lists is not there.
    """
    listed = manifest.usable(manifest.read(path))
    twins = dict(zip(listed["sample_id"], listed["path"], strict=True))
    chosen = listed[(listed["split"] == split) & listed["kind"].isin(["clean", "stego"])]
    rows = [
        _row(datasets / row.path, row.technique, row.tool, row.payload_rate, row.cover_id, row.source or row.submission,
             datasets / twins[row.twin_id] if row.twin_id in twins else "")
        for row in chosen.itertuples()
    ]  # fmt: skip
    missing = next((row["path"] for row in rows if not Path(row["path"]).is_file()), None)
    if missing:
        raise StarlightError(f"{path}: lists {missing}, which is not there; run `dvc repro`")
    names = ", ".join(sorted(set(chosen["submission"])))
    return ImageSet(_table(rows), f"the {split} split of the pipeline ({names}), without its look-alikes")


def of_submission(folder: Path, origin: str, covers: Path | None = None) -> ImageSet:
    """The clean and stego images of a submission that `sample.build` wrote.

    Parameters
    ----------
    folder : Path
        The submission.
    origin : str
        Where its covers come from, for the report.
    covers : Path, optional
        Folder of photographs that it was made from; its folders are the sources then.

    Returns
    -------
    ImageSet
    """
    made_from = pd.read_csv(folder / "sources.csv", keep_default_na=False).set_index("filename")
    places = _places(covers) if covers else {}
    rows, facts = [], {}
    for path in sorted((folder / "clean").iterdir()):
        cover_id, source = made_from.loc[f"clean/{path.name}", ["cover_id", "source"]]
        facts[path.name] = (cover_id, places.get(cover_id, source), path)
        rows.append(_row(path, "", "", math.nan, *facts[path.name][:2], ""))
    for said in sorted((folder / "stego").glob("*.json")):
        s = sidecar.parse(said)
        rows.append(_row(said.with_suffix(""), s.technique, s.tool, s.payload_rate, *facts[s.clean_file]))
    return ImageSet(_table(rows), origin)


def made(folder: Path, params: SampleParams, seed: int, *, covers: Path | None = None, workers: int = 1) -> ImageSet:
    """Make a submission and list it: from a folder of photographs alone, or as the pipeline's built-in one is made.

    Parameters
    ----------
    folder : Path
        For the submission.
    params : SampleParams
    seed : int
    covers : Path, optional
        Folder of photographs.
    workers : int
        Processes.

    Returns
    -------
    ImageSet

    Raises
    ------
    StarlightError
        There is no such folder, or it holds no image.
    """
    if covers is not None and not covers.is_dir():
        raise StarlightError(f"{covers}: no such folder of photographs")
    origin = f"covers of the built-in submission, seed {seed} (its packaged photographs are in training too)"
    if covers is not None:
        origin = f"covers from {len(photos.folder_photographs(covers))} photographs of the folder `{covers.name}`"
    build(folder, params, seed, workers=workers, extra_covers=covers, covers_only=covers is not None)
    return of_submission(folder, origin, covers)


def test_params(params: SampleParams, images: int, stego: int) -> SampleParams:
    """Settings of a test set, with fixed levels of embedding.

    Parameters
    ----------
    params : SampleParams
        For whatever is not set here.
    images : int
        Covers.
    stego : int
        Stego images of each technique, half as many of costly ones.

    Returns
    -------
    SampleParams
    """
    return replace(
        params, enabled=True, covers=max(images, LEAST_COVERS), stego_per_technique=stego,
        adaptive_per_technique=max(1, stego // 2), negatives=0, **_SIDES, **_LEVELS,
    )  # fmt: skip


def training_pairs(images: ImageSet, carrier: str, most: int, *, seed: int) -> list[tuple[str, str, str]]:
    """Paths of twin and stego, and cover_id, of all techniques with this carrier.

    Parameters
    ----------
    images : ImageSet
    carrier : {"samples", "jpeg"}
    most : int
        Pairs; more are thinned out at random.
    seed : int

    Returns
    -------
    list of (str, str, str)
    """
    fitting = group(carrier)
    table = images.table[images.table["technique"].isin(fitting) & (images.table["twin"] != "")]
    order = np.random.default_rng(seed).permutation(len(table))[:most]
    columns = table[["twin", "path", "cover_id"]].to_numpy()
    return [tuple(columns[i]) for i in sorted(order)]


def _row(path: Path, technique: str, tool: str, rate: float, cover_id: str, source: str, twin: Path | str) -> dict:
    technique = tool if technique == OTHER and tool else technique
    graded = technique in TECHNIQUES and technique not in PROTOCOL and rate == rate
    level = f"{rate:g}" if graded else ""
    values = (str(path), int(technique != ""), technique, level, cover_id, source, str(twin))
    return dict(zip(COLUMNS, values, strict=True))


def _table(rows: Sequence[dict]) -> pd.DataFrame:
    if not rows:
        raise StarlightError("bench: the test set has no image")
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _places(covers: Path) -> dict[str, str]:
    """Folder of each photograph, by cover_id; a file name that several folders have is of `several`."""
    found: dict[str, str] = {}
    for path in map(Path, photos.folder_photographs(covers)):
        cover_id, place = f"user/{path.name}", path.parent.relative_to(covers).as_posix()
        found[cover_id] = place if found.get(cover_id, place) == place else "several"
    return found
