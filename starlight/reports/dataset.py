"""The section about the data set."""

from collections.abc import Iterator, Mapping

import pandas as pd

from starlight.markdown import code, number, percent, table, whole
from starlight.monitor.tables import DRIFT_HEADER, drift_rows

__all__ = ["dataset_section"]

_SHOWN = 20


def dataset_section(
    measured: Mapping, quarantined: pd.DataFrame, imbalance_max: float, drift_max: float
) -> Iterator[str]:
    """The section on the data: balance, diversity, duplicates, drift, formats by technique, what was set aside and why.

    Parameters
    ----------
    measured : mapping
        From `monitor.dataset_metrics`.
    quarantined : DataFrame
        What was set aside, with its `reason`.
    imbalance_max, drift_max : float
        Limits of the alerts.

    Yields
    ------
    str
        Paragraphs of Markdown.
    """
    yield "## Dataset"
    kinds = ", ".join(f"{whole(measured[kind])} {kind}" for kind in ("clean", "negative", "stego"))
    forgery = f"{whole(measured['forged'])} forged, {whole(measured['authentic'])} authentic"
    yield table(
        ["Figure", "Value"],
        [
            ["Images", f"{whole(measured['images'])} ({kinds})"],
            *([["Images for the task forgery", forgery]] if measured["forged"] else []),
            ["Covers", whole(measured["covers"])],
            ["Imbalance of authentic and stego", f"{percent(measured['imbalance'])} (limit {100 * imbalance_max:g} %)"],
            ["Exact duplicates", whole(measured["duplicates"])],
            ["Quarantined", whole(measured["quarantined"])],
        ],
        "lr",
    )
    yield "Diversity (Shannon entropy against its maximum):"
    rows = [
        [
            name,
            whole(part["classes"]),
            f"{number(part['bits'], 2)} of {number(part['max'], 2)} bits",
            percent(part["share"], 1),
        ]
        for name, part in sorted(measured["diversity"].items())
    ]
    yield table(["Of", "Classes", "Entropy", "Share"], rows, "lrrr")
    yield from _drift(measured.get("drift", {}), drift_max)
    yield from _formats(measured["table"])
    yield from _quarantine(quarantined)


def _drift(parts: Mapping, limit: float) -> Iterator[str]:
    yield (
        f"Drift of the test split against the training split, as population stability index (PSI; limit {limit:g}). "
        "What chance alone may do is counted in covers. Beside it what it does to the verdicts: how many are wrong "
        "among the sorts of images that are more frequent here than in training, and among the others."
    )
    verdicts = []
    for _, part in sorted(parts.items()):
        over = part["psi"] > limit
        verdicts.append(
            "drifted" if part["psi"] - part["noise"] > limit else "over the limit, may be chance" if over else "none"
        )
    rows = [[*row, verdict] for row, verdict in zip(drift_rows(parts), verdicts, strict=True)]
    yield table([*DRIFT_HEADER, "Drift"], rows, "lrrrrl")


def _formats(counts: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    formats = sorted({name for part in counts.values() for name in part})
    rows = [[code(what), *(whole(part.get(name, 0)) for name in formats)] for what, part in sorted(counts.items())]
    yield "<details><summary>Formats by technique and category</summary>"
    yield table(["", *map(code, formats)], rows, "l" + "r" * len(formats))
    yield "</details>"


def _quarantine(rows: pd.DataFrame) -> Iterator[str]:
    if rows.empty:
        return
    shown = rows.sort_values("path").head(_SHOWN)
    yield f"Set aside, with the reason ({whole(len(shown))} of {whole(len(rows))}):"
    yield table(["File", "Reason"], [[code(row.path), code(row.reason)] for row in shown.itertuples()])
