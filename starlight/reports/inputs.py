"""Everything a report is made from, read once from the files of a run."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from starlight.alerts import Alert, Evidence, Limits, judge_alerts
from starlight.errors import StarlightError
from starlight.manifest import read as read_manifest
from starlight.markdown import image
from starlight.metrics import MODELS, flatten, read_predictions
from starlight.monitor.dataset import dataset_metrics
from starlight.monitor.drift import drift
from starlight.monitor.logs import TrainingRun, parse_training_logs
from starlight.reports.targets import Goal, goals

__all__ = ["ReportParams", "Run", "latency_p95", "load", "read_json", "with_alerts"]

TABLES = {
    "hard_negatives": "mining/hard_negatives.csv",
    "before_after": "finetune/before_after.csv",
    "ablations": "ablations.csv",
    "stream_ablation": "stream_ablation.csv",
    "evidence": "evidence.csv",
}
DOCUMENTS = {"audit": "mining/audit.json", "latency": "bench/latency.json"}


@dataclass(frozen=True)
class ReportParams:
    """What the reports need of `params.yaml`: thresholds of the alerts, and the entries of the roadmap."""

    alerts: Limits = field(default_factory=Limits)
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
    except (OSError, ValueError) as error:
        raise StarlightError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(found, dict):
        raise StarlightError(f"{path}: holds no JSON object")
    return found


def _read_table(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, keep_default_na=True)
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    except (OSError, ValueError) as error:
        raise StarlightError(f"{path}: cannot be read as a table ({error})") from error


def _training_logs(directory: Path) -> tuple[TrainingRun, ...]:
    logs = [*sorted((directory / "train").glob("*.csv")), directory / "finetune/curves.csv"]
    return tuple(parse_training_logs([log for log in logs if log.exists()]))


def latency_p95(document: Mapping | None) -> float:
    """The worst 95th percentile of the milliseconds an image takes in `bench/latency.json`; NaN if not measured."""
    found = [v for k, v in flatten(document or {}).items() if k.rpartition(".")[2] == "p95" and v is not None]
    return float(max(found, default=math.nan))


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
    metrics = read_json(directory / "metrics.json")
    if not any(model in metrics for model in MODELS):
        raise StarlightError(f"{directory / 'metrics.json'}: holds none of {', '.join(MODELS)}")
    manifest = read_manifest(manifest_path)
    usable = manifest[manifest.status == "ok"]
    dataset = dataset_metrics(manifest)
    dataset["drift"] = drift(usable[usable.split == "test"], usable[usable.split == "train"])
    return Run(
        directory=directory,
        params=params,
        metrics=metrics,
        predictions=read_predictions(directory / "predictions.csv"),
        dataset=dataset,
        quarantined=manifest[manifest.status != "ok"],
        training=_training_logs(directory),
        tables={n: _read_table(directory / p) for n, p in TABLES.items() if (directory / p).exists()},
        documents={n: read_json(directory / p) for n, p in DOCUMENTS.items() if (directory / p).exists()},
        goals=goals(params.roadmap),
    )


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
