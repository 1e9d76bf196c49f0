"""Alerts: when to raise them, how to bring them to people, and a log that loses none."""

from starlight.alerts.deliver import VARIABLE, AppriseChannel, channels_from, deliver, send_pending
from starlight.alerts.log import AlertLog
from starlight.alerts.mix import MIXED, like_for_like, other_mix
from starlight.alerts.rules import Alert, Evidence, Limits, judge_alerts
from starlight.alerts.text import subject, summary, words

__all__ = [
    "MIXED",
    "VARIABLE",
    "Alert",
    "AlertLog",
    "AppriseChannel",
    "Evidence",
    "Limits",
    "channels_from",
    "deliver",
    "judge_alerts",
    "like_for_like",
    "other_mix",
    "send_pending",
    "subject",
    "summary",
    "words",
]
