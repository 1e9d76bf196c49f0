"""Sentences made from figures."""

import math
from collections.abc import Mapping, Sequence

from starlight.markdown import NOTHING, code, points, whole
from starlight.metrics import Figure, difference, figure, widened
from starlight.monitor.alerts import MIXED, like_for_like, other_mix

__all__ = [
    "change_name",
    "change_sentence",
    "changes",
    "listing",
    "p_text",
    "plural",
    "shown",
    "title_of",
]

_MEASURES = {
    "accuracy": "accuracy",
    "auc": "AUC",
    "clean.fpr": "FPR on clean images",
    "detection_at_fpr0": "detection at FPR 0",
    "detection_at_fpr001": "detection at FPR 0.1 %",
    "detection_at_fpr01": "detection at FPR 1 %",
    "f1": "F1",
    "fpr": "false-positive rate (FPR)",
    "map.f1": "map: F1",
    "map.fp_ratio": "map: FP ratio of authentic images",
    "map.mcc": "map: MCC",
    "map.precision": "map: precision",
    "map.recall": "map: recall",
    "precision": "precision",
    "protocol.accuracy": "accuracy on protocol techniques",
    "protocol.detection": "detection of the protocol",
    "negative.fpr": "FPR on look-alikes",
    "recall": "detection of all stego (recall)",
    "twin.fpr": "FPR on payload-free twins",
}


def title_of(measure: str) -> str:
    """A measure in words."""
    return _MEASURES.get(measure, measure)


def p_text(p: float) -> str:
    """A p value with three digits, never zero."""
    if math.isnan(p):
        return NOTHING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def plural(n: int, noun: str) -> str:
    """Such as `1 image`, `1,200 images`."""
    return f"{whole(n)} {noun}{'' if n == 1 else 's'}"


def listing(names: Sequence[str], limit: int = 8) -> str:
    """Such as `a, b and c`; the rest is counted."""
    names = list(names)
    if len(names) > limit:
        names = [*names[:limit], f"{len(names) - limit} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "none"


_CHANGES = (("fpr", True), ("protocol.detection", False), ("recall", False), ("accuracy", False), ("precision", False),
            ("auc", False))  # fmt: skip
_OF_THE_MIX = ("precision", "auc")  # they depend on what is among the images, and cannot be weighted anew
_LOST = "no longer measured"
_REAL = ("better", "worse", _LOST)
_TOLD = ("within chance", "other images")
_FEWEST_COVERS = 30  # from which on an interval resampled by cover is worth looking at


def changes(now: Mapping, before: Mapping) -> list[tuple[str, float, float, float, float, float, str]]:
    """What is different from an earlier evaluation, which may have had other images.

    Returns
    -------
    list of tuple
        Name, before, now, change, low, high, verdict. The main figures always; techniques and categories only where
        their change is beyond chance, at a confidence divided by their number, or where they are gone.
    """
    found = []
    mixed = other_mix(now, before)
    for key, lower_is_better in _CHANGES:
        sides = like_for_like(now, before, key) if key in MIXED else (_main(now, key), _main(before, key))
        change = _change(*sides, lower_is_better)
        if mixed and key in _OF_THE_MIX and change[-1] in ("better", "worse"):
            change = (*change[:-1], "other images")
        found.append((key, *change))
    for group, measure, lower_is_better in (("techniques", "detection", False), ("negatives", "fpr", True)):
        own, other = now.get(group, {}), before.get(group, {})
        shared = len(set(own) & set(other))
        for name in sorted(other):
            change = _change(*(widened(side.get(name), shared) for side in (own, other)), lower_is_better)
            if change[-1] in ("better", "worse", _LOST):
                found.append((f"{group}.{name}.{measure}", *change))
    return found


def _main(metrics: Mapping, key: str) -> Figure:
    found = figure(metrics, key)
    few = key == "auc" and (metrics.get("covers") or 0) < _FEWEST_COVERS  # three images rank perfectly by chance
    return found._replace(low=math.nan, high=math.nan) if few else found


def _change(now: Figure, before: Figure, lower_is_better: bool) -> tuple:
    change, low, high = difference(now[:3], before[:3])
    if math.isnan(change):
        verdict = _LOST if math.isnan(now.value) and not math.isnan(before.value) else "not measured"
    elif math.isnan(low):
        verdict = "too few covers to tell"
    elif low > 0 or high < 0:
        verdict = "better" if (change < 0) == lower_is_better else "worse"
    else:
        verdict = "within chance"
    return before.value, now.value, change, low, high, verdict


def change_sentence(rows: list[tuple]) -> str:
    """The changes since the last evaluation in one sentence."""
    real = [row for row in rows if row[-1] in _REAL]
    if not any(row[-1] in (*_TOLD, *_REAL) for row in rows):
        return "The last evaluation has no figures that these could be compared with."
    if not real:
        return "Since the last evaluation nothing changed beyond chance."
    parts = [f"{change_name(row[0])} {row[-1]}" + f" ({shown(row[3], row[0])})" * (row[-1] != _LOST) for row in real]
    return f"Since the last evaluation: {listing(parts)}."


def shown(change: float, key: str) -> str:
    """A change in points, or as the plain number that its figure is."""
    if key != "auc" or math.isnan(change):
        return points(change)
    return f"{change:+.4f}" if round(change, 4) else "0.0000"


def change_name(key: str) -> str:
    """A changed figure in words."""
    if key.startswith(("techniques.", "negatives.")):
        part, _, measure = key.partition(".")[2].rpartition(".")
        return f"{code(part)} {'FPR' if measure == 'fpr' else measure}"
    return {"protocol.detection": "detection of the protocol techniques"}.get(key, title_of(key))
