"""Finding figures in nested metrics by a dotted name."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from starlight.metrics.intervals import clopper_pearson

__all__ = ["Figure", "figure", "flatten", "lookup", "not_numbers", "widened"]

_ENDS = (("{name}_low", "{name}_high"), ("low", "high"))
_COUNTS = (("{name}_k", "{name}_n"), ("k", "n"))
_MAIN = ("detection", "fpr")  # figures whose ends and counts stand beside them as plain low, high, k, n


class Figure(NamedTuple):
    """A measured value, the ends of its interval and its counts; NaN and None where it has none."""

    value: float
    low: float = math.nan
    high: float = math.nan
    k: int | None = None
    n: int | None = None


def lookup(metrics: Mapping, key: str):
    """Value under a dotted key; the names of techniques and payloads may hold dots themselves.

    Returns
    -------
    object or None
        None where there is no such key.
    """
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        name, rest = ".".join(parts[:length]), ".".join(parts[length:])
        if name in metrics:
            if not rest:
                return metrics[name]
            if isinstance(metrics[name], Mapping):
                return lookup(metrics[name], rest)
    return None


def _number(value) -> float:
    return math.nan if value is None else float(value)


def figure(metrics: Mapping, key: str) -> Figure:
    """The figure under a dotted key with its interval and counts; all NaN where it was not measured."""
    head, _, name = key.rpartition(".")
    around = lookup(metrics, head) if head else metrics
    value = lookup(metrics, key)
    if value is None or isinstance(value, Mapping) or not isinstance(around, Mapping):
        return Figure(math.nan)
    named = slice(0, 2 if name in _MAIN else 1)
    low = high = math.nan
    for a, b in reversed(_ENDS[named]):
        if around.get(a.format(name=name)) is not None:
            low, high = _number(around[a.format(name=name)]), _number(around[b.format(name=name)])
    k = n = None
    for a, b in reversed(_COUNTS[named]):
        if around.get(a.format(name=name)) is not None:
            k, n = int(around[a.format(name=name)]), int(around[b.format(name=name)])
    return Figure(_number(value), low, high, k, n)


def widened(part: Mapping | None, parts: int) -> Figure:
    """A rate from its counts `k` and `n`, at a confidence divided by the number of parts it is one of (Bonferroni)."""
    if part is None or not part.get("n"):
        return Figure(math.nan)
    k, n = part["k"], part["n"]
    return Figure(k / n, *clopper_pearson(k, n, 1 - 0.05 / max(1, parts)), k, n)


def flatten(metrics: Mapping, prefix: str = "") -> dict[str, float | None]:
    """Nested metrics as one level of dotted keys, sorted."""
    flat = {}
    for key in sorted(metrics):
        value = metrics[key]
        flat.update(flatten(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value})
    return flat


def not_numbers(metrics: Mapping) -> list[str]:
    """Dotted keys under which there is something other than a number or nothing."""
    return [key for key, value in flatten(metrics).items() if not isinstance(value, (int, float, type(None)))]
