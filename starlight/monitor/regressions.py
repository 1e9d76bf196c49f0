"""Comparing with an earlier evaluation, read from any of the files that hold one."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from starlight.alerts.rules import Alert, Evidence, Limits, judge_alerts
from starlight.errors import StarlightError
from starlight.metrics import MODELS, not_numbers
from starlight.monitor.logs import TrainingRun

__all__ = ["check_regressions", "read_baseline"]


def check_regressions(
    metrics: Mapping,
    baseline: Mapping | None,
    limits: Limits,
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
    limits : Limits
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


def read_baseline(path: str | Path, model: str) -> dict:
    """Metrics of one model from `metrics.json`, a monitor's JSON report, or the last line of `history.jsonl`.

    Raises
    ------
    StarlightError
        Where the file cannot be read or holds no such metrics, naming it.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(text.strip().splitlines()[-1] if path.suffix == ".jsonl" else text)
    except (OSError, ValueError, IndexError) as error:
        raise StarlightError(f"{path}: cannot be read as a baseline ({error})") from error
    if isinstance(found, dict):
        for candidate in (found.get(model), found.get("metrics"), found):
            if isinstance(candidate, dict) and "accuracy_low" in candidate:
                if odd := not_numbers(candidate):
                    raise StarlightError(f"{path}: {odd[0]} is no number")
                return candidate
    held = sorted(set(found) & set(MODELS)) if isinstance(found, dict) else []
    raise StarlightError(f"{path}: holds no metrics of {model}" + (f", only of {', '.join(held)}" if held else ""))
