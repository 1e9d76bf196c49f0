"""Champion against challenger: the detector that is served and one that would replace it, on the same images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from starlight.detector.answer import STEGO, UNREADABLE
from starlight.markdown import counts
from starlight.metrics import holm, mcnemar
from starlight.metrics.promise import GENERATED, REAL
from starlight.release.evidence import Counted, File

__all__ = ["HIDDEN", "beaten", "duel", "hidden"]

HIDDEN = "stego"  # group of files that carry a payload
_SURE = 0.05  # p value, adjusted for the number of groups, from which a difference counts
_NAMES = {REAL: "clean real files", GENERATED: "clean generated images", HIDDEN: "stego of the test split"}


def hidden(manifest: pd.DataFrame, datasets: Path) -> Iterator[File]:
    """Stego of the test split, each technique a source.

    Parameters
    ----------
    manifest : DataFrame
        See `starlight.manifest.COLUMNS`.
    datasets : Path
        What its paths start from.
    """
    chosen = manifest[(manifest.kind == "stego") & (manifest.split == "test") & (manifest.status == "ok")]
    for technique, path in zip(chosen.technique, chosen.path, strict=True):
        yield File(HIDDEN, technique, datasets / path)


def duel(champion: Sequence[Counted], challenger: Sequence[Counted]) -> pd.DataFrame:
    """Both on the same images, group by group.

    Parameters
    ----------
    champion, challenger : sequence of Counted
        Of the same files in the same order, as `evidence.judge` gives them.

    Returns
    -------
    DataFrame
        `group`, `images`, `champion`, `challenger` (how many of them each called stego), `only_champion`,
        `only_challenger` (images that this one alone judged right), `p` (McNemar's exact test, adjusted for the number
        of groups by Holm's method). Files that either could not read are left out.
    """
    pairs = [(a, b) for a, b in zip(champion, challenger, strict=True) if UNREADABLE not in (a.verdict, b.verdict)]
    rows = []
    for group in dict.fromkeys(a.group for a, _ in pairs):
        flags = [(a.verdict == STEGO, b.verdict == STEGO) for a, b in pairs if a.group == group]
        first, second = (pd.Series(one, dtype=bool) for one in zip(*flags, strict=True))
        test = mcnemar(first == (group == HIDDEN), second == (group == HIDDEN))
        rows.append((group, len(flags), int(first.sum()), int(second.sum()), *test))
    names = ["group", "images", "champion", "challenger", "only_champion", "only_challenger", "p"]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(p=[float(f"{p:.3g}") for p in holm(table.p)])


def beaten(table: pd.DataFrame) -> list[str]:
    """Where the challenger is worse beyond chance: a reason each, against serving it."""
    worse = table[(table.only_champion > table.only_challenger) & (table.p < _SURE)]
    return [
        f"{_NAMES.get(row.group, row.group)}: {counts(row.challenger, row.images)} called stego, "
        f"{row.champion} by the detector that is served (p = {row.p:g})"
        for row in worse.itertuples()
    ]
