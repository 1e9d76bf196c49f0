"""The ladder from V3 to V4 in the baseline report: figures after each rung, and what each rung bought, in words."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pandas as pd

from starlight.markdown import NOTHING, percent, points, table, whole
from starlight.reports.words import listing

__all__ = ["COLUMNS", "ladder"]

COLUMNS = ("rung", "seed", "commit", "clean_n", "clean_k", "twins_n", "twins_k", "lookalikes_n", "lookalikes_k",
           "protocol_n", "protocol_k", "stego_n", "stego_k", "protocol_at_v4", "stego_at_v4")  # fmt: skip
_RUNGS = {
    "v3": "V3",
    "twins": "+ payload-free twins",
    "negatives": "+ look-alikes",
    "mask": "+ constraint mask",
    "experts": "+ nine streams, an expert for each technique, thresholds for the rate aimed at",
    "reading": "+ payloads that can be read decide",
    "mining": "+ mining and fine-tuning",
}
_RATES = {
    "false alarms on clean images": ("clean_k", "clean_n"),
    "on twins": ("twins_k", "twins_n"),
    "on look-alikes": ("lookalikes_k", "lookalikes_n"),
    "protocol found": ("protocol_k", "protocol_n"),
    "stego found": ("stego_k", "stego_n"),
    "protocol found at V4's alarms": ("protocol_at_v4", "protocol_n"),
    "stego found at V4's alarms": ("stego_at_v4", "stego_n"),
}
_WORTH_TELLING = 0.01


def ladder(frame: pd.DataFrame | None) -> Iterator[str]:
    """The section; one line where it was not run.

    Parameters
    ----------
    frame : DataFrame, optional
        `ladder.csv`: a row for each rung and seed.
    """
    yield "## From V3 to V4, rung by rung"
    if frame is None or frame.empty:
        yield "Not run: `make ablations` writes `ladder.csv`."
        return
    rates = pd.DataFrame({name: frame[k] / frame[n] for name, (k, n) in _RATES.items()}).assign(rung=frame.rung)
    known = [rung for rung in _RUNGS if rung in set(frame.rung)]
    means, spreads = rates.groupby("rung").mean(), rates.groupby("rung").std(ddof=1)
    rows = [
        [_RUNGS[rung], whole(int((frame.rung == rung).sum())),
         *(_cell(means.loc[rung, name], spreads.loc[rung, name]) for name in _RATES)]
        for rung in known
    ]  # fmt: skip
    yield (
        f"Each rung has what those above it have. The networks up to the mask are judged at even odds, the experts at "
        f"thresholds for `train.target_fpr`; the last two columns let each flag as many authentic images as V4 does. "
        f"Share flagged, mean over seeds and standard deviation; {_images(frame)}; {_commits(frame)}."
    )
    yield table(
        ["Detector", "Seeds", *(name[:1].upper() + name[1:] for name in _RATES)], rows, "lr" + "r" * len(_RATES)
    )
    yield "\n".join(
        f"- {_RUNGS[rung].removeprefix('+ ')}: {_bought(means.loc[before], means.loc[rung])}."
        for before, rung in itertools.pairwise(known)
    )


def _bought(before: pd.Series, after: pd.Series) -> str:
    """Changes of a point or more; a change at V4's alarms is told where the rung's own threshold says nothing of it."""
    told = [
        f"{name} {percent(before[name])} → {percent(after[name])} ({points(after[name] - before[name])})"
        for name in _RATES
        if abs(after[name] - before[name]) >= _WORTH_TELLING
    ]
    return listing(told) if told else "nothing changes by a point"


def _cell(mean: float, spread: float) -> str:
    if pd.isna(mean):
        return NOTHING
    return percent(mean) + ("" if pd.isna(spread) else f" ± {100 * spread:.2f}")


def _images(frame: pd.DataFrame) -> str:
    one = frame.iloc[0]
    names = {
        "clean": "ordinary clean images", "twins": "payload-free twins of the protocol", "lookalikes": "look-alikes",
        "protocol": "payloads of the protocol", "stego": "stego images",
    }  # fmt: skip
    return listing([f"{whole(int(one[f'{part}_n']))} {name}" for part, name in names.items()])


def _commits(frame: pd.DataFrame) -> str:
    names = sorted({str(c).removeprefix("g") for c in frame.commit})
    return f"measured on commit {listing(names)}"
