"""Watching a detector: its false alarms, its accuracy, its training, its data, and what changed."""

from starlight.monitor.accuracy import breakdown_accuracy
from starlight.monitor.fpr import calculate_fpr
from starlight.monitor.regressions import check_regressions, read_baseline
from starlight.monitor.report import generate_report
from starlight.monitor.run import FORMATS, VERSIONS, Places, Round, monitor
from starlight.monitor.runs.dataset import dataset_metrics
from starlight.monitor.runs.logs import TrainingRun, parse_training_logs

__all__ = [
    "FORMATS",
    "VERSIONS",
    "Places",
    "Round",
    "TrainingRun",
    "breakdown_accuracy",
    "calculate_fpr",
    "check_regressions",
    "dataset_metrics",
    "generate_report",
    "monitor",
    "parse_training_logs",
    "read_baseline",
]
