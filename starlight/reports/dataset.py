"""The sections about the data set and about the submissions that it is made of."""

from collections.abc import Iterator, Mapping

import pandas as pd

from starlight.markdown import code, counts, number, percent, table, whole
from starlight.metrics import Figure, clopper_pearson, view
from starlight.monitor.tables import DRIFT_HEADER, drift_rows
from starlight.plots.style import TITLES
from starlight.reports.inputs import Run
from starlight.reports.targets import cell
from starlight.scan.params import BUILT_IN

__all__ = ["dataset_section", "own_alarms", "submissions"]

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


def _formats(found: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    formats = sorted({name for part in found.values() for name in part})
    rows = [[code(what), *(whole(part.get(name, 0)) for name in formats)] for what, part in sorted(found.items())]
    yield "<details><summary>Formats by technique and category</summary>"
    yield table(["", *map(code, formats)], rows, "l" + "r" * len(formats))
    yield "</details>"


def _quarantine(rows: pd.DataFrame) -> Iterator[str]:
    if rows.empty:
        return
    shown = rows.sort_values("path").head(_SHOWN)
    yield f"Set aside, with the reason ({whole(len(shown))} of {whole(len(rows))}):"
    yield table(["File", "Reason"], [[code(row.path), code(row.reason)] for row in shown.itertuples()])


def submissions(run: Run) -> Iterator[str]:
    """Each submission's authentic images: where they went, and how many of its test images are flagged."""
    used: Mapping[str, Mapping[str, int]] = run.dataset.get("submissions", {})
    if len(used) < 2:
        return
    mined = (
        run.tables.get("hard_negatives", pd.DataFrame({"path": []}))["path"]
        .astype(str)
        .str.split("/")
        .str[0]
        .value_counts()
    )
    models = [model for model in ("v4_base", run.current) if model in run.models]
    models = list(dict.fromkeys(models))
    rows = []
    for name, part in used.items():
        flagged = [_flagged(run, model, name) for model in models]
        cells = [cell(seen, "fpr") for seen in flagged]
        rows.append([
            code(name), *(whole(part[split]) for split in ("train", "val")), whole(int(mined.get(name, 0))), *cells,
            counts(flagged[-1].k, flagged[-1].n), _found(run, name),
        ])  # fmt: skip
    yield "## Submissions"
    yield (
        "Authentic images of each, and how many of its test images are flagged. Of a submission without stego, which "
        "is there for its false alarms, the miner looks first at what base training did not see, and its validation "
        "images decide whether fine-tuning is used. Validation images of all set thresholds."
    )
    header = ["Submission", "Training", "Validation", "Mined", *(f"{TITLES[m]} flagged (95 %)" for m in models),
              "Images", "Stego found"]  # fmt: skip
    yield table(header, rows, "lrrr" + "r" * len(models) + "rr")


def _flagged(run: Run, model: str, name: str) -> Figure:
    """False alarms of a model on a submission's test images."""
    frame = view(run.predictions, model)
    return _figure(frame.flagged[(frame.label == 0) & (frame.submission == name)])


def _figure(flagged: pd.Series) -> Figure:
    k, n = int(flagged.sum()), len(flagged)
    return Figure(k / n, *clopper_pearson(k, n), k, n) if n else Figure(float("nan"))


def _found(run: Run, name: str) -> str:
    frame = view(run.predictions, run.current)
    found = frame.flagged[(frame.label == 1) & (frame.submission == name)]
    return f"{percent(float(found.mean()))} of {whole(len(found))}" if len(found) else ""


def own_alarms(run: Run) -> str:
    """A sentence on the false alarms among test images that are not built in; empty where there are none."""
    frame = view(run.predictions, run.current)
    own = frame[(frame.label == 0) & ~frame.submission.isin(set(BUILT_IN.values()))]
    if own.empty or not set(frame.submission) & set(BUILT_IN.values()):
        return ""
    seen = _figure(own.flagged)
    return (
        f"**Your own images.** {TITLES[run.current]} flags {counts(seen.k, seen.n)} authentic test images of "
        f"submissions that are not built in, {cell(seen, 'fpr')}."
    )
