"""What is said about a stego file: its sidecar `<file>.json`, or else its name."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from starlight.errors import StarlightError
from starlight.techniques import OTHER, TECHNIQUES, category_of

__all__ = ["Sidecar", "from_name", "normalise", "parse"]

ALIASES = {
    "lsb": "lsb.rgb", "eoi": "raw", "eof": "raw", "trailer": "raw", "usercomment": "exif", "j-uniward": "juniward",
    "dct.j-uniward": "juniward", "s-uniward": "suniward", "lsb_replacement": "lsbr", "lsb_matching": "lsbm",
}  # fmt: skip
_NAME = re.compile(r"^(?P<payload>.+)_(?P<technique>[A-Za-z0-9.\-]+)_(?P<index>\d+)$")


@dataclass(frozen=True)
class Sidecar:
    """What a sidecar, or a file's name, declares.

    Attributes
    ----------
    technique : str
        A listed technique, `other`, or empty where nothing is known.
    category : str
        `pixel`, `metadata` or `eoi`.
    clean_file : str
        As written; empty where none is named.
    payload_bits, payload_rate : float
        NaN where not given.
    tool : str
        Program that embedded, or the declared name of a technique that is not listed.
    """

    technique: str = ""
    category: str = ""
    clean_file: str = ""
    payload_bits: float = math.nan
    payload_rate: float = math.nan
    tool: str = ""


def normalise(name: str) -> str:
    """Listed technique of a declared name, in any case and by its usual aliases; `other` where there is none."""
    lowered = name.strip().lower()
    lowered = ALIASES.get(lowered, lowered)
    return lowered if lowered in TECHNIQUES else OTHER


def from_name(name: str) -> Sidecar:
    """Read `{payload}_{technique}_{index}.{ext}`.

    Returns
    -------
    Sidecar
        With an empty technique where the name does not follow the pattern.
    """
    match = _NAME.match(PurePosixPath(name).stem)
    declared = match["technique"] if match else ""
    technique = normalise(declared) if declared else ""
    if technique in ("", OTHER):
        return Sidecar()
    return Sidecar(technique=technique, category=category_of(technique))


def parse(path: Path) -> Sidecar:
    """Read a sidecar file.

    Raises
    ------
    StarlightError
        It is no JSON, or contradicts itself; the message is fit for the `reason` column.
    """
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise StarlightError(f"sidecar cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise StarlightError("sidecar is no JSON") from error
    embedding = content.get("embedding") if isinstance(content, dict) else None
    if not isinstance(embedding, dict):
        raise StarlightError("sidecar has no `embedding` object")
    declared = _text(embedding, "technique")
    if not declared:
        raise StarlightError("sidecar names no technique")
    technique = normalise(declared)
    category = _text(embedding, "category") or ("" if technique == OTHER else category_of(technique))
    if technique != OTHER and category != category_of(technique):
        raise StarlightError(f"sidecar: technique {technique} contradicts category {category}")
    tool = _text(embedding, "tool") or _text(content, "tool") or (declared if technique == OTHER else "")
    both = {**content, **embedding}
    return Sidecar(
        technique=technique,
        category=category,
        clean_file=_text(content, "clean_file") or _text(embedding, "clean_file"),
        payload_bits=_number(both, "payload_bits"),
        payload_rate=_number(both, "payload_rate", "payload_bpp", "payload_bpnzac", "rate"),
        tool=tool,
    )


def _text(block: dict, key: str) -> str:
    value = block.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise StarlightError(f"sidecar: `{key}` is no text")
    return value.strip()


def _number(block: dict, *keys: str) -> float:
    for key in keys:
        value = block.get(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e12:
            raise StarlightError(f"sidecar: `{key}` is no number from 0")
        return float(value)
    return math.nan
