"""When the figures of a run should wake somebody.

Each rule looks at one thing and judges it on its interval: an *alert* where the whole interval is beyond the threshold,
a *warning* where only the figure itself is. Figures of many parts (categories, techniques) are judged at a confidence
divided by their number (Bonferroni), so that looking at more of them raises no more alerts by chance.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlight.metrics import clopper_pearson, difference, figure, widened
from starlight.monitor.alerts.mix import like_for_like
from starlight.params import knob

if TYPE_CHECKING:
    from starlight.monitor.runs.logs import TrainingRun

__all__ = ["RULES", "Alert", "Evidence", "AlertParams", "judge_alerts"]

_SLOWER = 3.0  # times; machines that people bench on differ by less
_ECE_NOISE = 0.4 * math.sqrt(10)  # over sqrt(n): what chance adds up to in ten bins, each off by 0.4 / sqrt(its n)


@dataclass(frozen=True)
class Alert:
    """One crossing of a threshold; rates as fractions, `before` NaN where there is nothing to compare with."""

    name: str
    level: str  # "alert" or "warning"
    value: float
    low: float
    high: float
    threshold: float
    before: float
    unit: str  # "fraction", "points", "psi", "ms", "epoch"
    look_at: str


@dataclass(frozen=True)
class AlertParams:
    """Thresholds of the rules: the `alerts` block of `params.yaml`."""

    fpr_max: float = knob(min=0.0, max=1.0)
    accuracy_min: float = knob(min=0.0, max=1.0)
    accuracy_over: str = knob(choices=("all", "protocol"))  # protocol: authentic images and its techniques only
    accuracy_drop_max: float = knob(min=0.0, max=1.0)
    abstained_max: float = knob(min=0.0, max=1.0)
    ece_max: float = knob(min=0.0, max=1.0)
    duplicates_max: float = knob(min=0.0, max=1.0)
    imbalance_max: float = knob(min=0.0, max=1.0)
    drift_psi_max: float = knob(min=0.0)
    latency_p95_ms_max: float = knob(min=0.0)


@dataclass(frozen=True)
class Evidence:
    """What a run measured: metrics of one model, those to compare with, data set, latency, training runs."""

    metrics: Mapping
    baseline: Mapping | None = None
    dataset: Mapping | None = None
    latency_p95_ms: float = math.nan
    training: "tuple[TrainingRun, ...]" = field(default=())


def _level(low: float, value: float, limit: float) -> str | None:
    """The figure must stay under the limit."""
    if low > limit:
        return "alert"
    return "warning" if value > limit else None


def _fpr(seen: Evidence, limits: AlertParams) -> Iterator[Alert]:
    found, before = figure(seen.metrics, "fpr"), figure(seen.baseline or {}, "fpr").value
    level = _level(found.low, found.value, limits.fpr_max)
    if level:
        look_at = "false alarms by category, container and twin; hard negatives of the miner"
        yield Alert("fpr", level, found.value, found.low, found.high, limits.fpr_max, before, "fraction", look_at)


def _category_fpr(seen: Evidence, limits: AlertParams) -> Iterator[Alert]:
    parts = seen.metrics.get("negatives", {})
    for name in sorted(parts):
        found = widened(parts[name], len(parts))
        if found.low > limits.fpr_max:
            before = figure(seen.baseline or {}, f"negatives.{name}.fpr").value
            look_at = f"images of the category {name}: their maps and the technique they are taken for"
            yield Alert(f"fpr.{name}", "alert", *found[:3], limits.fpr_max, before, "fraction", look_at)


def _accuracy(seen: Evidence, limits: AlertParams) -> Iterator[Alert]:
    key = "protocol.accuracy" if limits.accuracy_over == "protocol" else "accuracy"
    found, before = figure(seen.metrics, key), figure(seen.baseline or {}, key).value
    level = _level(-found.high, -found.value, -limits.accuracy_min)
    if level:
        over = "authentic images and protocol techniques" if key.startswith("protocol") else "all images"
        look_at = f"detection by technique and payload, then false alarms (counted over {over})"
        yield Alert("accuracy", level, *found[:3], limits.accuracy_min, before, "fraction", look_at)


def _accuracy_drop(seen: Evidence, limits: AlertParams) -> Iterator[Alert]:
    if seen.baseline is None:
        return
    now, before = like_for_like(seen.metrics, seen.baseline, "accuracy")
    drop, low, high = difference(before[:3], now[:3])
    level = _level(low, drop, limits.accuracy_drop_max)
    if level:
        look_at = "which techniques lost detection; what changed in params, data and code since the baseline"
        yield Alert("accuracy_drop", level, drop, low, high, limits.accuracy_drop_max, before.value, "points", look_at)


def _detection_drop(seen: Evidence, limits: AlertParams) -> Iterator[Alert]:
    parts, others = seen.metrics.get("techniques", {}), (seen.baseline or {}).get("techniques", {})
    shared = sorted(set(parts) & set(others))
    for name in shared:
        now, before = widened(parts[name], len(shared)), widened(others[name], len(shared))
        drop, low, high = difference(before[:3], now[:3])
        if low > limits.accuracy_drop_max:
            look_at = f"missed stego of {name} by payload; streams that carry it"
            limit = limits.accuracy_drop_max
            yield Alert(f"detection.{name}", "alert", drop, low, high, limit, before.value, "points", look_at)


def _abstained(seen: Evidence, limits: AlertParams) -> Iterator[Alert]:
    value, n = figure(seen.metrics, "abstained").value, seen.metrics.get("n") or 0
    if math.isnan(value) or not n:
        return
    low, high = clopper_pearson(round(value * n), n)
    level = _level(low, value, limits.abstained_max)
    if level:
        before = figure(seen.baseline or {}, "abstained").value
        look_at = "images that the detector cannot tell: a low false-positive rate says little while there are many"
        yield Alert("abstained", level, value, low, high, limits.abstained_max, before, "fraction", look_at)


def _calibration(seen: Evidence, limits: AlertParams) -> Iterator[Alert]:
    value, n = figure(seen.metrics, "ece").value, seen.metrics.get("n") or 0
    if math.isnan(value) or not n:
        return
    chance = _ECE_NOISE / math.sqrt(n)
    level = _level(value - chance, value, limits.ece_max)
    if level:
        before = figure(seen.baseline or {}, "ece").value
        look_at = "the calibration plot: probabilities say more or less than what is found, whatever the verdicts do"
        ends = max(0.0, value - chance), value
        yield Alert("calibration", level, value, *ends, limits.ece_max, before, "fraction", look_at)


def _duplicates(seen: Evidence, limits: AlertParams) -> Iterator[Alert]:
    extra, images = (figure(seen.dataset or {}, name).value for name in ("duplicates", "images"))
    if images > 0 and extra / images > limits.duplicates_max:
        value = extra / images
        look_at = "files of equal bytes: each counts as an image of its own, so rates look surer than they are"
        yield Alert("duplicates", "alert", *[value] * 3, limits.duplicates_max, math.nan, "fraction", look_at)


def _imbalance(seen: Evidence, limits: AlertParams) -> Iterator[Alert]:
    value = figure(seen.dataset or {}, "imbalance").value
    if value > limits.imbalance_max:
        # A folder of one kind alone is lopsided by nature: worth a word, not a call at night.
        level = "alert" if value < 1 else "warning"
        look_at = "numbers of authentic and stego images by submission and category"
        limit = limits.imbalance_max
        yield Alert("imbalance", level, value, value, value, limit, math.nan, "fraction", look_at)


def _drift(seen: Evidence, limits: AlertParams) -> Iterator[Alert]:
    for name, part in sorted((seen.dataset or {}).get("drift", {}).items()):
        level = _level(part["psi"] - part["noise"], part["psi"], limits.drift_psi_max)
        if level:
            ends = max(0.0, part["psi"] - part["noise"]), part["psi"]
            look_at = f"{name} of the new images beside that of the training set"
            limit = limits.drift_psi_max
            yield Alert(f"drift.{name}", level, part["psi"], *ends, limit, math.nan, "psi", look_at)


def _latency(seen: Evidence, limits: AlertParams) -> Iterator[Alert]:
    """Over the limit; or so much slower than before that another machine alone hardly explains it."""
    value, before = seen.latency_p95_ms, figure(seen.baseline or {}, "latency_p95_ms").value
    look_at = "sizes of the images measured, number of workers, other load on the machine, or another machine"
    if value > limits.latency_p95_ms_max:
        yield Alert("latency", "alert", value, value, value, limits.latency_p95_ms_max, before, "ms", look_at)
    elif value > _SLOWER * before:
        yield Alert("latency", "warning", value, value, value, _SLOWER * before, before, "ms", look_at)


def _training(seen: Evidence, limits: AlertParams) -> Iterator[Alert]:
    for run in seen.training:
        if run.diverged:
            look_at = f"loss and learning rate of the run {run.name}"
            nothing = math.nan
            last = float(run.curves.epoch.iloc[-1])
            yield Alert(f"training.{run.name}", "alert", last, nothing, nothing, nothing, nothing, "epoch", look_at)


RULES = (
    _fpr, _category_fpr, _accuracy, _accuracy_drop, _detection_drop, _abstained, _calibration, _duplicates, _imbalance,
    _drift, _latency, _training,
)  # fmt: skip


def judge_alerts(evidence: Evidence, limits: AlertParams) -> list[Alert]:
    """All alerts and warnings of a run.

    Parameters
    ----------
    evidence : Evidence
    limits : AlertParams

    Returns
    -------
    list of Alert
        Alerts first, then warnings, each in the order of the rules.
    """
    found = [alert for rule in RULES for alert in rule(evidence, limits)]
    return sorted(found, key=lambda alert: alert.level != "alert")
