"""Is a set of negatives what it claims to be? Structure, manifest, categories against pixels, payloads, balance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from starlight.facts import Facts
from starlight.negatives.manifest import CATEGORIES, REQUIRED

__all__ = ["Findings", "category_fault", "imbalance", "payload_fault", "validate"]

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
        "benign_trailer": not facts.trailer_bytes and "nothing follows the end of its image",
    }.get(category)
    return f"category: declared {category}, but {wrong}" if wrong else ""


def _alpha(facts: Facts) -> str:
    return "missing" if facts.alpha == "none" else facts.alpha


def payload_fault(facts: Facts) -> str:
    """Why a file cannot be free of a payload; empty where it can.

    A text in UserComment or after the image's end may be innocent, unless it bears the protocol's mark; one that
    stands in the least significant bits never is.
    """
    if not facts.decoded or (facts.decoded in ("exif", "raw") and not facts.decoded_mark):
        return ""
    return f"payload: {facts.decoded_bits // 8} bytes can be read from it as {facts.decoded}"


def validate(rows: Iterable[tuple[str, str, str, Facts | None]]) -> Findings:
    """Check one submission's negatives.

    Parameters
    ----------
    rows : iterable of (path, category, reason, facts)
        `reason` is why the file is set aside already, `facts` None where it cannot be read.

    Returns
    -------
    Findings
    """
    findings, categories, formats = Findings(), Counter(), Counter()
    for path, category, reason, facts in rows:
        if facts is not None:
            reason = reason or category_fault(category, facts) or payload_fault(facts)
        if reason or facts is None:
            findings.errors.append((path, reason or "unreadable"))
            continue
        categories[category] += 1
        formats[facts.format] += 1
    findings.categories, findings.formats = dict(sorted(categories.items())), dict(sorted(formats.items()))
    for category in sorted(set(categories) - set(CATEGORIES)):
        findings.warnings.append(f"category {category} is not a listed one: kept")
    for category in REQUIRED:
        if category not in categories:
            findings.warnings.append(f"required category {category} has no images")
    for what, counts in (("category", categories), ("format", formats)):
        findings.warnings += imbalance(what, counts)
    return findings


def imbalance(what: str, counts: Mapping[str, int]) -> list[str]:
    """A line where the largest count is over `MAX_IMBALANCE` times the smallest."""
    if len(counts) < 2:
        return []
    most, least = max(counts, key=lambda k: (counts[k], k)), min(counts, key=lambda k: (counts[k], k))
    if counts[most] <= MAX_IMBALANCE * counts[least]:
        return []
    return [f"unbalanced: {counts[most]} images of {what} {most}, {counts[least]} of {least}"]
