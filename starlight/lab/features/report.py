"""The bench of richer statistics as Markdown and CSV: one row a method, one column a head."""

from __future__ import annotations

import functools
from pathlib import Path

import pandas as pd

from starlight.lab.features.files import AS_THEY_LIE, QUALITIES, SAVED_AGAIN
from starlight.lab.features.measure import BY_QUALITY, FPRS, HEADS, QUALITY, TODAY
from starlight.lab.features.sets import SHIFTS
from starlight.markdown import code, interval, number, percent, table

__all__ = ["to_markdown", "write"]

_TITLES = {AS_THEY_LIE: "Files as they lie", SAVED_AGAIN: "Photographs made smaller and saved again"}
_NOTES = f"""\
- The question is whether richer statistics of JPEG coefficients find more on files of other sources than the experts of
  today. Each head is linear and learnt from pairs of a cover and a stego file; no file of a folder that is judged was
  learnt from, chose a ridge, or set a threshold.
- `{TODAY}`: the released detector's own expert, asked alone, whether or not it may speak. `stream`: a head on the same
  1,199 statistics. `shifts`: the change rate of F5 by calibration with {len(SHIFTS)} shifts, with and without a slight
  blur, whole and by band, from which a head can work out the bias of the calibration (after Fridrich, Goljan and Hogea,
  IH 2002). `phases`: residuals of all 64 DCT kernels by phase, 3,600 numbers after pooling (DCTR: Holub and Fridrich,
  TIFS 2015). `co-occurrences`: joint magnitudes by mode, of the file and against its calibrated version, 5,600 (in the
  manner of JRM: Kodovsky and Fridrich, SPIE 2012). `all`: the four together. `{BY_QUALITY}`: a head for each of three
  qualities, to which files of others count a tenth.
- Techniques that change coefficients alike share a head: `f5` and `nsf5`; `uerd` and `juniward`.
- Saved again: the longer side to at most 1,400 pixels, then by 0.9, 0.75 or 0.6, at qualities
  {", ".join(map(str, QUALITIES))}. As they lie: a part of the middle, with its coefficients as they were.
- Rates are bits per non-zero AC coefficient; of `steghide`, a share of the capacity. Intervals are of 95 %: of the AUC
  from resampled photographs, of shares Clopper and Pearson's.
- Found at an FPR: the threshold lies on these very clean files, so that at 0.1 % of under 1,000 clean files it is
  detection without a single false alarm, and no promise for other files.
"""


def to_markdown(measured: pd.DataFrame, origin: str) -> str:
    """The report.

    Parameters
    ----------
    measured : DataFrame
        As `measure` gives it.
    origin : str
        A sentence on what was measured, and with what.
    """
    parts = ["# Richer statistics of JPEG files, on files of other sources", origin]
    for kind, title in _TITLES.items():
        rows = measured[measured["kind"] == kind]
        if rows.empty:
            continue
        whole = rows[rows["quality"] == ""]
        parts.append(f"## {title}\n\n" + _grid(whole, _auc, "AUC"))
        parts += [
            _grid(whole, functools.partial(_found, at=at), f"found at {100 * fpr:g} %") for at, fpr in FPRS.items()
        ]
        parts += [_grid(some, _plain, f"AUC, {quality}") for quality in QUALITY
                  if len(some := rows[rows["quality"] == quality])]  # fmt: skip
    return "\n\n".join([*parts, "## How to read it\n\n" + _NOTES])


def _auc(row) -> str:
    return f"{number(row.auc, 3)} ({number(row.auc_low, 2)} to {number(row.auc_high, 2)})"


def _plain(row) -> str:
    return number(row.auc, 3)


def _found(row, at: str) -> str:
    share, low, high = (getattr(row, f"{what}_{at}") for what in ("found", "low", "high"))
    return f"{percent(share, 0)} ({interval(low, high, 0)})"


def _grid(rows: pd.DataFrame, shown, title: str) -> str:
    heads = [head for head in (TODAY, *HEADS, BY_QUALITY) if head in set(rows["head"])]
    grid = []
    for (name, rate), group in rows.groupby(["technique", "rate"], sort=False):
        cells = {row.head: shown(row) for row in group.itertuples()}
        n, clean = group["n"].iloc[0], group["clean"].iloc[0]
        grid.append([code(name), f"{rate:g}", f"{n} of {clean}", *(cells[head] for head in heads)])
    return table([title, "", "n of clean", *heads], grid, "lrr" + "r" * len(heads))


def write(out: Path, measured: pd.DataFrame, origin: str) -> str:
    """Write `features.md` and `features.csv`.

    Returns
    -------
    str
        The Markdown.
    """
    text = to_markdown(measured, origin)
    out.mkdir(parents=True, exist_ok=True)
    measured.round(6).to_csv(out / "features.csv", index=False, lineterminator="\n")
    (out / "features.md").write_text(text, encoding="utf-8")
    return text
