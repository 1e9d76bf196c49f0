"""The monitor's report: one nested mapping, and the same as Markdown."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from starlight.markdown import code, counts, interval, number, percent, table, whole
from starlight.metrics import dumps
from starlight.metrics.slices import slices
from starlight.monitor.accuracy import breakdown_accuracy
from starlight.monitor.alerts.precision import of_log
from starlight.monitor.alerts.rules import Alert
from starlight.monitor.alerts.text import summary, words
from starlight.monitor.fpr import fpr_table
from starlight.monitor.runs.logs import TrainingRun
from starlight.monitor.tables import (
    DRIFT_HEADER,
    PRECISION_HEADER,
    PRECISION_WORDS,
    SLICE_HEADER,
    drift_rows,
    precision_rows,
    slice_rows,
)
from starlight.monitor.unlabelled import agreement

__all__ = ["generate_report", "to_markdown", "write_report"]


def generate_report(
    predictions: pd.DataFrame,
    metrics: Mapping,
    model: str,
    *,
    alerts: Sequence[Alert] = (),
    dataset: Mapping | None = None,
    training: Sequence[TrainingRun] = (),
    baseline: Mapping | None = None,
    notes: Sequence[str] = (),
    earlier: Sequence[Mapping] = (),
) -> dict:
    """Everything the monitor knows, as one nested mapping.

    Parameters
    ----------
    predictions : DataFrame
        Columns as in `reports/predictions.csv`.
    metrics : mapping
        Of `model` on them.
    model : str
    alerts, dataset, training, baseline
        From `check_regressions`, `dataset_metrics`, `parse_training_logs` and `read_baseline`.
    notes : sequence of str
        What else people should know of the images.
    earlier : sequence of mapping
        Records of the log of alerts.

    Returns
    -------
    dict
        `model`, `metrics`, `fpr`, `accuracy`, `slices`, `unlabelled`, `dataset`, `training`, `alerts`, `precision`,
        `notes`, `baseline`; made for `metrics.dumps`.
    """
    runs = [{k: v for k, v in vars(run).items() if k != "curves"} for run in training]
    return {
        "model": model,
        "metrics": dict(metrics),
        "fpr": fpr_table(metrics).to_dict("records"),
        "accuracy": breakdown_accuracy(predictions, model).to_dict("records"),
        "slices": slices(predictions, model).to_dict("records"),
        "unlabelled": agreement(predictions, model).to_dict("records"),
        "dataset": dict(dataset or {}),
        "training": runs,
        "alerts": [asdict(alert) for alert in alerts],
        "precision": of_log(earlier).to_dict("records"),
        "notes": list(notes),
        "baseline": None if baseline is None else {"accuracy": baseline["accuracy"], "fpr": baseline["fpr"]},
    }


def _ends(row: Mapping, name: str, digits: int = 2) -> str:
    return f"{percent(row[name], digits)} ({interval(row['low'], row['high'], digits)})"


def to_markdown(report: Mapping) -> str:
    """A report as Markdown."""
    alerts = [Alert(**fields) for fields in report["alerts"]]
    data = report["dataset"]
    false_alarms = [
        [row["scope"], code(row["name"]), _ends(row, "fpr", 3), counts(row["k"], row["n"])] for row in report["fpr"]
    ]
    found = [
        [code(row["technique"]), _ends(row, "detection"), counts(row["k"], row["n"]),
         f"{percent(row['mean'])} ± {percent(row['spread'])}", whole(row["folds"])]
        for row in report["accuracy"]
    ]  # fmt: skip
    parts = [
        f"# Starlight monitor: {report['model'].upper()}",
        f"{summary(alerts)}.",
        "\n".join(f"- {line}" for line in [*map(words, alerts), *report["notes"]]),
        "## False alarms",
        table(["Of", "Which", "FPR (95 %)", "Images"], false_alarms, "llrr"),
        "## Techniques",
        "Cross-validated: balanced accuracy over folds that share no cover, threshold from the other folds.",
        table(["Technique", "Found (95 %)", "Images", "Cross-validated", "Folds"], found, "lrrrr"),
        "## By quality, size, source and container",
        table(SLICE_HEADER, slice_rows(pd.DataFrame(report["slices"])), "llrrrr"),
        "## As if nobody knew",
        "What the probabilities alone say of the errors (expected), beside the truth: how far they can be believed "
        "where there are no labels.",
        table(
            ["Of", "Which", "Images", "Accuracy expected (95 %)", "True", "False alarms expected", "True"],
            _unlabelled(report["unlabelled"]),
            "llrrrrr",
        ),
        "## Data set",
        _facts(data),
        table(DRIFT_HEADER, drift_rows(data.get("drift", {})), "lrrrr"),
        "## Were earlier alerts right?",
        PRECISION_WORDS,
        table(PRECISION_HEADER, precision_rows(pd.DataFrame(report["precision"])), "lrr"),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _unlabelled(rows: Sequence[Mapping]) -> list[list[str]]:
    return [
        [row["part"], code(row["name"]), whole(row["n"]),
         f"{percent(row['expected_accuracy'])} ({interval(row['low'], row['high'])})", percent(row["accuracy"]),
         number(row["expected_false_alarms"], 1), whole(row["false_alarms"])]
        for row in rows
    ]  # fmt: skip


def _facts(data: Mapping) -> str:
    if not data:
        return "Not measured."
    rows = [[name, whole(data[name])] for name in ("images", "covers", "clean", "negative", "stego", "duplicates")]
    return table(["Figure", "Value"], [*rows, ["imbalance", percent(data.get("imbalance", math.nan))]], "lr")


def write_report(report: Mapping, directory: str | Path, formats: Sequence[str]) -> list[Path]:
    """Write `monitor.json` and `monitor.md`, as asked for.

    Parameters
    ----------
    report : mapping
    directory : path
    formats : sequence of str
        Of `json` and `md`.

    Returns
    -------
    list of Path
        What was written.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    makers = {"json": dumps, "md": to_markdown}
    written = []
    for name in (name for name in makers if name in formats):
        path = directory / f"monitor.{name}"
        path.write_text(makers[name](report), encoding="utf-8", newline="\n")
        written.append(path)
    return written
