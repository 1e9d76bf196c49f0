"""How long an image takes, from what `make bench` measured."""

import math
from collections.abc import Mapping

from starlight.errors import StarlightError
from starlight.metrics import flatten, not_numbers

__all__ = ["latency_p95"]


def latency_p95(document: Mapping | None) -> float:
    """The worst 95th percentile of the milliseconds an image takes in `bench/latency.json`; NaN if not measured."""
    found = {k: v for k, v in flatten(document or {}).items() if k.rpartition(".")[2] == "p95" and v is not None}
    for key in not_numbers(found):
        raise StarlightError(f"bench/latency.json: {key} is {found[key]!r}, no number")
    return float(max(found.values(), default=math.nan))
