"""Everything a report is made from, read once from the files of a run."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from starlight.errors import StarlightError
from starlight.manifest import of_stego
from starlight.markdown import image
from starlight.metrics import MODELS, dumps, evaluate, flatten, lookup, not_numbers
from starlight.monitor.alerts import Alert, AlertParams, Evidence, judge_alerts
from starlight.monitor.runs.dataset import dataset_metrics, submission_counts
from starlight.monitor.runs.drift import drift, with_errors
from starlight.monitor.runs.latency import latency_p95
from starlight.monitor.runs.logs import TrainingRun, parse_training_logs
from starlight.monitor.runs.tables import read_manifest, read_predictions
from starlight.monitor.runs.together import check_together
from starlight.reports.ladder import COLUMNS
from starlight.reports.targets import Goal, goals

__all__ = ["ReportParams", "Run", "load", "read_json", "with_alerts"]

TABLES = {
    "hard_negatives": "mining/hard_negatives.csv",
    "before_after": "finetune/before_after.csv",
    "ablations": "ablations.csv",
    "ladder": "ladder.csv",
    "stream_ablation": "stream_ablation.csv",
    "evidence": "evidence.csv",
    "forgery_before_after": "forgery/before_after.csv",
}
_NEEDED = {  # columns without which, or with an empty cell in which, a table tells nothing
    "evidence": ("group", "source", "images", "flagged", "abstained", "unreadable", "fpr", "low", "high"),
    "ablations": ("experiment",),
    "ladder": COLUMNS,
    "hard_negatives": ("path",),
}
_NUMBERS = {
    "evidence": lambda name: name in _NEEDED["evidence"] and name not in ("group", "source"),
    "before_after": lambda name: name in ("base_fpr", "value", "low", "high", "p_against_base"),
    "stream_ablation": lambda name: name != "blanked",
    "ladder": lambda name: name in COLUMNS and name not in ("rung", "commit"),
    "ablations": lambda name: name.startswith("base") and name[4:5].isdigit(),
}
_SLACK = 2e-6  # figures are written with six digits
DOCUMENTS = {
    "audit": "mining/audit.json", "choice": "finetune/choice.json", "latency": "bench/latency.json",
    "forgery": "forgery/metrics.json", "forgery_audit": "forgery/mining/audit.json", "served": "served.json",
}  # fmt: skip


@dataclass(frozen=True)
class ReportParams:
    """What the reports need of `params.yaml`: thresholds of the alerts, and the entries of the roadmap."""

    alerts: AlertParams = field(default_factory=AlertParams)
    roadmap: Sequence[Mapping] = ()


@dataclass(frozen=True)
class Run:
    """A run as the reports see it; `tables` and `documents` hold those of the optional files that are there."""

    directory: Path
    params: ReportParams
    metrics: Mapping
    predictions: pd.DataFrame
    dataset: Mapping
    quarantined: pd.DataFrame
    training: tuple[TrainingRun, ...]
    tables: Mapping[str, pd.DataFrame]
    documents: Mapping[str, Mapping]
    goals: Sequence[Goal]
    entries: Sequence[Mapping] = ()
    place: int = 0
    alerts: Sequence[Alert] = ()
    drawn: frozenset[str] = frozenset()

    def plot(self, alt: str, name: str) -> str:
        """Link to a plot; empty where there was nothing to draw."""
        return image(alt, f"plots/{name}.png") if name in self.drawn else ""

    @property
    def models(self) -> list[str]:
        """Models measured, oldest first."""
        return [model for model in MODELS if model in self.metrics]

    @property
    def current(self) -> str:
        """The model that the dashboard is about."""
        return self.models[-1]

    @property
    def figures(self) -> Mapping:
        """All that a goal can name: the metrics by model, and `latency` and `dataset`."""
        return {**self.metrics, "latency": self.documents.get("latency", {}), "dataset": self.dataset}

    @property
    def before(self) -> Mapping | None:
        """Metrics of the evaluation before this one, if there was one."""
        return self.entries[self.place - 1]["metrics"] if self.place else None


def read_json(path: Path) -> dict:
    """A JSON object from a file; StarlightError, naming it, where it is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise StarlightError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(found, dict):
        raise StarlightError(f"{path}: holds no JSON object")
    return found


def _read_table(path: Path, table: str) -> pd.DataFrame:
    try:
        found = pd.read_csv(path, keep_default_na=True)
    except pd.errors.EmptyDataError:
        found = pd.DataFrame()
    except (OSError, ValueError) as error:
        raise StarlightError(f"{path}: cannot be read as a table ({error})") from error
    if len(found.columns):
        _check_table(found, table, path)
    return found


def _check_table(found: pd.DataFrame, table: str, path: Path) -> None:
    needed = _NEEDED.get(table, ())
    missing = [name for name in needed if name not in found]
    if missing:
        raise StarlightError(f"{path}: no column {', '.join(missing)}")
    empty = [name for name in needed if found[name].isna().any()]
    if empty:
        raise StarlightError(f"{path}: column {empty[0]} has an empty cell")
    numbers = filter(_NUMBERS.get(table, lambda name: False), found.columns if len(found) else ())
    odd = [name for name in numbers if not pd.api.types.is_numeric_dtype(found[name])]
    if odd:
        raise StarlightError(f"{path}: column {odd[0]} holds something that is no number")


def _read_metrics(path: Path) -> dict:
    found = read_json(path)
    if not any(model in found for model in MODELS):
        raise StarlightError(f"{path}: holds none of {', '.join(MODELS)}")
    for model in (model for model in MODELS if model in found):
        odd = not_numbers(found[model]) if isinstance(found[model], dict) else [""]
        if odd:
            raise StarlightError(f"{path}: {f'{model}.{odd[0]}'.rstrip('.')} is of a wrong type")
    return found


def _of_one_evaluation(run: "Run", manifest: pd.DataFrame) -> None:
    """Raise where figures, predictions and manifest do not belong together, naming what differs."""
    check_together(run.predictions, manifest, run.directory / "predictions.csv")
    for model in run.models:
        counted = flatten(json.loads(dumps(evaluate(run.predictions, model))))
        stored = flatten(run.metrics[model])
        for key in sorted({*counted, *stored}):
            here, there = stored.get(key), counted.get(key)
            if here != there and (here is None or there is None or abs(here - there) > _SLACK):
                raise StarlightError(
                    f"{run.directory / 'metrics.json'}: {model}.{key} is {here}, in predictions.csv it is {there}; "
                    "evaluate again"
                )


def _training_logs(directory: Path) -> tuple[TrainingRun, ...]:
    logs = [*sorted((directory / "train").glob("*.csv")), directory / "finetune/curves.csv"]
    return tuple(parse_training_logs([log for log in logs if log.exists()]))


def load(directory: str | Path, manifest_path: str | Path, params: ReportParams) -> Run:
    """Read a run.

    Parameters
    ----------
    directory : path
        The folder of the reports, with `metrics.json` and `predictions.csv`.
    manifest_path : path
    params : ReportParams

    Raises
    ------
    StarlightError
        Where a file is missing or broken, naming it.
    """
    directory = Path(directory)
    metrics = _read_metrics(directory / "metrics.json")
    manifest = read_manifest(manifest_path)
    usable = of_stego(manifest[manifest.status == "ok"])
    dataset = dataset_metrics(manifest)
    predictions = read_predictions(directory / "predictions.csv")
    current = [model for model in MODELS if model in metrics][-1]
    test = with_errors(usable[usable.split == "test"], predictions, current)
    dataset["drift"] = drift(test, usable[usable.split == "train"])
    dataset["submissions"] = submission_counts(usable)
    run = Run(
        directory=directory,
        params=params,
        metrics=metrics,
        predictions=predictions,
        dataset=dataset,
        quarantined=manifest[manifest.status != "ok"],
        training=_training_logs(directory),
        tables={n: _read_table(directory / p, n) for n, p in TABLES.items() if (directory / p).exists()},
        documents={n: read_json(directory / p) for n, p in DOCUMENTS.items() if (directory / p).exists()},
        goals=goals(params.roadmap),
    )
    _of_one_evaluation(run, manifest)
    _goals_are_numbers(run)
    return run


def _goals_are_numbers(run: Run) -> None:
    for place, goal in enumerate(run.goals):
        value = lookup(run.figures, goal.metric)
        if not isinstance(value, (int, float, Mapping, type(None))):
            raise StarlightError(f"params.yaml: roadmap[{place}].metric: {goal.metric} is {value!r}, no number")


def with_alerts(run: Run, baseline: Mapping | None) -> list[Alert]:
    """Alerts of a run against an earlier evaluation, or against V3 where it is the first."""
    if baseline is None and run.models[0] != run.current:
        baseline = run.metrics[run.models[0]]
    evidence = Evidence(
        metrics=run.metrics[run.current],
        baseline=baseline,
        dataset=run.dataset,
        latency_p95_ms=latency_p95(run.documents.get("latency")),
        training=run.training,
    )
    return judge_alerts(evidence, run.params.alerts)
