"""`dashboard.md`: the one page that a maintainer opens after a change."""

from collections.abc import Iterator

from starlight.metrics import MET, MISSED, TOO_FEW, UNMEASURED, figure
from starlight.metrics.promise import promise
from starlight.monitor.alerts import summary
from starlight.plots.style import TITLES
from starlight.reports import figures, run_sections
from starlight.reports.against import against
from starlight.reports.dataset import dataset_section, own_alarms, submissions
from starlight.reports.forgery import forgery_section
from starlight.reports.inputs import Run
from starlight.reports.targets import standing
from starlight.reports.words import change_name, change_sentence, changes, listing, plural

__all__ = ["dashboard", "main_figures", "verdict"]


def _standings(run: Run) -> str:
    """Such as `Targets: 2 met, 1 missed (raw detection), 3 too few images to tell`."""
    measured, names = run.metrics[run.current], {}
    for key, goal in sorted(figures.goals_of(run).items()):
        names.setdefault(standing(figure(measured, key), goal), []).append(change_name(key))
    which = f" ({listing(names[MISSED])})" if MISSED in names else ""
    parts = [
        f"{len(names[name])} {name}{which if name == MISSED else ''}"
        for name in (MET, MISSED, TOO_FEW, UNMEASURED)
        if name in names
    ]
    return f"Targets: {', '.join(parts)}."


def verdict(run: Run) -> str:
    """What changed against V3 and against the last evaluation, targets and alerts, in a line."""
    parts = []
    first = run.models[0]
    if first != run.current:
        parts.append(against(run.predictions, first, run.current))
    if run.before is not None:
        parts.append(change_sentence(changes(run.metrics[run.current], run.before)))
    return " ".join([*parts, _standings(run), f"{summary(list(run.alerts))}."])


def _overview(run: Run) -> Iterator[str]:
    measured = run.metrics[run.current]
    yield "# Starlight dashboard"
    if (counted := run.tables.get("evidence")) is not None and not counted.empty:
        yield f"**Released detector.** {promise(counted, figures.goals_of(run)['fpr'].target)}"
    yield verdict(run)
    yield own_alarms(run)
    yield (
        f"Measured on the test split: {plural(measured['n'], 'image')} from {plural(measured['covers'], 'cover')}, "
        f"{measured['fpr_n']:,} of them authentic. Intervals of rates are Clopper-Pearson's and take images as "
        "independent; those of AUC and of detection at a fixed FPR are resampled by cover. "
        "More: [baselines](baseline_report.md), [roadmap](research_roadmap.md)."
    )


def _sources(run: Run) -> Iterator[str]:
    yield "## Where the figures come from"
    yield (
        "`metrics.json` and `predictions.csv` (one row an image of the test split) for what was measured, "
        "`history.jsonl` for what was before, `train/` and `finetune/` for the curves, the manifest for the data set, "
        "`params.yaml` for targets and thresholds. Nothing here is typed in by hand."
    )


def dashboard(run: Run) -> str:
    """The dashboard as Markdown.

    Parameters
    ----------
    run : Run
        With history and alerts filled in.
    """
    limits = run.params.alerts
    sections = [
        _overview(run),
        figures.changed(run),
        figures.current(run),
        figures.techniques(run),
        figures.other_rates(run),
        figures.look_alikes(run),
        submissions(run),
        figures.containers(run),
        figures.by_picture(run),
        run_sections.served(run),
        run_sections.evidence(run),
        forgery_section(run),
        iter(["## Calibration", run.plot("Predicted probability against the share that is stego", "calibration")]),
        run_sections.trends(run),
        run_sections.training(run),
        run_sections.mining(run),
        dataset_section(run.dataset, run.quarantined, limits.imbalance_max, limits.drift_psi_max),
        run_sections.latency(run),
        run_sections.hardest(run),
        run_sections.alerts(run),
        _sources(run),
    ]
    return "\n\n".join(part for section in sections for part in section if part) + "\n"


def main_figures(run: Run) -> str:
    """A few lines for the terminal after a run."""
    measured = run.metrics[run.current]
    lines = [
        f"{TITLES[run.current]}: FPR {figure(measured, 'fpr').value:.4f}, recall {figure(measured, 'recall').value:.4f}"
    ]
    return "\n".join([*lines, _standings(run), f"{summary(list(run.alerts))}."])
