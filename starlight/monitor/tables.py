"""Tables that the monitor's report and the dashboard share."""

from collections.abc import Mapping

import pandas as pd

from starlight.markdown import code, counts, interval, number, percent, whole
from starlight.metrics import clopper_pearson

__all__ = [
    "DRIFT_HEADER", "PRECISION_HEADER", "PRECISION_WORDS", "SLICE_HEADER", "drift_rows", "precision_rows", "slice_rows",
]  # fmt: skip

SLICE_HEADER = ["Of", "Which", "Authentic flagged (95 %)", "Images", "Stego found (95 %)", "Images"]
DRIFT_HEADER = ["Drift of", "PSI", "Chance", "Wrong where more frequent (95 %)", "Wrong elsewhere (95 %)"]
PRECISION_HEADER = ["Alert", "Confirmed (95 %)", "Raised"]
PRECISION_WORDS = (
    "An alert without labels (drift, calibration, data, speed) is confirmed where false alarms, accuracy or detection "
    "were beyond their limits, too, in the same evaluation or the next one, or while it lasted."
)


def slice_rows(table: pd.DataFrame) -> list[list[str]]:
    """Rows of `metrics.slices.slices`."""
    return [
        [row.part, code(row.name), _share(row.fpr_k, row.fpr_n), counts(row.fpr_k, row.fpr_n),
         _share(row.found_k, row.found_n), counts(row.found_k, row.found_n)]
        for row in table.itertuples(index=False)
    ]  # fmt: skip


def drift_rows(parts: Mapping[str, Mapping]) -> list[list[str]]:
    """Rows of `runs.drift.drift`; dashes where nobody knows which verdicts are wrong."""
    return [
        [name, number(part["psi"], 3), number(part["noise"], 3), *_harm(part)] for name, part in sorted(parts.items())
    ]


def precision_rows(table: pd.DataFrame) -> list[list[str]]:
    """Rows of `alerts.precision`."""
    return [
        [code(row.kind), _share(row.confirmed, row.raised), whole(row.raised)] for row in table.itertuples(index=False)
    ]


def _harm(part: Mapping) -> list[str]:
    return [_share(part.get(f"{name}_wrong", 0), part.get(f"{name}_n", 0)) for name in ("more", "less")]


def _share(k: int, n: int) -> str:
    low, high = clopper_pearson(k, n)
    return f"{percent(k / n)} ({interval(low, high)})" if n else "–"
