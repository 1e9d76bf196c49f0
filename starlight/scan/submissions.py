"""Which files a data sets' folder holds, and what their submissions say about them. Nothing is decoded here."""

from __future__ import annotations

import csv
import functools
import math
import re
import sys
import unicodedata
from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from starlight.errors import StarlightError
from starlight.images.files import EXTENSIONS, Names, image_files
from starlight.scan import forged, negative_manifest, sidecar
from starlight.scan.negatives import category_of

__all__ = ["Entry", "Found", "discover", "find_submissions", "year"]

_SUBMISSION = re.compile(r"^.+_submission_.+$")
_FORMS = (str, *(functools.partial(unicodedata.normalize, form) for form in ("NFC", "NFD")))  # of a name on disk
_KINDS = {"clean": "clean", "stego": "stego", "negatives": "negative", "forged": "forged", "authentic": "authentic"}


@dataclass(slots=True)
class Entry:
    """One file, and all that is said about it. Paths are relative to the data sets' folder."""

    path: str
    submission: str
    kind: str
    category: str = ""
    technique: str = ""
    payload_bits: float = math.nan
    payload_rate: float = math.nan
    tool: str = ""
    clean_path: str = ""  # stego, forged: the file it was made from, or its twin
    mask: str = ""
    cover_name: str = ""  # cover_id as the submission's sources.csv gives it
    source: str = ""
    reason: str = ""  # why it is quarantined; empty so far
    declared_format: str = ""  # negatives: as their manifest says
    absent: bool = False  # listed, but there is no such file


@dataclass
class Found:
    """What `discover` found: entries sorted by path, warnings, and files that are no images by their names."""

    entries: list[Entry] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def find_submissions(datasets_dir: Path, *, leave_out: Container[str] = ()) -> list[Path]:
    """Folders `*_submission_*`, sorted by name, but for those to be left out.

    Raises
    ------
    StarlightError
        The folder is missing, or holds no submission.
    """
    try:
        folders = sorted(p for p in datasets_dir.iterdir() if _SUBMISSION.match(p.name) and p.is_dir())
    except OSError as error:
        raise StarlightError(f"{datasets_dir}: {error.strerror or error}") from error
    folders = [p for p in folders if p.name not in leave_out]
    if not folders:
        raise StarlightError(
            f"{datasets_dir}: no submission found, expected a folder <contributor>_submission_<year>/ with clean/, "
            "stego/ or negatives/ in it"
        )
    return folders


def year(submission: str) -> int:
    """Year in a submission's name; 9999 where there is none, so that it counts as the newest."""
    match = re.search(r"_(\d{4})$", submission)
    return int(match[1]) if match else 9999


def discover(datasets_dir: Path, *, leave_out: Container[str] = ()) -> Found:
    """Every file of every submission, with what sidecars, negative manifests and `sources.csv` say about it.

    Parameters
    ----------
    datasets_dir : Path
    leave_out : container of str
        Names of submissions that do not count.

    Raises
    ------
    StarlightError
        There is no submission, or no image in any.
    """
    found = Found()
    for folder in find_submissions(datasets_dir, leave_out=leave_out):
        _submission(folder, found)
    if not found.entries:
        raise StarlightError(
            f"{datasets_dir}: its submissions hold no images, expected some in clean/, stego/ or negatives/<category>/"
        )
    found.entries.sort(key=lambda entry: entry.path)
    return found


def _submission(folder: Path, found: Found) -> None:
    files = {sub: _images(folder / sub, folder.name, found) for sub in (*_KINDS, "masks")}
    masks = forged.by_stem(f"{folder.name}/masks", files.pop("masks"))
    twins: dict[str, str] = {}
    for sub in ("clean", "authentic") if files["forged"] else ():
        twins |= forged.by_stem(f"{folder.name}/{sub}", files[sub])
    entries: list[Entry] = []
    for sub, kind in _KINDS.items():
        entries += [Entry(f"{folder.name}/{sub}/{name}", folder.name, kind) for name in files[sub]]
    clean = Names(files["clean"])
    for entry in entries:
        name = entry.path.split("/", 2)[2]
        if entry.kind == "stego":
            _read_sidecar(folder, name, clean, entry, found)
        elif entry.kind == "forged":
            forged.read(entry, name, masks, twins)
        elif entry.kind == "authentic":
            entry.category = forged.folder_of(name)
    entries += _negatives(folder, files["negatives"], entries, found)
    _sources(folder, entries, found)
    for entry in entries:  # there may be millions, and few distinct words
        entry.category, entry.technique, entry.tool, entry.source = map(
            sys.intern, (entry.category, entry.technique, entry.tool, entry.source)
        )
    found.entries += entries


def _images(folder: Path, submission: str, found: Found) -> list[str]:
    images, others = image_files(folder, (".npy",) if folder.name == "masks" else ())
    found.ignored += [f"{submission}/{folder.name}/{name}" for name in others]
    return images


def _read_sidecar(folder: Path, name: str, clean: Names, entry: Entry, found: Found) -> None:
    file = folder / "stego" / name
    names_tried = (f(n) for f in _FORMS for n in (file.name + ".json", file.with_suffix(".json").name))
    path = next((p for p in map(file.with_name, names_tried) if p.is_file()), None)
    said = sidecar.from_name(name)
    if path is None:
        if not said.technique:
            found.warnings.append(f"{entry.path}: has no sidecar, and its name does not tell the technique")
            said = sidecar.Sidecar(technique="")
    else:
        try:
            said = sidecar.parse(path)
        except StarlightError as error:
            entry.reason = str(error)
            said = sidecar.Sidecar(technique=said.technique, category=said.category)
    entry.category, entry.technique, entry.tool = said.category, said.technique, said.tool
    entry.payload_bits, entry.payload_rate = said.payload_bits, said.payload_rate
    clean_name = _clean_name(said.clean_file, name, clean)
    if clean_name:
        entry.clean_path = f"{folder.name}/clean/{clean_name}"
    elif said.clean_file:
        entry.reason = entry.reason or f"sidecar: clean file {said.clean_file} is missing"


def _clean_name(declared: str, name: str, clean: Names) -> str:
    """The clean file: the one declared, else the one of the same name, else of the same stem."""
    if declared:
        parts = PurePosixPath(declared.replace("\\", "/")).parts
        tails = ["/".join(parts[i:]) for i in range(len(parts))]
        return clean.find(*tails) or ""
    return clean.find(name, *(str(PurePosixPath(name).with_suffix(suffix)) for suffix in EXTENSIONS)) or ""


def _negatives(folder: Path, names: list[str], entries: list[Entry], found: Found) -> list[Entry]:
    """Fill in the categories of negatives; returns a row for each file that is listed but not there."""
    if not names and not (folder / "negatives").is_dir():
        return []
    listing = negative_manifest.read(folder / "negatives" / "manifest.jsonl")
    where = f"{folder.name}/negatives/manifest.jsonl"
    if listing.missing and names:
        found.warnings.append(f"{where}: is missing, categories come from the folders' names")
    found.warnings += [f"{where}: {problem}" for problem in listing.problems]
    listed, absent = negative_manifest.locate(listing, names)
    for entry in entries:
        if entry.kind != "negative":
            continue
        name = entry.path.split("/", 2)[2]
        line = listed.get(name)
        entry.category, folder_says = category_of(name, line), category_of(name, None)
        entry.reason = line.fault if line else ""
        entry.declared_format = line.declared_format if line else ""
        if line and "/" in name and folder_says != entry.category:
            found.warnings.append(f"{where}: line {line.line}: category {entry.category} lies in folder {folder_says}")
    return [
        Entry(f"{folder.name}/negatives/{line.file}", folder.name, "negative", line.category,
              reason=f"negative manifest line {line.line}: no such file", absent=True)
        for line in absent
    ]  # fmt: skip


def _sources(folder: Path, entries: list[Entry], found: Found) -> None:
    """`sources.csv` of a submission: filename, cover_id, source; a name without folder is one in clean/."""
    path = folder / "sources.csv"
    rows: dict[str, dict] = {}
    if path.is_file():
        try:
            with path.open(newline="", encoding="utf-8-sig") as stream:
                rows = {str(row.get("filename", "")).strip().replace("\\", "/"): row for row in csv.DictReader(stream)}
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            found.warnings.append(f"{folder.name}/sources.csv: cannot be read: {error}")
    listed = Names(rows)
    for entry in entries:
        name = entry.path.split("/", 1)[1]
        bare = name.split("/", 1)[1] if entry.kind == "clean" else name
        row = rows.get(listed.find(name, bare) or "", {})
        entry.cover_name = (row.get("cover_id") or "").strip()
        entry.source = (row.get("source") or "").strip()
