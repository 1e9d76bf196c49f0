"""The ladder from V3 to V4 in the baseline report: figures after each rung, and what each rung bought, in words."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pandas as pd

from starlight.markdown import NOTHING, percent, points, table, whole
from starlight.metrics import clopper_pearson, difference
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
    "false alarms on twins": ("twins_k", "twins_n"),
    "false alarms on look-alikes": ("lookalikes_k", "lookalikes_n"),
    "protocol found": ("protocol_k", "protocol_n"),
    "stego found": ("stego_k", "stego_n"),
    "protocol found at V4's alarms": ("protocol_at_v4", "protocol_n"),
    "stego found at V4's alarms": ("stego_at_v4", "stego_n"),
}
_OWN = tuple(_RATES)[:5]  # at each detector's own threshold
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
        f"- {_RUNGS[rung].removeprefix('+ ')}: {_bought(means.loc[before], means.loc[rung], frame.iloc[0])}."
        for before, rung in itertools.pairwise(known)
    )


def _bought(before: pd.Series, after: pd.Series, counts: pd.Series) -> str:
    """Changes at each detector's own threshold: of a point or more, and of more than so many images do by chance."""
    told = [
        f"{name} {percent(before[name])} → {percent(after[name])} ({points(after[name] - before[name])})"
        for name in _OWN
        if abs(after[name] - before[name]) >= _WORTH_TELLING
        and _real(before[name], after[name], int(counts[_RATES[name][1]]))
    ]
    return listing(told) if told else "nothing changes beyond chance"


def _real(before: float, after: float, n: int) -> bool:
    """Whether the 95 % interval of a difference leaves out 0, taken as if the images were others: they are the same."""
    sides = [(share, *clopper_pearson(round(share * n), n)) for share in (after, before)]
    _, low, high = difference(*sides)
    return low > 0 or high < 0


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
