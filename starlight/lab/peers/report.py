"""The detection benchmark as Markdown: one row a technique and level, one column a detector."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from starlight.lab.peers.measures import FEWEST, together
from starlight.markdown import code, interval, number, percent, table, whole

__all__ = ["to_markdown"]

_OWN = "detection_at_own"
_TABLES = (
    ("detection_at_fpr01", "Detection at a false-positive rate of 1 %", percent),
    ("detection_at_fpr001", "Detection at a false-positive rate of 0.1 %", percent),
    ("detection_at_fpr05", "Detection at a false-positive rate of 5 %", percent),
    ("auc", "Area under the ROC curve", number),
    (_OWN, "Detection at the detector's own threshold, whose FPR stands above", percent),
)
_RESOLVED = 1000  # authentic images that it takes to see a rate of 0.1 %
_NOTES = """\
- Thresholds are set on the authentic images of this very test set that a detector can judge, so that all stand at the
  same false-positive rate on files of their own kind. Intervals, in `detect.csv`, are of the detection alone (95 %,
  Clopper and Pearson, image by image): they leave out what the choice of the threshold adds.
- A detector that judges some of a row's images is charged with those that it cannot; a dash says that it judges none.
  The best of a row is in bold, and so is what ties with it.
- Levels are bits per sample for pixel techniques, bits per non-zero AC coefficient for JPEG techniques, and shares of
  the capacity for OutGuess and steghide. A technique without a level hides texts of any length; files of real
  programs hold random bytes that fill 25, 50 or 100 % of the program's capacity, in turn.
- The AUC is against the authentic images of those formats that a technique's files have, thresholds are of all.
- A stego image's payload-free twin is among the authentic images: the same pixels, encoder, settings and metadata.
- Starlight is measured by its score whatever its verdict; one that it answers with "cannot tell" counts by its score.
- A rule has one false-positive rate. Where authentic images trip it more often than a column allows, it finds nothing.
- Milliseconds are of processor time on one core, from path to score.
"""


def to_markdown(measured: pd.DataFrame, detectors: pd.DataFrame, sources: pd.DataFrame, origins: Sequence[str]) -> str:
    """The report.

    Parameters
    ----------
    measured, detectors, sources : DataFrame
        What `by_technique`, `summary` and `by_source` of `starlight.lab.peers.measures` gave.
    origins : sequence of str
        What the test set and the training images are built from.
    """
    parts = ["# Detection beside peers\n", "\n".join(f"- {line}" for line in origins) + "\n"]
    parts += ["## Detectors\n", _detectors(detectors), _resolution(detectors)]
    names = list(detectors["detector"])
    parts += ["## All methods together\n", _together(measured), _gaps(measured, names[0])]
    for column, title, shown in _TABLES:
        parts += [f"## {title}\n", _grid(measured, names, column, shown) + "\n"]
    if len(sources):
        parts += ["## One source left out\n", _sources(sources, names)]
    return "\n".join([*parts, "## How to read it\n", _NOTES])


def _detectors(detectors: pd.DataFrame) -> str:
    header = ("detector", "what it is", "authentic images", "outside its kind", "failed", "ms", "own FPR", "interval")
    rows = [
        (d.detector, d.about, whole(d.authentic), whole(d.outside), whole(d.failed), number(d.ms, 1),
         percent(d.own_fpr), interval(d.own_low, d.own_high))
        for d in detectors.itertuples()
    ]  # fmt: skip
    return table(header, rows, "llrrrrrl") + "\n"


def _together(measured: pd.DataFrame) -> str:
    header = ("detector", "methods", "own threshold", "FPR 0.1 %", "FPR 1 %", "FPR 5 %", "AUC", "AUC less found")
    rows = [
        (d.detector, whole(d.methods), percent(d.detection_at_own), percent(d.detection_at_fpr001),
         percent(d.detection_at_fpr01), percent(d.detection_at_fpr05), number(d.auc), number(d.gap))
        for d in together(measured).itertuples()
    ]  # fmt: skip
    said = (
        f"Means over methods, each technique and level one, that have {FEWEST} stego images or more and that a "
        "detector judges. A detector of one kind of file has other methods to find than the others, easier or harder "
        "ones.\n\n"
    )
    return said + table(header, rows, "lrrrrrrr") + "\n"


def _gaps(measured: pd.DataFrame, name: str) -> str:
    header = ("technique", "level", "n", "own threshold", "interval", "FPR 0.1 %", "AUC", "AUC less found")
    rows = [
        (code(m.technique), m.level, whole(m.n), percent(m.detection_at_own), interval(m.low_own, m.high_own),
         percent(m.detection_at_fpr001), number(m.auc), number(m.auc - m.detection_at_own))
        for m in measured[measured["detector"] == name].itertuples()
    ]  # fmt: skip
    said = (
        f"{name}, method by method: what it finds at its own threshold, and how well its scores tell stego from "
        "authentic images whatever the threshold. Where the last column is large, the scores know and the threshold "
        "does not; where the AUC is near a half, there is nothing to find it by.\n\n"
    )
    return said + table(header, rows, "lrrrlrrr") + "\n"


def _resolution(detectors: pd.DataFrame) -> str:
    few = detectors[detectors["authentic"] < _RESOLVED]
    if few.empty:
        return ""
    each = "; ".join(
        f"{d.detector}: {whole(d.authentic)} images, a true rate of up to {percent(d.unseen)}" for d in few.itertuples()
    )
    return (
        f"A false-positive rate of 0.1 % cannot be seen on fewer than {_RESOLVED:,} authentic images, nor 1 % on fewer "
        "than 100, nor 5 % on fewer than 20. Under that, the column holds detection without a single false alarm, "
        f"which is compatible (95 % interval) with: {each}.\n"
    )


def _grid(measured: pd.DataFrame, names: Sequence[str], column: str, shown: Callable) -> str:
    used = [n for n in names if measured.loc[measured["detector"] == n, column].notna().any()]
    rows = []
    for (technique, level), group in measured.groupby(["technique", "level"], sort=False):
        values = group.set_index("detector")[column].reindex(used)
        best = values.max() if column != _OWN else None  # at thresholds of their own they stand at different FPRs
        cells = [f"**{shown(v)}**" if v > 0 and v == best else shown(v) for v in values]
        rows.append([code(technique), level, whole(int(group["n"].iloc[0])), *cells])
    return table(["technique", "level", "n", *used], rows, "lrr" + "r" * len(used))


def _sources(sources: pd.DataFrame, names: Sequence[str]) -> str:
    rows = []
    for source, group in sources.groupby("source"):
        each = group.set_index("detector")
        cells = [f"{percent(each.loc[n, 'fpr'])} / {percent(each.loc[n, 'detection'], 0)}" for n in names]
        rows.append([code(source), whole(int(group["authentic"].max())), *cells])
    said = "False-positive rate / detection of all techniques on a source, at the threshold for 1 % on the others.\n\n"
    return said + table(["source", "authentic images", *names], rows, "lr" + "r" * len(names)) + "\n"
