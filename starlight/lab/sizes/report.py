"""The bench by size as Markdown and CSV: one row a method, one column a size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from starlight.lab.sizes.measure import TWINS, summary
from starlight.lab.sizes.pictures import SIZES
from starlight.markdown import code, counts, interval, number, percent, table

__all__ = ["to_markdown", "write"]

_NOTES = """\
- Each picture is a part, of the photograph's own proportions, of a JPEG photograph. JPEG techniques get the part with
  its coefficients as the camera or program wrote them; techniques in samples get it decoded, in a PNG file.
- A photograph of at least three quarters of a size stands for that size, whole. One that is large enough for several
  sizes is cut for each, the largest photographs first, so that rows compare much the same scenes.
- Rates are bits per sample for `lsbr`, `lsbm` and `hill`, bits per non-zero AC coefficient for `f5`, `nsf5`,
  `juniward` and `uerd`, a share of the capacity for `outguess` and `steghide`. At the same rate a larger picture should
  be found more often, as the square-root law says (Ker, Pevny, Kodovsky and Fridrich, "The square root law of
  steganographic capacity", ACM MM&Sec 2008).
- Found: called stego by any technique, at the detector's own threshold. AUC: of the score against the payload-free
  twins of the same size, the interval from resampled photographs. Own AUC: of the technique's own expert, also where it
  may not speak; where it is high and little is found, the threshold is what stands in the way.
- Intervals are of 95 %: Clopper and Pearson's for shares. A dash: not measured at this size, which takes too long.
"""


def to_markdown(measured: pd.DataFrame, photographs: Sequence[tuple[float, int]], origin: str) -> str:
    """The report.

    Parameters
    ----------
    measured : DataFrame
        As `measure` gives it.
    photographs : sequence of (float, int)
        Sizes in megapixels and how many photographs each has.
    origin : str
        A sentence on what was measured, and with what.
    """
    sizes = [size for size in SIZES if size in set(measured["size"])]
    header = ["", "", *(f"{size:g} Mpx" for size in sizes)]
    first = ["photographs", "", *(str(dict(photographs)[size]) for size in sizes)]
    twins, stego = (measured[(measured["technique"] == TWINS) == wanted] for wanted in (True, False))
    parts = {
        "Payload-free twins called stego": _grid(twins, sizes, _found, first=first),
        "Found at the threshold": _grid(stego, sizes, _found),
        "AUC": _grid(stego, sizes, lambda r: f"{number(r.auc, 3)} ({number(r.auc_low, 2)} to {number(r.auc_high, 2)})"),
        "Own AUC": _grid(stego, sizes, lambda r: number(r.own_auc, 3)),
    }
    grids = [f"## {title}\n\n" + table(header, rows, "lr" + "r" * len(sizes)) for title, rows in parts.items()]
    return "\n\n".join(["# Detection by size", origin, *grids, "## How to read it\n\n" + _NOTES])


def _found(row) -> str:
    return f"{percent(row.share, 0)} ({counts(row.k, row.n)}; {interval(row.low, row.high, 0)})"


def _grid(rows: pd.DataFrame, sizes: Sequence[float], shown, *, first: list[str] | None = None) -> list[list[str]]:
    grid = [first] if first else []
    for (carrier, name), group in rows.groupby(["carrier", "technique"], sort=False):
        cells = {row.size_mpx: shown(row) for row in group.rename(columns={"size": "size_mpx"}).itertuples()}
        twin = name == TWINS
        label = (
            [f"{'PNG' if carrier == 'samples' else 'JPEG'}", ""] if twin else [code(name), f"{group['rate'].iloc[0]:g}"]
        )
        grid.append([*label, *(cells.get(size, "–") for size in sizes)])
    return grid


def write(out: Path, measured: pd.DataFrame, pictures: pd.DataFrame, origin: str) -> str:
    """Write `sizes.md` and `sizes.csv`.

    Returns
    -------
    str
        The Markdown.
    """
    text = to_markdown(measured, summary(pictures), origin)
    out.mkdir(parents=True, exist_ok=True)
    measured.round(6).to_csv(out / "sizes.csv", index=False, lineterminator="\n")
    (out / "sizes.md").write_text(text, encoding="utf-8")
    return text
