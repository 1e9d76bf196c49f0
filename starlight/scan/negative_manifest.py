"""`negatives/manifest.jsonl`, in either of its two dialects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from starlight.images.files import Names

__all__ = ["CATEGORIES", "REQUIRED", "Entry", "Listing", "locate", "read"]

REQUIRED = ("rgb_no_alpha", "uniform_alpha", "natural_noise", "repetitive_patterns")
CATEGORIES = (
    *REQUIRED, "natural_alpha", "dithered", "camera_exif", "benign_trailer", "recompressed", "annotated", "scan",
    "tiny", "flat",
)  # fmt: skip

_FILE_KEYS = ("filename", "file_path")
_CATEGORY_KEYS = ("category", "method")
_LABEL_KEYS = ("expected_behavior", "label")


@dataclass(frozen=True)
class Entry:
    """One line of a negative manifest.

    Attributes
    ----------
    line : int
        From 1.
    file : str
        As written, with forward slashes.
    category : str
        Empty where the line names none.
    fault : str
        Why the line's file cannot be a negative; empty where all is well.
    dialect : str
        `full` (filename, category, ...) or `short` (method, file_path).
    declared_format : str
        `format_type`, lower case; empty where not given.
    """

    line: int
    file: str
    category: str
    fault: str
    dialect: str
    declared_format: str = ""


@dataclass
class Listing:
    """A negative manifest: its good lines, and what is wrong with the others."""

    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    missing: bool = False


def read(path: Path) -> Listing:
    """Read a negative manifest, line by line; a bad line is a problem, not an end.

    Parameters
    ----------
    path : Path
        `manifest.jsonl`.

    Returns
    -------
    Listing
        `missing` is set where there is no such file.
    """
    listing = Listing()
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        listing.missing = True
        return listing
    except (OSError, UnicodeDecodeError) as error:
        listing.problems.append(f"cannot be read: {error}")
        return listing
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            listing.entries.append(_entry(number, json.loads(line)))
        except (ValueError, RecursionError) as error:
            detail = str(error) if type(error) is ValueError else "is no JSON"
            listing.problems.append(f"line {number}: {detail}")
    return listing


def _entry(number: int, content: object) -> Entry:
    if not isinstance(content, dict):
        raise ValueError("is no JSON object")
    file = _first(content, _FILE_KEYS)
    if not file:
        raise ValueError("names no file (`filename` or `file_path`)")
    label = _first(content, _LABEL_KEYS).lower()
    fault = f"negative manifest line {number} calls it {label}" if label not in ("clean", "") else ""
    declared = content.get("format_type")
    return Entry(
        line=number,
        file=file.replace("\\", "/"),
        category=_first(content, _CATEGORY_KEYS),
        fault=fault,
        dialect="full" if "filename" in content else "short",
        declared_format=declared.lower() if isinstance(declared, str) else "",
    )


def _first(content: dict, keys: Iterable[str]) -> str:
    for key in keys:
        value = content.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def locate(listing: Listing, files: Iterable[str]) -> tuple[dict[str, Entry], list[Entry]]:
    """Match the manifest's lines with the files that are there.

    A line may give a path from `negatives/`, from the submission, from anywhere above, or a bare name (in its
    category's folder, or the only file so named).

    Parameters
    ----------
    listing : Listing
    files : iterable of str
        Paths from `negatives/`, with forward slashes.

    Returns
    -------
    found : dict
        Path to its line; of several lines for one file, the first.
    absent : list of Entry
        Lines whose file is not there.
    """
    files = list(files)
    there, last = Names(files), Names([PurePosixPath(file).name for file in files])
    same_name: dict[str, list[str]] = {}
    for file in files:
        same_name.setdefault(PurePosixPath(file).name, []).append(file)
    found: dict[str, Entry] = {}
    absent = []
    for entry in listing.entries:
        path = _match(entry, there, lambda name: same_name.get(last.find(name) or "", []))
        if path is None:
            absent.append(entry)
        else:
            found.setdefault(path, entry)
    return found, absent


def _match(entry: Entry, there: Names, same_name: Callable[[str], list[str]]) -> str | None:
    parts = [part for part in PurePosixPath(entry.file).parts if part not in ("/", ".")]
    tails = ["/".join(parts[i:]) for i in range(len(parts))]
    found = there.find(*(candidate for tail in tails for candidate in (tail, f"{entry.category}/{tail}")))
    if found is not None:
        return found
    same = same_name(parts[-1]) if parts else []
    return same[0] if len(same) == 1 else None
