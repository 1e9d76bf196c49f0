"""Sections of the dashboard that show what was measured on the test split."""

from collections.abc import Iterator, Mapping

from starlight.markdown import code, counts, number, percent, table
from starlight.metrics import figure
from starlight.metrics.slices import slices
from starlight.monitor.tables import SLICE_HEADER, slice_rows
from starlight.plots.style import TITLES
from starlight.reports.inputs import Run
from starlight.reports.targets import Goal, cell, exact, show_goal, status
from starlight.reports.words import change_name, changes, shown

__all__ = [
    "by_picture", "changed", "containers", "current", "current_values", "goals_of", "look_alikes", "techniques",
]  # fmt: skip

_ROWS = (
    ("fpr", "False-positive rate (FPR), all authentic"),
    ("clean.fpr", "FPR, clean images"),
    ("negative.fpr", "FPR, look-alikes"),
    ("twin.fpr", "FPR, payload-free twins"),
    ("protocol.detection", "Detection, protocol techniques"),
    ("recall", "Detection, all stego (recall)"),
    ("accuracy", "Accuracy"),
    ("protocol.accuracy", "Accuracy, protocol techniques"),
    ("precision", "Precision"),
    ("f1", "F1"),
    ("auc", "AUC"),
    ("detection_at_fpr0", "Detection at FPR 0"),
    ("detection_at_fpr001", "Detection at FPR 0.1 %"),
    ("detection_at_fpr01", "Detection at FPR 1 %"),
    ("abstained", "Cannot tell"),
    ("ece", "Calibration error (ECE)"),
    ("map.fp_ratio", "Map: FP ratio, authentic images"),
    ("map.precision", "Map: precision"),
    ("map.recall", "Map: recall"),
    ("map.f1", "Map: F1"),
    ("map.mcc", "Map: Matthews' correlation (MCC)"),
)  # fmt: skip


def goals_of(run: Run) -> dict[str, Goal]:
    """Targets of the current model's figures: those of the roadmap, else the thresholds of the alerts."""
    limits = run.params.alerts
    accuracy = "protocol.accuracy" if limits.accuracy_over == "protocol" else "accuracy"
    found = {
        "fpr": Goal("alerts.fpr_max", "fpr", limits.fpr_max, "<="),
        accuracy: Goal("alerts.accuracy_min", accuracy, limits.accuracy_min, ">="),
    }
    own = f"{run.current}."
    found |= {goal.metric.removeprefix(own): goal for goal in run.goals if goal.metric.startswith(own)}
    return found


def _target(goal: Goal | None, metric: str) -> str:
    if goal is None:
        return ""
    sign = "≤" if goal.direction == "<=" else "≥"
    return f"{sign} {number(goal.target) if number_only(metric) else f'{100 * goal.target:g} %'}"


def number_only(metric: str) -> bool:
    """Whether a figure is shown as a plain number."""
    return "%" not in cell(figure({"value": 0.5}, "value"), metric)


def current(run: Run) -> Iterator[str]:
    """Every main figure with its interval, target and status."""
    measured, targets = run.metrics[run.current], goals_of(run)
    first = run.models[0]
    rows = []
    for key, title in _ROWS:
        found, goal = figure(measured, key), targets.get(key)
        digits = 3 if "fpr" in key and "detection" not in key else 2
        rows.append([
            title,
            cell(found, key, digits),
            counts(found.k, found.n) if found.n is not None else "",
            _target(goal, key),
            status(found, goal) if goal else "",
            cell(exact(figure(run.metrics[first], key))._replace(low=float("nan")), key, digits),
        ])  # fmt: skip
    yield "## Current metrics"
    yield f"{TITLES[run.current]} on the test split. A target is met only when the whole 95 % interval is."
    header = ["Figure", f"{TITLES[run.current]} (95 %)", "Images", "Target", "Status", TITLES[first]]
    yield table(header, rows, "lrrrlr")
    yield run.plot("ROC curves at low false-positive rates", "roc")


def changed(run: Run) -> Iterator[str]:
    """What is different from the evaluation before, and whether that is more than chance."""
    yield "## What changed"
    if run.before is None:
        yield "This is the first evaluation in the history: there is none to compare with."
        return
    rows = []
    for key, before, now, change, low, high, verdict in changes(run.metrics[run.current], run.before):
        ends = "–" if low != low else f"{shown(low, key).removesuffix(' points')} to {shown(high, key)}"
        values = show_goal(before, key), show_goal(now, key)
        rows.append([change_name(key), *values, shown(change, key), ends, verdict])
    yield (
        f"Evaluation {run.place + 1} against evaluation {run.place} of the history. The two may have seen other "
        "images, so intervals of the change are those of independent samples. Detection and accuracy are compared over "
        "the techniques that both have, each with its present share; precision and AUC cannot be where the images are "
        "others. Techniques and categories stand here only where they changed beyond chance, at a confidence divided "
        "by their number, or are no longer measured."
    )
    yield table(["Figure", "Before", "Now", "Change", "95 % interval", "Verdict"], rows, "lrrrrl")


def techniques(run: Run) -> Iterator[str]:
    """Detection by technique, and by payload within it."""
    measured, first = run.metrics[run.current], run.metrics[run.models[0]]
    rows, sizes = [], []
    for name, part in sorted(measured["techniques"].items()):
        key = f"techniques.{name}.detection"
        found, twin = figure(measured, key), figure(measured, f"twins.{name}.fpr")
        rows.append([
            code(name), cell(found, key), counts(found.k, found.n), percent(exact(figure(first, key)).value),
            cell(twin, "fpr"), percent(part["named"]),
        ])  # fmt: skip
        for bucket in sorted(part["payload"], key=_bucket_order):
            seen = figure(part["payload"], f"{bucket}.detection")
            sizes.append([code(name), _bucket_words(bucket), cell(seen, "detection"), counts(seen.k, seen.n)])
    yield "## Techniques"
    yield "Stego found at the operating threshold, payload-free twins flagged, and how often a find was named right."
    header = ["Technique", f"{TITLES[run.current]} found (95 %)", "Images", f"{TITLES[run.models[0]]} found",
              "Twins flagged (95 %)", "Named right"]  # fmt: skip
    yield table(header, rows, "lrrrrr")
    yield run.plot("Detection by technique with intervals", "techniques")
    yield "<details><summary>By payload</summary>"
    yield table(["Technique", "Payload", "Found (95 %)", "Images"], sizes, "llrr")
    yield "</details>"
    yield run.plot("What each technique was taken for", "confusion")


def _bucket_order(bucket: str) -> tuple:
    kind, _, rest = bucket.partition("_")
    place, _, edge = rest.partition("_")
    return kind, place == "over", float(edge or 0)


def _bucket_words(bucket: str) -> str:
    if bucket == "unknown":
        return "unknown"
    kind, place, edge = bucket.split("_")
    span = f"{'over' if place == 'over' else 'up to'} {edge}"
    return f"{span} bits" if kind == "bits" else f"rate {span}"


def other_rates(run: Run) -> Iterator[str]:
    """What is flagged where people ask for another false-positive rate."""
    measured = run.metrics[run.current].get("at", {})
    if len(asked := measured.get("authentic", {})) < 2:
        return
    rows = []
    for rate in asked:
        found = [figure(part[rate], name) for part, name in _asked(measured)]
        rows.append([f"`{rate}`", *(f"{cell(one, 'fpr')}, {counts(one.k, one.n)}" for one in found)])
    yield "## At other rates"
    yield (
        "Thresholds are kept for the rates of `train.other_fprs`, too: `starlight detect --fpr 0.01` finds more, and "
        "raises more false alarms, for those who look at what is found."
    )
    header = ["Rate asked for", "Authentic flagged (95 %)", "Protocol found (95 %)", "Stego found (95 %)"]
    yield table(header, rows, "lrrr")


def _asked(measured: Mapping) -> Iterator[tuple[Mapping, str]]:
    yield measured["authentic"], "fpr"
    yield measured["protocol"], "detection"
    yield measured["stego"], "detection"


def look_alikes(run: Run) -> Iterator[str]:
    """False alarms by category of negatives."""
    measured, first = run.metrics[run.current], run.metrics[run.models[0]]
    rows = []
    for name in sorted(measured["negatives"]):
        found = figure(measured, f"negatives.{name}.fpr")
        before = exact(figure(first, f"negatives.{name}.fpr")).value
        rows.append([code(name), cell(found, "fpr"), counts(found.k, found.n), percent(before)])
    yield "## Look-alikes"
    yield "Authentic images that look suspicious, and how many of them were flagged."
    yield table(["Category", f"{TITLES[run.current]} flagged (95 %)", "Images", TITLES[run.models[0]]], rows, "lrrr")
    yield run.plot("False alarms by category with intervals", "negatives")


def containers(run: Run) -> Iterator[str]:
    """False alarms and detection by file format and mode."""
    measured, rows = run.metrics[run.current], []
    for name in sorted(measured["containers"]):
        fpr = figure(measured, f"containers.{name}.fpr")
        found = figure(measured, f"containers.{name}.detection")
        rows.append([code(name), cell(fpr, "fpr"), counts(fpr.k, fpr.n), cell(found, "fpr"), counts(found.k, found.n)])
    yield "## Containers"
    yield table(
        ["Format and mode", "Authentic flagged (95 %)", "Images", "Stego found (95 %)", "Images"], rows, "lrrrr"
    )


def by_picture(run: Run) -> Iterator[str]:
    """False alarms and detection by JPEG quality, size, source and class of picture."""
    found = slices(run.predictions, run.current)
    yield "## By quality, size, source and class of picture"
    yield (
        "Parts of fifty images or more. The quality is libjpeg's of steps as coarse; the size is the side of a square "
        "of as many pixels."
    )
    yield table(SLICE_HEADER, slice_rows(found), "llrrrr")


def current_values(run: Run) -> str:
    """The main figures of every model, without targets."""
    keys = [(key, title) for key, title in _ROWS if "." not in key or key.startswith("protocol.detection")]
    rows = [[title, *(cell(figure(run.metrics[m], key), key) for m in run.models)] for key, title in keys]
    return table(["Figure", *(TITLES[m] for m in run.models)], rows, "l" + "r" * len(run.models))
