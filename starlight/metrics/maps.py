"""Measures of the localisation map, from counts of its cells."""

import math

__all__ = ["map_measures"]


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def map_measures(tp: float, fp: float, fn: float, tn: float) -> dict[str, float]:
    """Precision, recall, F1 and Matthews' correlation (Biochimica et Biophysica Acta 405, 1975) of map cells.

    Parameters
    ----------
    tp, fp, fn, tn : float
        Cells over the threshold with payload, over it without, under it with, under it without.

    Returns
    -------
    dict of float
        `precision`, `recall`, `f1`, `mcc`; NaN where the denominator is 0.
    """
    spread = math.sqrt(tp + fp) * math.sqrt(tp + fn) * math.sqrt(tn + fp) * math.sqrt(tn + fn)
    return {
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "mcc": _ratio(tp * tn - fp * fn, spread),
    }
