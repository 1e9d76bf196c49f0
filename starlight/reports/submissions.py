"""The section about submissions: what each contributor's images were used for, and how the detector does on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from starlight.markdown import code, counts, percent, table, whole
from starlight.metrics import Figure, clopper_pearson, view
from starlight.plots.style import TITLES
from starlight.reports.inputs import Run
from starlight.reports.targets import cell
from starlight.scan.params import BUILT_IN

__all__ = ["own_alarms", "submissions"]


def submissions(run: Run) -> Iterator[str]:
    """Each submission's authentic images: where they went, and how many of its test images are flagged."""
    used: Mapping[str, Mapping[str, int]] = run.dataset.get("submissions", {})
    if len(used) < 2:
        return
    mined = run.tables.get("hard_negatives", pd.DataFrame({"path": []}))["path"].str.split("/").str[0].value_counts()
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
