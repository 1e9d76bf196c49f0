"""The bench of richer statistics as Markdown and CSV: one row a head, one column a method."""

from __future__ import annotations

import functools
from pathlib import Path

import pandas as pd

from starlight.lab.features.files import AS_THEY_LIE, QUALITIES, SAVED_AGAIN
from starlight.lab.features.measure import BY_QUALITY, FPRS, HEADS, NETWORKS, QUALITY, TODAY
from starlight.lab.features.sets import SHIFTS
from starlight.markdown import code, interval, number, percent, table

__all__ = ["to_markdown", "write"]

_TITLES = {AS_THEY_LIE: "Files as they lie", SAVED_AGAIN: "Photographs made smaller and saved again"}
_NOTES = f"""\
- The question is whether richer statistics of JPEG coefficients find more on files of other sources than the experts of
  today. No file that is judged was learnt from or chose a ridge; the folder should hold no photograph that the detector
  learnt from either.
- `{TODAY}`: the released detector's own, asked alone, whether or not it may speak; it has learnt from several times as
  many files. All other heads learnt from the pairs named above: linear ones with a ridge, and `network`, the same small
  network that the experts are. To learn what statistics are worth, compare heads of one kind.
- `stream`: the statistics of today, 1,199. `shifts`: the change rate of F5 by calibration with {len(SHIFTS)} shifts,
  with and without a slight blur, whole and by band, from which a head can work out the bias of the calibration (after
  Fridrich, Goljan and Hogea, IH 2002). `phases`: residuals of all 64 DCT kernels by phase, 3,600 numbers after pooling
  (DCTR: Holub and Fridrich, TIFS 2015). `co-occurrences`: joint magnitudes by mode, of the file and against its
  calibrated version, 5,600 (in the manner of JRM: Kodovsky and Fridrich, SPIE 2012). `all`: the four together.
  `{BY_QUALITY}`: a head for each of three qualities, to which files of others count a tenth.
- Techniques that change coefficients alike share a head: `f5` and `nsf5`; `uerd` and `juniward`.
- Saved again: the longer side to at most 1,400 pixels, then by 0.9, 0.75 or 0.6, at qualities
  {", ".join(map(str, QUALITIES))}. As they lie: a part of the middle, with its coefficients as they were.
- Rates are bits per non-zero AC coefficient; of `steghide`, a share of the capacity. AUC: against the payload-free
  twins, its interval from resampled photographs; shares' intervals are Clopper and Pearson's. Both are of 95 %.
- Found at an FPR: the threshold lies on all clean files of the table, so that at 0.1 % of under 1,000 clean files it is
  detection without a single false alarm, and no promise for other files.
"""
_BIAS_NOTES = """\
- Bias of the calibration: F5's change rate, estimated on whole photographs of 2.5 megapixels and more. Spread is the
  standard deviation over photographs without payload, error what the size of the picture leaves uncertain, shift what a
  payload adds. While the spread is many times the error, a larger picture is no easier, whatever the square-root law
  says. `free scale in each cell` lets each cell be wider or narrower than its calibrated version. What remains has the
  shape of F5 itself: an encoder that rounds towards zero moves the same share of every magnitude of a distribution that
  falls geometrically.
"""


def to_markdown(measured: pd.DataFrame, origin: str, bias: pd.DataFrame | None = None) -> str:
    """The report.

    Parameters
    ----------
    measured : DataFrame
        As `measure` gives it.
    origin : str
        A sentence on what was measured, and with what.
    bias : DataFrame, optional
        As `bias.summary` gives it.
    """
    parts = ["# Richer statistics of JPEG files, on files of other sources", origin]
    for kind, title in _TITLES.items():
        rows = measured[measured["kind"] == kind]
        if rows.empty:
            continue
        whole = rows[rows["quality"] == ""]
        parts.append(f"## {title}\n\n" + _grid(whole, _auc, "AUC"))
        for at, fpr in FPRS.items():
            parts.append(_grid(whole, functools.partial(_found, at=at), f"found at {100 * fpr:g} %"))
        by_quality = {quality: rows[rows["quality"] == quality] for quality in QUALITY}
        parts += [_grid(some, _plain, f"AUC, {quality}") for quality, some in by_quality.items() if len(some)]
    notes = _NOTES
    if bias is not None and len(bias):
        parts.append("## Bias of the calibration\n\n" + _biases(bias))
        notes += _BIAS_NOTES
    return "\n\n".join([*parts, "## How to read it\n\n" + notes])


def _auc(row) -> str:
    return f"{number(row.auc, 3)} ({number(row.auc_low, 2)} to {number(row.auc_high, 2)})"


def _plain(row) -> str:
    return number(row.auc, 3)


def _found(row, at: str) -> str:
    share, low, high = (getattr(row, f"{what}_{at}") for what in ("found", "low", "high"))
    return f"{percent(share, 0)} ({interval(low, high, 0)})"


def _grid(rows: pd.DataFrame, shown, title: str) -> str:
    methods = list(rows.groupby(["technique", "rate"], sort=False))
    first = [f"{group['n'].iloc[0]} of {group['clean'].iloc[0]}" for _, group in methods]
    cells = [{row.head: shown(row) for row in group.itertuples()} for _, group in methods]
    heads = [head for head in (TODAY, *HEADS, BY_QUALITY, *NETWORKS) if any(head in one for one in cells)]
    grid = [["stego of clean", *first], *([head, *(one[head] for one in cells)] for head in heads)]
    return table([title, *(f"{code(name)} {rate:g}" for (name, rate), _ in methods)], grid, "l" + "r" * len(methods))


def _biases(bias: pd.DataFrame) -> str:
    rates = [name.removeprefix("shift_") for name in bias.columns if name.startswith("shift_")]
    header = [
        "estimate",
        "photographs",
        "spread",
        "error",
        *(f"shift at {r}" for r in rates),
        *(f"AUC at {r}" for r in rates),
    ]
    grid = []
    for row in bias.to_dict("records"):
        told = [number(row[what], 4) for what in ("spread", "error", *(f"shift_{r}" for r in rates))]
        grid.append([row["estimate"], str(row["n"]), *told, *(number(row[f"auc_{r}"], 3) for r in rates)])
    return table(header, grid, "l" + "r" * (len(header) - 1))


def write(out: Path, measured: pd.DataFrame, origin: str, bias: pd.DataFrame | None = None) -> str:
    """Write `features.md` and `features.csv`.

    Returns
    -------
    str
        The Markdown.
    """
    text = to_markdown(measured, origin, bias)
    out.mkdir(parents=True, exist_ok=True)
    measured.round(6).to_csv(out / "features.csv", index=False, lineterminator="\n")
    (out / "features.md").write_text(text, encoding="utf-8")
    return text
