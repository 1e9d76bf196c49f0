"""Plots over time: training curves and the trend from evaluation to evaluation."""

from collections.abc import Mapping, Sequence

import matplotlib.ticker
import numpy as np

from starlight.metrics import figure as find
from starlight.monitor.runs.logs import TrainingRun
from starlight.plots.style import COLOURS, figure, label, percent_axis

__all__ = ["curves", "trend"]

_RUN_COLOURS = {"v3": COLOURS["v3"], "base": COLOURS["v4_base"], "finetune": COLOURS["v4"]}
_OTHERS = ("#4d9221", "#7b3294", "#b2182b")


def curves(runs: Sequence[TrainingRun]):
    """Loss and validation figures by epoch, one colour a run, a mark at its best epoch."""
    if not runs:
        return None
    drawing, (left, right) = figure(width=9.0, height=3.9, columns=2)
    for number, run in enumerate(runs):
        colour = _RUN_COLOURS.get(run.name, _OTHERS[number % len(_OTHERS)])
        epoch = run.curves.epoch
        left.plot(epoch, run.curves.train_loss, color=colour, lw=1.2, ls=":")
        for axes, column in ((left, "val_loss"), (right, "val_auc")):
            if column in run.curves:
                known = run.curves[["epoch", column]].dropna()
                axes.plot(known.epoch, known[column], color=colour, label=label(run.name), marker=".", ms=4)
                best = known[known.epoch == run.best_epoch]
                axes.plot(best.epoch, best[column], "o", color=colour, ms=8, mec="white", zorder=5)
    left.set(title="Loss", xlabel="epoch", ylabel="loss (dotted: training, line: validation)")
    right.set(title="Ranking on the validation split", xlabel="epoch", ylabel="AUC")
    for axes in (left, right):
        axes.plot([], [], "o", color="#555555", mec="white", ms=8, label="best validation loss")
        axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
        axes.legend()
    return drawing


_TREND = (("fpr", "false-positive rate", "#b2182b"), ("protocol.detection", "detection of the protocol", "#1f6fb4"),
          ("accuracy", "accuracy", "#4d9221"))  # fmt: skip


def trend(entries: Sequence[Mapping], fpr_max: float):
    """Main figures from evaluation to evaluation with 95 % intervals; the false-positive rate has its own panel."""
    if not entries:
        return None
    drawing, (upper, lower) = figure(height=4.6, rows=2, sharex=True, height_ratios=[3, 2])
    places = np.arange(1, len(entries) + 1)
    for key, name, colour in _TREND:
        axes = lower if key == "fpr" else upper
        found = [find(entry["metrics"], key) for entry in entries]
        value = np.array([f.value for f in found])
        ends = np.abs([[f.value - f.low for f in found], [f.high - f.value for f in found]])
        axes.errorbar(places, value, yerr=ends, color=colour, label=name, marker="o", ms=4, capsize=2, elinewidth=1)
    lower.axhline(fpr_max, color="#555555", ls="--", lw=1, label=f"limit {100 * fpr_max:g} %")
    upper.set(title="From evaluation to evaluation", ylabel="share (%)")
    lower.set(xlabel="evaluation (line of history.jsonl)", ylabel="FPR (%)", xlim=(0.5, len(entries) + 0.5))
    lower.set_ylim(bottom=0)
    lower.xaxis.set_major_locator(matplotlib.ticker.FixedLocator(places[:: -(-len(places) // 15)]))
    for axes in (upper, lower):
        percent_axis(axes.yaxis)
        axes.legend(loc="best")
    return drawing
