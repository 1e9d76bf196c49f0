"""Alerts: when to raise them, how to bring them to people, and a log that loses none."""

from starlight.monitor.alerts.deliver import VARIABLE, AppriseChannel, channels_from, deliver, send_pending
from starlight.monitor.alerts.log import AlertLog
from starlight.monitor.alerts.mix import MIXED, like_for_like, other_mix
from starlight.monitor.alerts.rules import Alert, AlertParams, Evidence, judge_alerts
from starlight.monitor.alerts.text import subject, summary, what_to_do, words

__all__ = [
    "MIXED",
    "VARIABLE",
    "Alert",
    "AlertLog",
    "AppriseChannel",
    "Evidence",
    "AlertParams",
    "channels_from",
    "deliver",
    "judge_alerts",
    "like_for_like",
    "other_mix",
    "send_pending",
    "subject",
    "summary",
    "what_to_do",
    "words",
]
