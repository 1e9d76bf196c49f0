"""Prometheus' text exposition format 0.0.4, for the node exporter's textfile collector.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

__all__ = ["Family", "escape_label", "exposition", "histogram", "labelled"]


class Family(NamedTuple):
    """A metric: its name, `counter`, `gauge` or `histogram`, one line for people, and its samples, a line each."""

    name: str
    kind: str
    help: str
    samples: Sequence[str]


def escape_label(value: str) -> str:
    """A label's value as the format wants it."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def labelled(name: str, labels: Mapping[str, str], value: float) -> str:
    """A sample: a line with its labels in order of their names.

    Parameters
    ----------
    name : str
    labels : mapping
        Name to text.
    value : float

    Returns
    -------
    str
    """
    inside = ",".join(f'{label}="{escape_label(text)}"' for label, text in sorted(labels.items()))
    return f"{name}{{{inside}}} {value!r}" if inside else f"{name} {value!r}"


def histogram(name: str, bounds: Sequence[float], counts: Sequence[int], total: float) -> list[str]:
    """Samples of a histogram.

    Parameters
    ----------
    name : str
    bounds : sequence of float
        Upper ends of the buckets, rising; one without an end comes after them.
    counts : sequence of int
        How many values fell into each bucket, one more than `bounds`.
    total : float
        Sum of the values.
    """
    lines, below = [], 0
    for bound, count in zip([*map(repr, bounds), "+Inf"], counts, strict=True):
        below += count
        lines.append(labelled(f"{name}_bucket", {"le": bound}, below))
    return [*lines, f"{name}_sum {total!r}", f"{name}_count {below}"]


def exposition(families: Iterable[Family]) -> str:
    """Metrics as text, those without a sample left out."""
    lines = []
    for family in families:
        if family.samples:
            lines += [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}", *family.samples]
    return "\n".join(lines) + "\n"
