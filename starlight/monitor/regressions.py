"""Comparing with an earlier evaluation, read from any of the files that hold one."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from starlight.errors import StarlightError
from starlight.metrics import MODELS
from starlight.monitor.alerts.rules import Alert, AlertParams, Evidence, judge_alerts
from starlight.monitor.runs.history import faults
from starlight.monitor.runs.logs import TrainingRun

__all__ = ["check_regressions", "read_baseline"]


def check_regressions(
    metrics: Mapping,
    baseline: Mapping | None,
    limits: AlertParams,
    *,
    dataset: Mapping | None = None,
    latency_p95_ms: float = float("nan"),
    training: Sequence[TrainingRun] = (),
) -> list[Alert]:
    """Alerts and warnings of one model's metrics.

    Parameters
    ----------
    metrics : mapping
        Of one model, from `metrics.evaluate`.
    baseline : mapping or None
        The same of an earlier evaluation; None judges the thresholds alone.
    limits : AlertParams
    dataset : mapping, optional
        From `dataset_metrics`.
    latency_p95_ms : float
        Milliseconds; NaN where not measured.
    training : sequence of TrainingRun

    Returns
    -------
    list of Alert
    """
    return judge_alerts(Evidence(metrics, baseline, dataset, latency_p95_ms, tuple(training)), limits)


_NEEDED = ("accuracy", "accuracy_low", "accuracy_high", "fpr")


def _documents(path: Path) -> Iterator[object]:
    """What a file holds; of a history its lines, the last one first."""
    text = path.read_text(encoding="utf-8")
    parts = text.strip().splitlines()[::-1] if path.suffix == ".jsonl" else [text]
    yield from map(json.loads, parts)


def _candidates(found: Mapping, model: str) -> Iterator[Mapping]:
    """Where the metrics of a model may stand in a document; one that says it is of another model holds none."""
    if found.get("version", found.get("model", model)) == model:
        for part in (found.get(model), found.get("metrics"), found):
            if isinstance(part, dict) and all(name in part for name in _NEEDED):
                yield part


def read_baseline(path: str | Path, model: str) -> dict:
    """Metrics of one model from `metrics.json`, a monitor's JSON report, or its last line in a `history.jsonl`.

    Raises
    ------
    StarlightError
        Where the file cannot be read or holds no such metrics, naming it.
    """
    path, held = Path(path), set()
    try:
        for found in _documents(path):
            known = found if isinstance(found, dict) else {}
            for candidate in _candidates(known, model):
                if odd := faults(candidate):
                    raise StarlightError(f"{path}: {odd[0]} is no number, or makes no sense")
                return candidate
            held |= set(MODELS) & {*known, known.get("version"), known.get("model")}
    except (OSError, ValueError, RecursionError) as error:
        raise StarlightError(f"{path}: cannot be read as a baseline ({error})") from error
    raise StarlightError(
        f"{path}: holds no metrics of {model}" + (f", only of {', '.join(sorted(held))}" if held else "")
    )
