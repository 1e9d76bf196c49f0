"""Tables of the baseline report that come from files of other stages."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import ttest_1samp

from starlight.markdown import NOTHING, code, interval, number, percent, points, table, whole
from starlight.metrics import Figure, holm
from starlight.plots.style import TITLES
from starlight.reports import measures
from starlight.reports.inputs import Run
from starlight.reports.targets import exact
from starlight.reports.words import listing, p_text, title_of
from starlight.streams import SETS
from starlight.techniques.shown import speaking

__all__ = ["ablations", "before_after", "blanked_streams", "frame_table", "latency_and_size"]

REFERENCE = "full"  # the group, or the experiment, that the others are compared with
_ERRORS = {"authentic": "flags authentic images", "stego": "misses stego"}
_PREFERRED = ("fpr", "recall", "protocol.detection", "detection_at_fpr01", "auc", "map.mcc")


def _value(value: object) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return whole(int(value))
    if isinstance(value, (float, np.floating)):
        return number(float(value))
    return code(value)


def frame_table(frame: pd.DataFrame) -> str:
    """Any table as it is in its file: names as text, numbers with four digits."""
    if frame.empty:
        return "None."
    right = "".join("r" if pd.api.types.is_numeric_dtype(kind) else "l" for kind in frame.dtypes)
    rows = [[_value(value) for value in row] for row in frame.itertuples(index=False)]
    return table([code(name) for name in frame.columns], rows, right)


def _rate(row: dict) -> Figure:
    k, n = (None if pd.isna(row.get(name)) else int(row[name]) for name in ("k", "n"))
    return exact(Figure(row["value"], row["low"], row["high"], k, n))


def before_after(frame: pd.DataFrame) -> str:
    """Models side by side for each group of images, with intervals and McNemar's p against the base.

    Parameters
    ----------
    frame : DataFrame
        Columns `model`, `group`, `measure`, `value`, `low`, `high`, `p_against_base`, and `base_fpr` where models
        are compared at equal power; any other table is shown as it is.
    """
    if not {"model", "group", "measure", "value", "low", "high", "p_against_base"} <= set(frame.columns):
        return frame_table(frame)
    models = list(dict.fromkeys(frame.model))
    rows = []
    compared = frame if "base_fpr" in frame else frame.assign(base_fpr=np.nan)
    for (group, rate, measure), part in compared.groupby(["group", "base_fpr", "measure"], sort=False, dropna=False):
        part = part.set_index("model").reindex(models)
        cells = [f"{percent(r.value)} ({interval(r.low, r.high)})" for r in map(_rate, part.to_dict("records"))]
        where = "" if pd.isna(rate) else f" where the base flags {100 * rate:g} %"
        rows.append([code(group) + where, str(measure), *cells, *(p_text(p) for p in part.p_against_base[1:])])
    titles = [TITLES.get(model, model) for model in models]
    header = ["Images", "Measure", *titles, *(f"p, {title}" for title in titles[1:])]
    return table(header, rows, "ll" + "r" * (len(header) - 2))


def blanked_streams(frame: pd.DataFrame) -> Iterator[str]:
    """What each stream with a say is worth at inference: figures without it, and the techniques that suffer most.

    Parameters
    ----------
    frame : DataFrame
        Column `blanked`, first row with none blanked; figures; and `detection.<technique>`.
    """
    yield "## Streams blanked at inference"
    if frame.empty or "blanked" not in frame:
        yield "Not measured in this run." if frame.empty else frame_table(frame)
        return
    techniques = [c for c in frame.columns if c.startswith("detection.")]
    figures = [c for c in frame.columns if c != "blanked" and c not in techniques]
    whole_set, rows = frame.iloc[0], []
    for _, row in frame.iterrows():
        lost = (whole_set[techniques] - row[techniques]).astype(float).sort_values(ascending=False, kind="stable")
        worst = [f"{code(c.removeprefix('detection.'))} {points(-v)}" for c, v in lost.head(3).items() if v >= 0.01]
        rows.append([code(row.blanked), *(number(row[c]) for c in figures), ", ".join(worst) or "none"])
    header = ["Blanked", *map(title_of, figures), "Techniques that lose most (a point or more)"]
    yield table(header, rows, "l" + "r" * len(figures) + "l")
    if tuple(frame.blanked[1:]) == speaking(SETS["nine"]):
        others = [code(name) for name in SETS["nine"] if name not in set(frame.blanked)]
        yield f"No other stream has a say in the verdict: {listing(others, len(others))} serve the map alone."


def _columns(frame: pd.DataFrame) -> list[str]:
    numeric = [c for c in frame.columns if c != "seed" and pd.api.types.is_numeric_dtype(frame[c])]
    return [c for c in _PREFERRED if c in numeric] or sorted(numeric)[:6]


def _named(frame: pd.DataFrame) -> pd.Series:
    """Names of the experiments; those of the full system, the reference, get its name."""
    if "group" not in frame:
        return frame.experiment.astype(str)
    group = frame.group.astype(str)
    return (group + ": " + frame.experiment.astype(str)).where(group != REFERENCE, REFERENCE)


def _spread(values: pd.Series) -> str:
    if values.empty:
        return NOTHING
    return number(values.mean()) + (f" ± {number(values.std(ddof=1))}" if len(values) > 1 else "")


def _real_change(part: pd.DataFrame, reference: pd.DataFrame, column: str) -> str:
    """Mean change over the seeds that both have, where Student's paired test finds it real; else empty.

    The same change with every seed, often that of a single image, has no spread that it could be held against.
    """
    change = (part.set_index("seed")[column] - reference.set_index("seed")[column]).dropna().to_numpy(float)
    if change.size < 2 or np.ptp(change) == 0:
        return ""
    p = float(ttest_1samp(change, 0.0).pvalue)
    return f"{title_of(column)} {change.mean():+.4f} (p {p_text(p)})" if p < 0.05 else ""


def ablations(frame: pd.DataFrame | None) -> Iterator[str]:
    """Mean and spread over seeds of each experiment, and which differ from the full system beyond that spread."""
    yield "## Ablations"
    if frame is None or frame.empty:
        yield "Not run: `make ablations` writes `ablations.csv`."
        return
    for _, part in frame.groupby("commit", sort=False, dropna=False) if "commit" in frame else [("", frame)]:
        yield from _of_one_commit(part.dropna(axis="columns", how="all"))


def _of_one_commit(frame: pd.DataFrame) -> Iterator[str]:
    """Experiments that vary the same commit: what they are compared with is among them."""
    columns = _columns(frame)
    groups = dict(list(frame.groupby(_named(frame), sort=True)))
    reference = groups.get(REFERENCE)
    rows, sentences = [], []
    for name in sorted(groups, key=lambda name: (name != REFERENCE, name)):
        part = groups[name]
        rows.append([code(name), whole(len(part)), *(_spread(part[c].dropna()) for c in columns)])
        if reference is not None and name != REFERENCE:
            changes = [text for text in (_real_change(part, reference, c) for c in columns) if text]
            sentences += [f"- {code(name)}: {listing(changes)}"] if changes else []
    varied = f" They vary commit {str(frame.commit.iloc[0]).removeprefix('g')}." if "commit" in frame else ""
    yield f"Mean and standard deviation over seeds.{varied}"
    yield table(["Experiment", "Seeds", *map(title_of, columns)], rows, "lr" + "r" * len(columns))
    if reference is not None:
        yield (
            f"Changes against {code(REFERENCE)} with the same seeds that Student's paired test finds real (of one "
            "seed, or where each seed gives the same change, it can tell nothing):"
        )
        yield "\n".join(sentences) or "None."
    if "stego_p" in frame:
        yield from _same_images(frame)
    yield from _equally_powerful(frame)


def _equally_powerful(frame: pd.DataFrame) -> Iterator[str]:
    """False alarms with and without mining, where each detector finds as much as its base does."""
    given = (column.removeprefix("base").removesuffix("_k") for column in map(str, frame) if column.startswith("base"))
    rates = [r for r in given if r.isdigit() and {f"base{r}_{part}" for part in ("n", "p", "precision")} <= set(frame)]
    part = frame.assign(name=_named(frame)).dropna(subset=[f"base{rate}_k" for rate in rates])
    if not rates or part.empty:
        return
    rows = []
    for name, found in part.groupby("name", sort=True):
        found, cells = found.sort_values("seed"), []
        for rate in rates:
            alarms = [whole(int(k)) for k in found[f"base{rate}_k"]]
            ps = [p_text(p) for p in found[f"base{rate}_p"]]
            cells += [", ".join(alarms), ", ".join(ps), percent(found[f"base{rate}_precision"].mean())]
        rows.append([code(name), *cells])
    count = whole(int(part[f"base{rates[0]}_n"].iloc[0]))
    flagging = listing([f"{rate} %" for rate in rates])
    yield (
        f"Mining, where each detector finds as much as its base does while flagging {flagging} of the {count} "
        "authentic images: false alarms seed by seed, McNemar's p against that base, and mean precision. "
        "`unseen`: the base detector knew no look-alikes but twins, no ensemble."
    )
    header = [title for r in rates for title in (f"Alarms, {r} %", "p", "Precision")]
    yield table(["Experiment", *header], rows, "l" + "r" * len(header))


def _same_images(frame: pd.DataFrame) -> Iterator[str]:
    """Experiments that err on other images than the full system with the same seed, beyond chance."""
    part = frame.assign(name=_named(frame)).dropna(subset=["stego_p"])
    part = part[part["name"] != REFERENCE]
    names = [f"{kind}_p" for kind in _ERRORS]
    adjusted = holm(part[names].to_numpy(float).ravel()).reshape(-1, len(names))
    sentences = []
    for row, ps in zip(part.to_dict("records"), adjusted, strict=True):
        for (kind, error), p in zip(_ERRORS.items(), ps, strict=True):
            if p < 0.05:
                sentences.append(
                    f"- {code(row['name'])}, seed {row['seed']}: {error} that {code(REFERENCE)} does not, "
                    f"{whole(row[f'{kind}_only_here'])} of {whole(row[f'{kind}_n'])}; the other way round, "
                    f"{whole(row[f'{kind}_only_full'])} (p {p_text(p)})"
                )
    yield (
        f"Seed by seed on the same images: what McNemar's exact test finds real, p adjusted by Holm's method "
        f"for {whole(adjusted.size)} comparisons:"
    )
    yield "\n".join(sentences) or "None."


def latency_and_size(run: Run, sizes: dict[str, int]) -> Iterator[str]:
    """Speed of the command, and size of each model's weights."""
    yield "## Latency and size"
    document = run.documents.get("latency")
    if document:
        yield table(["Measure", "Value"], list(measures.rows(document)), "lr")
    else:
        yield "Latency was not measured in this run: `make bench` writes `bench/latency.json`."
    known = [model for model in run.models if model in sizes]
    if known:
        yield table(["Model", "Weights"], [[TITLES[m], f"{sizes[m] / 1e6:.2f} MB"] for m in known], "lr")
