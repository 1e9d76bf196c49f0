"""What a watch has answered, as figures for Prometheus; made from its file of answers, so that no restart resets it."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from typing import Any

from starlight.telemetry.exposition import Family, exposition, histogram, labelled

__all__ = ["BOUNDS_S", "Answers"]

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_QUIET = ("clean", "unreadable")


class Answers:
    """Counts of records by verdict, of found ones by technique, and their latencies."""

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        self.techniques: Counter[str] = Counter()
        self._buckets = [0] * (len(BOUNDS_S) + 1)
        self._seconds = 0.0

    def add(self, record: Mapping[str, Any]) -> None:
        """Count one record of `detect`."""
        self.verdicts[record["verdict"]] += 1
        if record["verdict"] not in _QUIET:
            self.techniques[record.get("technique") or "unknown"] += 1
        if record["verdict"] != "unreadable":
            seconds = float(record.get("ms") or 0.0) / 1e3
            self._buckets[bisect_left(BOUNDS_S, seconds)] += 1
            self._seconds += seconds

    def text(self, *, version: str, detector: str, success: float) -> str:
        """The metrics.

        Parameters
        ----------
        version, detector : str
            Of this program, and which detector answers.
        success : float
            When a round last ended with every file answered, in seconds since 1970.
        """
        info = labelled("starlight_build_info", {"version": version, "detector": detector}, 1)
        stamp = f"starlight_last_success_timestamp_seconds {success!r}"
        files = [labelled("starlight_files_total", {"verdict": v}, n) for v, n in sorted(self.verdicts.items())]
        found = [labelled("starlight_found_total", {"technique": t}, n) for t, n in sorted(self.techniques.items())]
        latency = histogram("starlight_latency_seconds", BOUNDS_S, self._buckets, round(self._seconds, 6))
        return exposition([
            Family("starlight_build_info", "gauge", "Which program and detector answer.", [info]),
            Family("starlight_last_success_timestamp_seconds", "gauge", "End of the last complete round.", [stamp]),
            Family("starlight_files_total", "counter", "Files answered, by verdict.", files),
            Family("starlight_found_total", "counter", "Files found or undecided, by technique.", found),
            Family("starlight_latency_seconds", "histogram", "From opening a file to its answer.", latency),
        ])  # fmt: skip
