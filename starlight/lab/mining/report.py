"""Tables of the benchmark of mining: false alarms on makes that no detector has seen, recall on the same covers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from starlight.lab.mining.compare import ARMS, GENERATED, POINTS
from starlight.lab.mining.photographs import KINDS
from starlight.markdown import code, percent, table, whole
from starlight.metrics import clopper_pearson
from starlight.metrics.paired import mcnemar
from starlight.reports.words import p_text

__all__ = ["counted", "report", "write"]

_REAL = "all makes"
_COMPARED = {"p": ("base",), "p_random": ("base", "random")}  # and the arms that it says nothing of


def counted(judged: pd.DataFrame) -> pd.DataFrame:
    """Counts of what every arm flags.

    Parameters
    ----------
    judged : DataFrame
        As `compare.compared_by_make` gives it.

    Returns
    -------
    DataFrame
        A row a point, arm, seed and group of images (`makes`, `what`): `trained` (photographs learnt from, mean over
        makes), false alarms `fp` of `authentic` and their `fpr`, `low` and `high` (95 % Clopper-Pearson); stego `tp` of
        `stego`; `precision`; McNemar's `p` of false alarms against the base's, and `only_base` and `only_here`, the
        images behind it; `p_random` the same against those of random photographs.
    """
    judged = judged.assign(what=[Path(path).name.split("_")[0] for path in judged["path"]])
    groups = {(_REAL, "all"): judged["make"] != GENERATED, (GENERATED, "all"): judged["make"] == GENERATED}
    groups |= {(_REAL, kind): (judged["make"] != GENERATED) & (judged["what"] == kind) for kind in KINDS}
    groups |= {(make, "all"): judged["make"] == make for make in sorted(set(judged["make"]) - {GENERATED})}
    rows = []
    for (makes, what), chosen in groups.items():
        for (arm, seed), part in judged[chosen].groupby(["arm", "seed"], sort=False):
            of_seed = judged[chosen & (judged["seed"] == seed)]
            base, random = (of_seed[of_seed["arm"] == other] for other in ("base", "random"))
            trained = round(float(part.groupby("left_out")["trained"].first().mean()), 1)
            about = {"makes": makes, "what": what, "arm": arm, "seed": seed, "trained": trained}
            points = [point for point in POINTS if point in judged]
            rows += [{**about, "point": point, **_row(part, base, random, point)} for point in points]
    return pd.DataFrame(rows)


def _row(part: pd.DataFrame, base: pd.DataFrame, random: pd.DataFrame, point: str) -> dict[str, object]:
    authentic = (part["label"] == 0).to_numpy()
    flagged, before, drawn = (table[point].to_numpy(bool) for table in (part, base, random))
    fp, n, tp, stego = (int(x) for x in (flagged[authentic].sum(), authentic.sum(), flagged[~authentic].sum(),
                                         (~authentic).sum()))  # fmt: skip
    low, high = clopper_pearson(fp, n)
    paired, against = (mcnemar(~flagged[authentic], ~other[authentic]) for other in (before, drawn))
    return {
        "fp": fp, "authentic": n, "fpr": round(fp / n, 6) if n else np.nan, "low": round(low, 6),
        "high": round(high, 6), "tp": tp, "stego": stego, "recall": round(tp / stego, 6) if stego else np.nan,
        "precision": round(tp / (tp + fp), 6) if tp and tp + fp else np.nan, "p": round(paired.p_value, 6),
        "only_base": paired.only_first, "only_here": paired.only_second, "p_random": round(against.p_value, 6),
    }  # fmt: skip


def write(folder: Path, counts: pd.DataFrame, photographs: Mapping[str, int]) -> str:
    """Write `mining.csv` and `mining.md`; returns the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    counts.to_csv(folder / "mining.csv", index=False, lineterminator="\n")
    text = report(counts, photographs)
    (folder / "mining.md").write_text(text, encoding="utf-8", newline="\n")
    return text


def report(counts: pd.DataFrame, photographs: Mapping[str, int]) -> str:
    """The tables as Markdown.

    Parameters
    ----------
    counts : DataFrame
        From `counted`.
    photographs : mapping
        Make to number of photographs.
    """
    return "\n\n".join(_sections(counts, photographs)) + "\n"


def _sections(counts: pd.DataFrame, photographs: Mapping[str, int]) -> Iterator[str]:
    seeds = sorted(set(counts["seed"]))
    named = ", ".join(f"{make} {count}" for make, count in photographs.items())
    yield "# Mining on real photographs"
    yield (
        f"{sum(photographs.values())} photographs by make ({named}). Each make is left out in turn: whole files and "
        "parts of the others train and set thresholds, as a submission without stego does; what stands here is counted "
        f"on the make left out, and on its stego, for all makes together. Seeds: {', '.join(map(str, seeds))}. Every "
        "arm is the same base detector, its experts fitted again from where they stand; p is McNemar's against the "
        "base, and against random photographs, on the same images."
    )
    yield table(["Arm", "Learns from"], [[code(arm), words] for arm, words in _named(counts, "arm", ARMS)], "ll")
    yield _sentence(counts, seeds[0])
    for point, words in _named(counts, "point", POINTS):
        yield f"## At {words}"
        yield _table(counts[(counts["point"] == point) & (counts["what"] == "all") & (counts["makes"] == _REAL)])
    yield "## By kind of file"
    yield "; ".join(f"{code(kind)}: {words}" for kind, words in KINDS.items()) + ". At probability 0.5."
    chosen = counts[(counts["point"] == "half") & (counts["makes"] == _REAL) & (counts["what"] != "all")]
    yield _table(chosen[chosen["seed"] == seeds[0]], "what")
    yield "## By make left out"
    yield "At probability 0.5."
    chosen = counts[(counts["point"] == "half") & ~counts["makes"].isin([_REAL, GENERATED])]
    yield _table(chosen[chosen["seed"] == seeds[0]], "makes")
    yield "## On the pipeline's test images"
    yield "Each counts once for each make left out. At probability 0.5, then where 5 % are flagged as above."
    chosen = counts[(counts["makes"] == GENERATED) & counts["point"].isin(["half", "equal5"])]
    yield _table(chosen[chosen["seed"] == seeds[0]], "point")


def _sentence(counts: pd.DataFrame, seed: int) -> str:
    """How much of what mining gains further training gains without it."""
    chosen = counts[(counts["makes"] == _REAL) & (counts["what"] == "all") & (counts["seed"] == seed)]
    found = chosen.set_index(["point", "arm"])["fp"]
    files = whole(int(chosen["authentic"].iloc[0]))
    said = {"base": "before", "mined": "with mined photographs", "random": "with random ones", "all": "with all",
            "trained": "with all from the start", "generated": "with generated images alone"}  # fmt: skip
    parts = []
    for point, words in _named(counts, "point", POINTS):
        alarms = [f"{whole(int(found[point, arm]))} {how}" for arm, how in said.items() if (point, arm) in found]
        parts.append(f"- At {words}: {', '.join(alarms)}.")
    return "\n".join([f"False alarms on {files} files of makes that were left out:\n", *parts])


def _named(counts: pd.DataFrame, column: str, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Those of some arms or points that were measured, with their words."""
    return [(name, words) for name, words in names.items() if name in set(counts[column])]


def _table(rows: pd.DataFrame, first: str = "") -> str:
    """A row an arm and seed; the base, which no seed changes, once."""
    rows = rows[(rows["arm"] != "base") | (rows["seed"] == rows["seed"].min())]
    columns = [name for name in (first, "arm") if name]
    lines = []
    for row in rows.sort_values([*columns, "seed"], key=_ordered).to_dict("records"):
        seed = "" if row["arm"] == "base" else str(row["seed"])
        lines.append([
            *(code(str(row[name])) for name in columns), seed, f"{row['trained']:.0f}",
            f"{percent(row['fpr'])} ({100 * row['low']:.2f} to {100 * row['high']:.2f} %)",
            f"{whole(row['fp'])} of {whole(row['authentic'])}",
            *("" if row["arm"] in without else p_text(row[name]) for name, without in _COMPARED.items()),
            f"{percent(row['recall'])} of {whole(row['stego'])}",
            percent(row["precision"]),
        ])  # fmt: skip
    header = [
        *(name.capitalize() for name in columns), "Seed", "Photographs", "Authentic flagged (95 %)", "Images",
        "p", "p against random", "Stego found", "Precision",
    ]  # fmt: skip
    return table(header, lines, "l" * len(columns) + "r" * 8)


def _ordered(column: pd.Series) -> pd.Series:
    return column.map(list(ARMS).index) if column.name == "arm" else column
