"""Measures of a detector as pure functions: tables and arrays in, numbers out."""

from starlight.metrics.calibration import brier, expected_calibration_error, reliability
from starlight.metrics.compare import compare, compare_parts
from starlight.metrics.evaluate import PROTOCOL, dumps, evaluate, evaluate_all, headline
from starlight.metrics.folds import grouped_accuracy
from starlight.metrics.frames import MODELS, check_predictions, parts, read_predictions, view
from starlight.metrics.intervals import (
    MET,
    MISSED,
    TOO_FEW,
    UNMEASURED,
    clopper_pearson,
    difference,
    images_needed,
    judge,
)
from starlight.metrics.lookup import Figure, figure, flatten, lookup, not_numbers, widened
from starlight.metrics.maps import map_measures
from starlight.metrics.paired import McNemar, holm, mcnemar
from starlight.metrics.payload import payload_bucket
from starlight.metrics.regions import mask_counts, mask_measures, object_f1, regions
from starlight.metrics.scores import auc, bootstrap_interval, cover_weights, detection_at_fpr, roc_points

__all__ = [
    "MET",
    "MISSED",
    "MODELS",
    "PROTOCOL",
    "TOO_FEW",
    "UNMEASURED",
    "Figure",
    "McNemar",
    "auc",
    "bootstrap_interval",
    "brier",
    "check_predictions",
    "clopper_pearson",
    "compare",
    "compare_parts",
    "cover_weights",
    "detection_at_fpr",
    "difference",
    "dumps",
    "evaluate",
    "evaluate_all",
    "expected_calibration_error",
    "figure",
    "flatten",
    "grouped_accuracy",
    "headline",
    "holm",
    "images_needed",
    "judge",
    "lookup",
    "map_measures",
    "mask_counts",
    "mask_measures",
    "mcnemar",
    "not_numbers",
    "object_f1",
    "payload_bucket",
    "parts",
    "read_predictions",
    "regions",
    "reliability",
    "roc_points",
    "view",
    "widened",
]
