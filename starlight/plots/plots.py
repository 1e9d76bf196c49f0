"""Plots of a detector's judgement: one function each, from views of the predictions to a figure."""

from collections.abc import Mapping

import matplotlib.ticker
import numpy as np
import pandas as pd

from starlight.metrics import figure as find
from starlight.metrics import reliability
from starlight.plots import tables
from starlight.plots.style import COLOURS, TITLES, figure, label, percent_axis

__all__ = ["calibration", "confusion_matrix", "negatives", "roc", "techniques"]


def roc(views: Mapping[str, pd.DataFrame], fpr_max: float):
    """ROC curves with the false-positive rate on a log axis; under one image is shaded, none is at the edge."""
    authentic = int((next(iter(views.values())).label == 0).sum())
    if not authentic or not (next(iter(views.values())).label == 1).any():
        return None
    drawing, axes = figure()
    edge = min(0.5 / authentic, fpr_max / 2)
    axes.axvspan(edge / 1.3, 1 / authentic, color="#eeeeee", zorder=0, lw=0)
    for model, frame in views.items():
        curve = tables.roc(frame)
        colour = COLOURS.get(model)
        x, y = np.maximum(curve.fpr, edge), curve.detection
        axes.step(x, y, where="post", color=colour, label=TITLES.get(model, model))
        k = frame.flagged[frame.label == 0].mean(), frame.flagged[frame.label == 1].mean()
        axes.plot(max(k[0], edge), k[1], "o", color=colour, ms=7, mec="white", clip_on=False, zorder=5)
    axes.axvline(fpr_max, color="#b2182b", ls="--", lw=1.2, label=f"limit {100 * fpr_max:g} %")
    axes.set(xscale="log", xlim=(edge / 1.3, 1), ylim=(0, 1.02), title="Detection at low false-positive rates")
    axes.set_xlabel(f"false-positive rate (%, log axis; shaded: under one of {authentic:,} authentic images)")
    axes.set_ylabel("stego images found (%)")
    percent_axis(axes.xaxis), percent_axis(axes.yaxis)
    axes.plot([], [], "o", color="#555555", mec="white", ms=7, label="operating threshold")
    axes.legend(loc="lower right")
    return drawing


def calibration(views: Mapping[str, pd.DataFrame]):
    """Reliability diagram: what the probabilities promise, and what was there."""
    drawing, (axes, below) = figure(height=5.2, rows=2, sharex=True, height_ratios=[3, 1])
    axes.plot([0, 1], [0, 1], color="#555555", lw=1, ls="--", label="perfect")
    for model, frame in views.items():
        found = reliability(frame.label, frame.probability)
        ends = [found.observed - found.low, found.high - found.observed]
        how = {"color": COLOURS.get(model), "label": TITLES.get(model, model), "capsize": 2, "elinewidth": 1}
        axes.errorbar(found.predicted, found.observed, yerr=ends, marker="o", ms=4, **how)
        edges = np.linspace(0, 1, 21)
        below.stairs(np.histogram(frame.probability, edges)[0], edges, color=COLOURS.get(model), lw=1.4)
    axes.set(ylim=(-0.03, 1.03), title="Can the probabilities be believed?", ylabel="share that is stego (%)")
    below.set(yscale="symlog", xlabel="predicted probability (%)", ylabel="images", xlim=(0, 1))
    below.set_yticks([0, 1, 10, 100, 1000], ["0", "1", "10", "100", "1000"])
    percent_axis(axes.yaxis), percent_axis(below.xaxis)
    axes.legend(loc="lower right")
    return drawing


def _dots(names: list[str], parts: Mapping[str, list], title: str, xlabel: str):
    """Rates with intervals, one line a name, models side by side."""
    drawing, axes = figure(height=1.5 + 0.36 * len(names))
    places = np.arange(len(names))
    offsets = np.linspace(-0.22, 0.22, len(parts)) if len(parts) > 1 else [0.0]
    for place in places[::2]:
        axes.axhspan(place - 0.5, place + 0.5, color="#f4f4f4", lw=0, zorder=0)
    for offset, (model, found) in zip(offsets, parts.items(), strict=True):
        value = np.array([f.value for f in found])
        ends = np.abs([[f.value - f.low for f in found], [f.high - f.value for f in found]])
        how = {"color": COLOURS.get(model), "label": TITLES.get(model, model), "elinewidth": 1.6, "capsize": 0}
        axes.errorbar(value, places + offset, xerr=ends, fmt="o", ms=4.5, **how)
    axes.set_yticks(places, map(label, names))
    axes.set(ylim=(len(names) - 0.5, -0.5), title=title, xlabel=xlabel)
    axes.grid(axis="y", visible=False)
    percent_axis(axes.xaxis)
    drawing.legend(loc="outside lower center", ncols=len(parts))
    return drawing, axes


def _found(metrics: Mapping, models: list[str], group: str, figure_name: str) -> tuple[list[str], dict]:
    names = sorted({name for model in models for name in metrics[model].get(group, {})})
    return names, {m: [find(metrics[m], f"{group}.{name}.{figure_name}") for name in names] for m in models}


def techniques(metrics: Mapping, models: list[str]):
    """Detection of each technique with 95 % intervals."""
    names, parts = _found(metrics, models, "techniques", "detection")
    if not names:
        return None
    xlabel = "stego images found at the operating threshold (%), with 95 % intervals"
    drawing, axes = _dots(names, parts, "Detection by technique", xlabel)
    axes.set_xlim(-0.02, 1.02)
    return drawing


def negatives(metrics: Mapping, models: list[str]):
    """False-positive rate of each category of look-alikes with 95 % intervals."""
    names, parts = _found(metrics, models, "negatives", "fpr")
    if not names:
        return None
    xlabel = "authentic images flagged (%), with 95 % intervals"
    drawing, axes = _dots(names, parts, "False alarms by category of look-alikes", xlabel)
    axes.set_xlim(left=-0.01)
    return drawing


def confusion_matrix(frame: pd.DataFrame, title: str):
    """What each technique was taken for: shares of each row, numbers of images written in."""
    pairs = tables.confusion(frame)
    names = sorted(
        set(pairs.actual) | set(pairs.predicted) - {"authentic"}, key=lambda name: (name != "authentic", name)
    )
    if "authentic" not in names:
        names.insert(0, "authentic")
    rows = [name for name in names if name in set(pairs.actual)]
    table = pd.crosstab(pairs.actual, pairs.predicted).reindex(index=rows, columns=names, fill_value=0)
    share = table.to_numpy() / np.maximum(table.to_numpy().sum(axis=1, keepdims=True), 1)
    drawing, axes = figure(width=2.4 + 0.42 * len(names), height=2.2 + 0.34 * len(rows))
    picture = axes.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for y, x in zip(*np.nonzero(table.to_numpy()), strict=True):
        colour = "white" if share[y, x] > 0.55 else "#222222"
        axes.text(x, y, f"{table.iat[y, x]}", ha="center", va="center", color=colour, fontsize=7.5)
    axes.set_xticks(range(len(names)), map(label, names), rotation=55, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), map(label, rows))
    axes.grid(visible=False)
    axes.set(title=title, xlabel="taken for", ylabel="really is")
    bar = drawing.colorbar(picture, ax=axes, label="share of the row (%)", fraction=0.05)
    bar.ax.yaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda v, _: f"{100 * v:g}"))
    return drawing
