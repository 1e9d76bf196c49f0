"""Is a negative what it claims to be? Categories against pixels, formats, payloads, balance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from starlight.scan.facts import Facts
from starlight.scan.negative_manifest import Entry

__all__ = ["category_fault", "category_of", "format_fault", "imbalance", "payload_fault"]

MAX_IMBALANCE = 4.0  # largest category over smallest, and largest format over smallest, from which it is said


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


def category_of(name: str, line: Entry | None) -> str:
    """Category of a file, by its path from `negatives/`: as its manifest says, else the folder that it lies in."""
    parts = PurePosixPath(name).parts
    return (line.category if line else "") or (parts[0] if len(parts) > 1 else "uncategorised")


def imbalance(what: str, counts: Mapping[str, int]) -> list[str]:
    """A line where the largest count is over `MAX_IMBALANCE` times the smallest."""
    if len(counts) < 2:
        return []
    most, least = max(counts, key=lambda k: (counts[k], k)), min(counts, key=lambda k: (counts[k], k))
    if counts[most] <= MAX_IMBALANCE * counts[least]:
        return []
    return [f"unbalanced: {counts[most]} images of {what} {most}, {counts[least]} of {least}"]
