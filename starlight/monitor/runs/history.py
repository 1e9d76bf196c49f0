"""The history of evaluations: one line for each that had new params, code or data.

A line is known again by its hashes of params, data and code. The weights' hash stands in it but does not count: another
processor gives other last digits and so other weights, which is no new evaluation while the figures agree.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path

import pandas as pd

from starlight.errors import StarlightError
from starlight.manifest import of_stego
from starlight.metrics import dumps, figure, flatten, not_numbers
from starlight.system.atomic import write_text

__all__ = ["append", "code_hash", "data_hash", "faults", "make_entry", "params_hash", "read", "same"]

_KEPT = (
    "abstained", "accuracy", "auc", "brier", "covers", "detection_at_fpr0", "detection_at_fpr001", "detection_at_fpr01",
    "ece", "f1", "fpr", "map", "n", "negatives", "precision", "protocol", "recall", "techniques", "twin",
)  # fmt: skip
_COMPARED = ("fpr", "accuracy", "recall", "precision", "auc", "protocol.detection")
_HASHES = ("version", "params", "data", "code")
_GROUPS = ("techniques", "negatives")
_PAIRS = (("low", "high"), ("k", "n"))
_RATES = frozenset({"abstained", "accuracy", "auc", "detection", "fpr", "high", "low", "precision", "recall"})
_MOST = 2**53  # images
_AGREE = {"fpr": 0.005}  # figures of the same code, data and params on two processors differ by less,
_AGREE_ELSE = 0.06  # since a training magnifies the last digits
_NOT_MEASURING = ("alerts", "bench", "cli", "explain", "monitor", "reports")
_NOT_MEASURING_FILES = ("collectors.py", "history.py", "markdown.py")


def _short(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def data_hash(manifest: pd.DataFrame) -> str:
    """Hash of what the data set has for the task stego and how it is split, whatever the order of its rows."""
    manifest = of_stego(manifest)
    columns = ["sample_id", "kind", "category", "technique", "split", "status"]
    lines = manifest[columns].astype(object).where(manifest[columns].notna(), "").astype(str).agg("\t".join, axis=1)
    return _short("\n".join(sorted(lines)).encode())


def params_hash(params: object) -> str:
    """Hash of params given as a mapping or a dataclass."""
    plain = asdict(params) if is_dataclass(params) and not isinstance(params, type) else params
    return _short(json.dumps(plain, sort_keys=True, default=str).encode())


def code_hash(package: Path) -> str:
    """Hash of the package's modules that can change a figure: not those that only report."""
    found = hashlib.sha256()
    for file in sorted(package.rglob("*.py"), key=lambda f: f.relative_to(package).as_posix()):
        place = file.relative_to(package)
        if place.parts[0] not in _NOT_MEASURING and place.as_posix() not in _NOT_MEASURING_FILES:
            found.update(place.as_posix().encode() + b"\0" + file.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return found.hexdigest()[:16]


def _kept(metrics: Mapping) -> dict:
    kept = {}
    for key, value in metrics.items():
        base = key
        for end in ("_low", "_high", "_k", "_n"):
            base = base.removesuffix(end)
        if base in _KEPT:
            kept[key] = value
    kept["techniques"] = {
        name: {k: v for k, v in part.items() if not isinstance(v, Mapping)}
        for name, part in metrics.get("techniques", {}).items()
    }
    return kept


def make_entry(
    metrics: Mapping, *, version: str, params: str, data: str, code: str, weights: str = "", alerts: Sequence[str] = ()
) -> dict:
    """One line of the history.

    Parameters
    ----------
    metrics : mapping
        Of one model.
    version : str
        Model version, such as v4.
    params, data, code, weights : str
        Hashes.
    alerts : sequence of str
        Names of the alerts (not warnings) that the evaluation raised.
    """
    kept = json.loads(dumps(_kept(metrics)))
    hashes = {"params": params, "data": data, "code": code, "weights": weights}
    return {"version": version, **hashes, "alerts": list(alerts), "metrics": kept}


def same(one: Mapping, other: Mapping) -> bool:
    """Whether two lines stand for one evaluation."""
    if any(one.get(key) != other.get(key) for key in _HASHES):
        return False
    for key in _COMPARED:
        a, b = (figure(entry["metrics"], key).value for entry in (one, other))
        if math.isnan(a) != math.isnan(b) or abs(a - b) > _AGREE.get(key, _AGREE_ELSE):
            return False
    return True


def faults(metrics: Mapping) -> list[str]:
    """Keys of one model's metrics, as a file holds them, whose values nothing can be compared with."""
    groups = {group: metrics.get(group, {}) for group in _GROUPS}
    odd = not_numbers(metrics) + [group for group, parts in groups.items() if not isinstance(parts, Mapping)]
    if odd:
        return odd
    odd = [
        f"{group}.{name}"
        for group, parts in groups.items()
        for name, part in parts.items()
        if not isinstance(part, Mapping) or (part.get("n") and part.get("k") is None)
    ]
    flat = {key: value for key, value in flatten(metrics).items() if value is not None}
    odd += [key for key, value in flat.items() if not math.isfinite(value) or not _possible(key, value)]
    for key, value in flat.items():
        for one, other in _PAIRS:
            stem = key.removesuffix(one)
            if key != stem and (not stem or stem[-1] in "._") and not value <= flat.get(stem + other, -math.inf):
                odd.append(key)
    return odd


def _possible(key: str, value: float) -> bool:
    """Whether a count is one, and a rate or an end of its interval is a fraction."""
    name = key.rpartition(".")[2]
    if name in ("covers", "k", "n") or name.endswith(("_k", "_n")):
        return 0 <= value <= _MOST and value == int(value)
    return name.removesuffix("_low").removesuffix("_high") not in _RATES or 0 <= value <= 1


def read(path: str | Path) -> list[dict]:
    """Lines of a history; none where there is no file.

    Raises
    ------
    StarlightError
        Where a line is no entry, naming it.
    """
    path, entries = Path(path), []
    if not path.exists():
        return entries
    for place, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            entries.append(_entry(line))
        except (ValueError, RecursionError) as error:
            raise StarlightError(f"{path}: line {place} is no evaluation ({error})") from error
    return entries


def _entry(line: bytes) -> dict:
    entry = json.loads(line)
    if not isinstance(entry, dict) or not isinstance(entry.get("metrics"), dict):
        raise ValueError("it has no metrics")
    odd = [key for key in _HASHES if not isinstance(entry.get(key), str)] + faults(entry["metrics"])
    if not isinstance(entry.get("alerts"), list) or not all(isinstance(name, str) for name in entry["alerts"]):
        odd.append("alerts")
    if odd:
        raise ValueError(f"{odd[0]} is missing or makes no sense")
    return entry


def append(path: str | Path, entry: Mapping) -> tuple[list[dict], int]:
    """Add an evaluation unless it is in the history already.

    Returns
    -------
    entries : list of dict
    place : int
        Index of this evaluation among them.
    """
    path, entries = Path(path), read(path)
    for place, known in enumerate(entries):
        if same(known, entry):
            return entries, place
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    text += "" if not text or text.endswith("\n") else "\n"
    write_text(path, text + json.dumps(entry, sort_keys=True) + "\n")
    return [*entries, dict(entry)], len(entries)
