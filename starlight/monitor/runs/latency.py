"""How long an image takes, from what `make bench` measured."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from starlight.errors import StarlightError
from starlight.metrics import flatten, not_numbers

__all__ = ["latency_p95", "read_latency_p95"]


def latency_p95(document: Mapping | None) -> float:
    """The worst 95th percentile of the milliseconds an image takes in `bench/latency.json`; NaN if not measured."""
    found = {k: v for k, v in flatten(document or {}).items() if k.rpartition(".")[2] == "p95" and v is not None}
    for key in not_numbers(found):
        raise StarlightError(f"bench/latency.json: {key} is {found[key]!r}, no number")
    for key, value in found.items():
        if not 0 <= value < math.inf:
            raise StarlightError(f"bench/latency.json: {key} is {value!r}, no number of milliseconds")
    return float(max(found.values(), default=math.nan))


def read_latency_p95(path: Path) -> float:
    """The same from the file; NaN where there is none."""
    if not path.exists():
        return math.nan
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise StarlightError(f"{path}: cannot be read as JSON ({error})") from error
    return latency_p95(document if isinstance(document, dict) else {})
