"""Alerts in words."""

import math

from starlight.markdown import number, percent
from starlight.monitor.alerts.precision import kind
from starlight.monitor.alerts.rules import Alert

__all__ = ["show", "subject", "summary", "what_to_do", "words"]


_HELP = "docs/watching.md"  # of the project; each kind of alert is a heading there
_NAMED = 3  # alerts of one kind that a summary names one by one; it is the subject of an e-mail too


def show(value: float, unit: str) -> str:
    """A value of an alert in its unit; a dash where it is undefined."""
    if unit == "epoch":
        return "–" if math.isnan(value) else f"epoch {value:.0f}"
    if unit == "fraction":
        return percent(value, 3)
    if unit == "points":
        return "–" if math.isnan(value) else f"{100 * value:.2f} points"
    return number(value, {"psi": 3, "ms": 1}.get(unit, 0)) + (" ms" if unit == "ms" and not math.isnan(value) else "")


def what_to_do(alert: Alert) -> str:
    """Where in the project's documents it stands what to do about an alert, such as `docs/watching.md#fpr`."""
    return f"{_HELP}#{kind(alert.name)}"


def words(alert: Alert) -> str:
    """One line: what, value, interval, threshold, before, what to look at, and where it stands what to do."""
    look_at = f"look at {alert.look_at}; what to do: {what_to_do(alert)}"
    if alert.unit == "epoch":
        return f"{alert.level} {alert.name}: diverged by {show(alert.value, alert.unit)}; {look_at}"
    unit = "fraction" if alert.unit == "points" else alert.unit
    ends = f" ({show(alert.low, alert.unit)} to {show(alert.high, alert.unit)})" if alert.low < alert.high else ""
    before = "" if math.isnan(alert.before) else f", before {show(alert.before, unit)}"
    limit = f"threshold {show(alert.threshold, alert.unit)}"
    return f"{alert.level} {alert.name}: {show(alert.value, alert.unit)}{ends}, {limit}{before}; {look_at}"


def summary(alerts: list[Alert]) -> str:
    """Such as `2 alerts (fpr, drift.format), 1 warning (accuracy)`."""
    parts = []
    for level in ("alert", "warning"):
        names = [alert.name for alert in alerts if alert.level == level]
        shown = f" ({', '.join(_grouped(names))})" if names else ""
        parts.append(f"{len(names)} {level}{'s' * (len(names) != 1)}{shown}")
    return ", ".join(parts)


def _grouped(names: list[str]) -> list[str]:
    """Names as they are, but many of one kind, such as those of every technique, as `9 of detection.*`."""
    kinds: dict[str, list[str]] = {}
    for name in names:
        kinds.setdefault(f"{name.partition('.')[0]}.*" if "." in name else name, []).append(name)
    groups = [group if len(group) <= _NAMED else [f"{len(group)} of {kind}"] for kind, group in kinds.items()]
    return [name for group in groups for name in group]


def subject(alerts: list[Alert], model: str) -> str:
    """Title of a message."""
    return f"Starlight {model}: {summary(alerts)}"
