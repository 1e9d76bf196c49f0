"""How far a figure may be from the committed one on another processor."""

from __future__ import annotations

import math
from collections.abc import Mapping

__all__ = ["TOLERANCE", "differences"]

# Last digits differ between processors and, over a whole training, grow into a few images at the threshold.
TOLERANCE = {"fpr": 0.005, "loss": 0.1, "rate": 0.06, "count": 0.02}
_FPR = ("fpr", "fpr_low", "fpr_high", "fp_ratio")
_RATES = ("detection", "accuracy", "precision", "recall", "f1", "auc", "mcc", "low", "high")


def differences(committed: object, made: object, path: str = "") -> list[str]:
    """Figures that differ by more than their tolerance, and keys that only one side has.

    Rates are compared absolutely, false-positive rates tighter, counts and other numbers relatively; text must be
    the same.

    Parameters
    ----------
    committed, made : object
        As JSON gives them.
    path : str
        Keys that lead to them, joined by dots.

    Returns
    -------
    list of str
        One line a figure; empty when all is well.
    """
    if isinstance(committed, Mapping) and isinstance(made, Mapping):
        found = [f"{path}.{key}".lstrip(".") + ": only on one side" for key in sorted({*committed} ^ {*made})]
        for key in sorted({*committed} & {*made}):
            found += differences(committed[key], made[key], f"{path}.{key}".lstrip("."))
        return found
    if isinstance(committed, list) and isinstance(made, list) and len(committed) == len(made):
        return [
            d for i, (a, b) in enumerate(zip(committed, made, strict=True)) for d in differences(a, b, f"{path}[{i}]")
        ]
    numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in (committed, made))
    same = _close(float(committed), float(made), path) if numbers else committed == made
    return [] if same else [f"{path}: {committed} committed, {made} made"]


def _close(committed: float, made: float, path: str) -> bool:
    if math.isnan(committed) or math.isnan(made):
        return math.isnan(committed) and math.isnan(made)
    leaf = path.rsplit(".", 1)[-1]
    if leaf in _FPR:
        return abs(committed - made) <= TOLERANCE["fpr"]
    if leaf.startswith(_RATES) or leaf.startswith("detection_at"):
        return abs(committed - made) <= TOLERANCE["rate"]
    if abs(committed) <= 1 and abs(made) <= 1:
        return abs(committed - made) <= TOLERANCE["rate"]
    return abs(committed - made) <= max(2.0, TOLERANCE["count"] * abs(committed))
