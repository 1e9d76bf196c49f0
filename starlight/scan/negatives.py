"""Is a set of negatives what it claims to be? Structure, manifest, categories against pixels, payloads, balance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from starlight.errors import BadImage, StarlightError
from starlight.images.containers import Limits
from starlight.images.files import image_files
from starlight.scan import negative_manifest as manifest
from starlight.scan.facts import Facts, measure
from starlight.scan.negative_manifest import CATEGORIES, REQUIRED

__all__ = ["Findings", "category_fault", "category_of", "format_fault", "imbalance", "payload_fault", "validate_folder"]

MAX_IMBALANCE = 4.0  # largest category over smallest, and largest format over smallest, from which it is said


@dataclass
class Findings:
    """What the validator found.

    Attributes
    ----------
    errors : list of (str, str)
        Path and reason; such a file must not be trained on.
    warnings : list of str
    categories, formats : dict
        Number of good files of each.
    """

    errors: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    categories: dict[str, int] = field(default_factory=dict)
    formats: dict[str, int] = field(default_factory=dict)


def category_fault(category: str, facts: Facts) -> str:
    """Why a file cannot be a negative of this category; empty where it can."""
    wrong = {
        "rgb_no_alpha": facts.alpha != "none" and "it has an alpha channel",
        "uniform_alpha": facts.alpha != "uniform" and f"its alpha channel is {_alpha(facts)}",
        "natural_alpha": facts.alpha != "varied" and f"its alpha channel is {_alpha(facts)}",
        "camera_exif": not facts.exif_fields and "it has no EXIF",
        "benign_trailer": not (facts.trailer_bytes or facts.second_images) and "nothing follows the end of its image",
    }.get(category)
    return f"category: declared {category}, but {wrong}" if wrong else ""


def _alpha(facts: Facts) -> str:
    return "missing" if facts.alpha == "none" else facts.alpha


def payload_fault(facts: Facts) -> str:
    """Why a file cannot be free of a payload; empty where it can.

    What the one reader calls hidden is: comments and known structures are notes to it, or explained.
    """
    if not facts.decoded and not facts.decoded_mark:
        return ""
    return f"payload: {facts.decoded_bits // 8} bytes can be read from it as {facts.decoded or 'a marked text'}"


def format_fault(declared: str, facts: Facts) -> str:
    """Why a file is not of the format that its manifest declares; empty where it is, or where none is declared."""
    declared = {"jpg": "jpeg", "tif": "tiff"}.get(declared, declared)
    return f"format: declared {declared}, but it is {facts.format}" if declared not in ("", facts.format) else ""


def category_of(name: str, line: manifest.Entry | None) -> str:
    """Category of a file, by its path from `negatives/`: as its manifest says, else the folder that it lies in."""
    parts = PurePosixPath(name).parts
    return (line.category if line else "") or (parts[0] if len(parts) > 1 else "uncategorised")


def validate_folder(folder: Path | str, limits: Limits = Limits()) -> Findings:  # noqa: B008 (frozen)
    """Check a folder of negatives with its manifest.

    Parameters
    ----------
    folder : Path
        `negatives/` of a submission.
    limits : Limits
        On one file.

    Raises
    ------
    StarlightError
        The folder is missing, or holds no image.
    """
    folder = Path(folder)
    names, ignored = image_files(folder)
    if not names:
        raise StarlightError(f"{folder}: holds no images, expected <category>/<file> and manifest.jsonl")
    listing = manifest.read(folder / "manifest.jsonl")
    listed, absent = manifest.locate(listing, names)
    findings = Findings()
    findings.errors += [("manifest.jsonl", problem) for problem in listing.problems]
    findings.errors += [(line.file, f"negative manifest line {line.line}: no such file") for line in absent]
    findings.warnings += ["manifest.jsonl is missing"] if listing.missing else []
    findings.warnings += [f"{name}: is no image by its name" for name in ignored]
    categories, formats = Counter(), Counter()
    for name in names:
        line = listed.get(name)
        if line is None and not listing.missing:
            findings.warnings.append(f"{name}: is not in manifest.jsonl")
        category = category_of(name, line)
        facts, reason = _facts(folder / name, limits)
        reason = reason or (line.fault if line else "") or _fault(category, line, facts)
        if reason:
            findings.errors.append((name, reason))
        else:
            categories[category] += 1
            formats[facts.format] += 1
    _weigh(findings, categories, formats)
    return findings


def _facts(path: Path, limits: Limits) -> tuple[Facts | None, str]:
    try:
        return measure(path.read_bytes(), limits), ""
    except BadImage as error:
        return None, f"unreadable: {error.reason}"
    except OSError as error:
        return None, f"unreadable: cannot be opened: {error.strerror or error}"


def _fault(category: str, line: manifest.Entry | None, facts: Facts) -> str:
    declared = line.declared_format if line else ""
    return category_fault(category, facts) or format_fault(declared, facts) or payload_fault(facts)


def _weigh(findings: Findings, categories: Counter, formats: Counter) -> None:
    findings.categories, findings.formats = dict(sorted(categories.items())), dict(sorted(formats.items()))
    for category in sorted(set(categories) - set(CATEGORIES)):
        findings.warnings.append(f"category {category} is not a listed one: kept")
    for category in REQUIRED:
        if category not in categories:
            findings.warnings.append(f"required category {category} has no images")
    for what, counts in (("category", categories), ("format", formats)):
        findings.warnings += imbalance(what, counts)


def imbalance(what: str, counts: Mapping[str, int]) -> list[str]:
    """A line where the largest count is over `MAX_IMBALANCE` times the smallest."""
    if len(counts) < 2:
        return []
    most, least = max(counts, key=lambda k: (counts[k], k)), min(counts, key=lambda k: (counts[k], k))
    if counts[most] <= MAX_IMBALANCE * counts[least]:
        return []
    return [f"unbalanced: {counts[most]} images of {what} {most}, {counts[least]} of {least}"]
