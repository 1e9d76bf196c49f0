"""One round of watching: predictions, figures, alerts, reports, delivery."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

import starlight
from starlight.errors import StarlightError
from starlight.manifest import of_stego
from starlight.metrics import evaluate
from starlight.monitor import collectors
from starlight.monitor.alerts import Alert, AlertLog, AlertParams, channels_from, send_pending
from starlight.monitor.fpr import fpr_lines
from starlight.monitor.news import Predict, Since, judge_news
from starlight.monitor.regressions import check_regressions, read_baseline
from starlight.monitor.report import generate_report, write_report
from starlight.monitor.runs import history
from starlight.monitor.runs.dataset import dataset_metrics
from starlight.monitor.runs.drift import drift, with_errors
from starlight.monitor.runs.latency import read_latency_p95
from starlight.monitor.runs.logs import TrainingRun, parse_training_logs
from starlight.monitor.runs.tables import read_manifest, read_predictions
from starlight.monitor.runs.together import check_together

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
    """What a round found: alerts and warnings, files written, notes, what went wrong on the way to people, and the
    false-positive rate in all and by category, for people.
    """

    alerts: list[Alert]
    written: list[Path]
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    false_alarms: list[str] = field(default_factory=list)

    @property
    def raised(self) -> bool:
        """Whether there is an alert, warnings aside."""
        return any(alert.level == "alert" for alert in self.alerts)


def _is_pipelines(path: Path, places: Places) -> bool:
    return path.resolve() == places.datasets.resolve() and (places.reports / "predictions.csv").exists()


def _observed(
    path: Path, version: str, places: Places, predict: Predict, since: Since | None
) -> tuple[pd.DataFrame, dict, list[str]]:
    """Predictions on the images, the make-up of the data set with its drift against the training set, and notes."""
    rows = read_manifest(places.manifest) if places.manifest.exists() else None
    if _is_pipelines(path, places):
        return _of_pipeline(path, version, places, rows, predict, since)
    if not path.is_dir():
        raise StarlightError(f"{path}: is no folder")
    predictions = predict(path, version)
    if predictions.empty:
        raise StarlightError(f"{path}: holds no image that could be judged")
    with_wrong = with_errors(predictions, predictions, VERSIONS[version])
    made = dataset_metrics(with_wrong, None if rows is None else _split(rows, "train"))
    return predictions, made, list(predictions.attrs.get("notes", []))


def _split(rows: pd.DataFrame, split: str) -> pd.DataFrame:
    return of_stego(rows[(rows.split == split) & (rows.status == "ok")])


def _of_pipeline(
    path: Path, version: str, places: Places, rows: pd.DataFrame | None, predict: Predict, since: Since | None
) -> tuple[pd.DataFrame, dict, list[str]]:
    """Stored predictions of the test split; what came since the last scan is judged now, and counted with it."""
    predictions = read_predictions(places.reports / "predictions.csv")
    if rows is None:
        return predictions, dataset_metrics(predictions), []
    check_together(predictions, rows, places.reports / "predictions.csv")
    test, notes = _split(rows, "test"), []
    if since is not None and path.is_dir():
        fresh, notes = judge_news(path, version, since(path, rows), predict)
        if len(fresh):
            predictions, rows, test = (pd.concat([old, fresh], ignore_index=True) for old in (predictions, rows, test))
    made = dataset_metrics(rows)
    test = with_errors(test, predictions, VERSIONS[version])
    return predictions, made | {"drift": drift(test, _split(rows, "train"))}, notes


def monitor(
    dataset_path: str | Path,
    version: str,
    limits: AlertParams,
    *,
    output_dir: str | Path,
    predict: Predict,
    since: Since | None = None,
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
        The pipeline's own `datasets` (its stored predictions are used), or any submission, part of one, or folder.
    version : {"V3", "V4"}
    limits : AlertParams
    output_dir : path
        For the reports, and for `alerts.jsonl`, which keeps what could not be delivered, and what was: an alert that
        lasts from round to round is delivered once, and again when it got worse or comes back.
    predict : callable
        `predict(path, version)` gives predictions in the columns of `reports/predictions.csv`; `predict(path, version,
        only)` those of the images with the paths `only`, counted from the folder.
    since : callable, optional
        `since(path, manifest)` finds what is `new`, `changed` and `gone` in the pipeline's folder since its scan. What
        is new is judged and counted with the test split. Without it nobody looks.
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
    predictions, made, notes = _observed(Path(dataset_path), version, places, predict, since)
    measured, runs = evaluate(predictions, model), _training(places)
    slowest = read_latency_p95(places.reports / "bench/latency.json")
    alerts = check_regressions(measured, before, limits, dataset=made, latency_p95_ms=slowest, training=runs)
    log = AlertLog(Path(output_dir) / "alerts.jsonl")
    report = generate_report(
        predictions, measured, model, alerts=alerts, dataset=made, training=runs, baseline=before, notes=notes,
        earlier=log.records,
    )  # fmt: skip
    written = write_report(report, output_dir, formats)
    entry = _entry(predictions, measured, model, alerts)
    written += _export(entry, Path(output_dir), formats)
    log.add(alerts, model, when, str(dataset_path))  # first, so that whatever happens to the delivery none is lost
    problems = _send(log, environment, delivery) + _post(entry, environment, delivery)
    return Round(alerts, written, notes, problems, fpr_lines(measured))


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


def _send(log: AlertLog, environment: Mapping[str, str], delivery: dict) -> list[str]:
    try:
        channels = channels_from(environment)
    except StarlightError as error:
        return [str(error)]
    return send_pending(log, channels, **delivery)
