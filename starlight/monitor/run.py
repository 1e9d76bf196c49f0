"""One round of watching: predictions, figures, alerts, reports, delivery."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

import starlight
from starlight import collectors, history, manifest
from starlight.alerts import Alert, AlertLog, Limits, channels_from, send_pending
from starlight.errors import StarlightError
from starlight.metrics import evaluate, read_predictions
from starlight.monitor.dataset import dataset_metrics
from starlight.monitor.drift import drift
from starlight.monitor.latency import read_latency_p95
from starlight.monitor.logs import TrainingRun, parse_training_logs
from starlight.monitor.regressions import check_regressions, read_baseline
from starlight.monitor.report import generate_report, write_report
from starlight.monitor.together import check_together

__all__ = ["FORMATS", "POST_VARIABLE", "VERSIONS", "Places", "Round", "monitor"]

VERSIONS = {"V3": "v3", "V4": "v4"}
FORMATS = ("json", "md", "jsonl", "prom")
POST_VARIABLE = "STARLIGHT_METRICS_URL"


@dataclass(frozen=True)
class Places:
    """Where the pipeline keeps what the monitor reads."""

    datasets: Path = Path("datasets")
    manifest: Path = Path("artifacts/manifest.csv")
    reports: Path = Path("reports")


@dataclass(frozen=True)
class Round:
    """What a round found: alerts and warnings, files written, and what went wrong on the way to people."""

    alerts: list[Alert]
    written: list[Path]
    problems: list[str] = field(default_factory=list)

    @property
    def raised(self) -> bool:
        """Whether there is an alert, warnings aside."""
        return any(alert.level == "alert" for alert in self.alerts)


def _is_pipelines(path: Path, places: Places) -> bool:
    return path.resolve() == places.datasets.resolve() and (places.reports / "predictions.csv").exists()


def _observed(
    path: Path, version: str, places: Places, predict: Callable[[Path, str], pd.DataFrame]
) -> tuple[pd.DataFrame, dict]:
    """Predictions on the images, and the make-up of the data set with its drift against the training set."""
    rows = manifest.read(places.manifest) if places.manifest.exists() else None
    train = None if rows is None else rows[(rows.split == "train") & (rows.status == "ok")]
    if _is_pipelines(path, places):
        predictions = read_predictions(places.reports / "predictions.csv")
        if rows is None:
            return predictions, dataset_metrics(predictions)
        check_together(predictions, rows, places.reports / "predictions.csv")
        made = dataset_metrics(rows)
        return predictions, made | {"drift": drift(rows[(rows.split == "test") & (rows.status == "ok")], train)}
    if not path.is_dir():
        raise StarlightError(f"{path}: is no folder")
    predictions = predict(path, version)
    if predictions.empty:
        raise StarlightError(f"{path}: holds no image that could be judged")
    return predictions, dataset_metrics(predictions, train)


def monitor(
    dataset_path: str | Path,
    version: str,
    limits: Limits,
    *,
    output_dir: str | Path,
    predict: Callable[[Path, str], pd.DataFrame],
    baseline: str | Path | None = None,
    formats: Sequence[str] = ("json", "md"),
    places: Places = Places(),
    environment: Mapping[str, str] | None = None,
    when: str = "",
    **delivery,
) -> Round:
    """Measure a model on a data set, judge, report, and bring alerts to people.

    Parameters
    ----------
    dataset_path : path
        The pipeline's own `datasets` (its stored predictions are used), or any submission.
    version : {"V3", "V4"}
    limits : Limits
    output_dir : path
        For the reports, and for `alerts.jsonl`, which keeps what could not be delivered.
    predict : callable
        `predict(path, version)` gives predictions in the columns of `reports/predictions.csv`.
    baseline : path, optional
        For `read_baseline`.
    formats, environment, when
        Of `FORMATS`; with `STARLIGHT_ALERT_URLS` and `STARLIGHT_METRICS_URL`; the time to note beside new alerts.
    **delivery
        `attempts`, `backoff_s`, `sleep`, as for `alerts.deliver`. What fails stands in `problems`.
    """
    if version not in VERSIONS or set(formats) - set(FORMATS):
        raise StarlightError(f"known are the models {', '.join(VERSIONS)} and the formats {', '.join(FORMATS)}")
    model, environment = VERSIONS[version], environment or {}
    before = read_baseline(baseline, model) if baseline else None
    predictions, made = _observed(Path(dataset_path), version, places, predict)
    measured, runs = evaluate(predictions, model), _training(places)
    slowest = read_latency_p95(places.reports / "bench/latency.json")
    alerts = check_regressions(measured, before, limits, dataset=made, latency_p95_ms=slowest, training=runs)
    report = generate_report(predictions, measured, model, alerts=alerts, dataset=made, training=runs, baseline=before)
    written = write_report(report, output_dir, formats)
    entry = _entry(predictions, measured, model, alerts)
    written += _export(entry, Path(output_dir), formats)
    problems = _tell(alerts, model, Path(output_dir), environment, when, delivery) + _post(entry, environment, delivery)
    return Round(alerts, written, problems)


def _training(places: Places) -> list[TrainingRun]:
    logs = [places.reports / "train", places.reports / "finetune/curves.csv"]
    return parse_training_logs([log for log in logs if log.exists()])


def _entry(predictions: pd.DataFrame, measured: Mapping, model: str, alerts: list[Alert]) -> dict:
    """The round as a line of a history, for collectors."""
    return history.make_entry(
        measured,
        version=model,
        params="",
        data=history.data_hash(predictions.assign(split="test", status="ok")),
        code=history.code_hash(Path(starlight.__file__).parent),
        alerts=[alert.name for alert in alerts if alert.level == "alert"],
    )


def _export(entry: Mapping, directory: Path, formats: Sequence[str]) -> list[Path]:
    written = []
    if "jsonl" in formats:
        written.append(collectors.export_jsonl([entry], directory / "monitor.jsonl"))
    if "prom" in formats:
        written.append(collectors.write_prometheus(entry, directory / "starlight.prom"))
    return written


def _post(entry: Mapping, environment: Mapping[str, str], delivery: dict) -> list[str]:
    url = environment.get(POST_VARIABLE)
    if not url:
        return []
    try:
        collectors.post(entry, url, **delivery)
    except StarlightError as error:
        return [str(error)]
    return []


def _tell(
    alerts: list[Alert], model: str, directory: Path, environment: Mapping[str, str], when: str, delivery: dict
) -> list[str]:
    """Log alerts first, so that whatever happens to the delivery none is lost."""
    log = AlertLog(directory / "alerts.jsonl")
    log.add(alerts, model, when)
    try:
        channels = channels_from(environment)
    except StarlightError as error:
        return [str(error)]
    return send_pending(log, channels, **delivery)
