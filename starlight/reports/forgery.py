"""`forgery.md` and its section of the dashboard: tampered images found and located, before and after mining."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from starlight.markdown import code, counts, image, interval, number, percent, table, whole
from starlight.reports import measures
from starlight.reports.inputs import Run

__all__ = ["forgery_page", "forgery_section", "paired_table", "share"]

_TITLES = {
    "base": "base, before mining",
    "tuned": "fine-tuned alone",
    "detector": "detector, after mining",
    "control": "as many random negatives",
}
_FAMILIES = {"copy-move": "copy-move", "splice": "splice", "erase": "erasing"}
_AREAS = {"tiny": "under 1 %", "small": "1 to 5 %", "large": "over 5 %"}


def share(part: Mapping, name: str, prefix: str = "") -> str:
    """A rate with its interval, such as `1.2 % (0.4 to 2.8 %)`.

    Parameters
    ----------
    part : mapping
        As `starlight.metrics.evaluate.rate` gave it.
    name : str
        Of the rate.
    prefix : str
        Before `low` and `high`.

    Returns
    -------
    str
    """
    ends = (part.get(f"{prefix}low"), part.get(f"{prefix}high"))
    if part.get(name) is None or None in ends:
        return percent(float("nan"))
    return f"{percent(part[name], 1)} ({interval(*ends, 1)})"


def _value(part: Mapping, name: str) -> str:
    return number(float("nan") if part.get(name) is None else part[name], 3)


def forgery_section(run: Run) -> Iterator[str]:
    """The section of the dashboard; nothing where the task was not measured."""
    measured = run.documents.get("forgery")
    if not measured:
        return
    yield "## Tampered images"
    if measured.get("nothing"):
        yield _nothing(measured)
        return
    yield (
        f"Task forgery, on {whole(measured['detector']['n'])} test images of "
        f"{whole(measured['detector']['covers'])} covers; more in [forgery.md](forgery.md)."
    )
    yield _models(measured)


def _nothing(measured: Mapping) -> str:
    return f"There was nothing to learn from: {measured['nothing']}."


def _models(measured: Mapping) -> str:
    rows = []
    for name, title in _TITLES.items():
        if name in measured:
            part = measured[name]
            rows.append([
                title, share(part, "fpr", "fpr_"), share(part["lookalike"], "fpr"), share(part, "recall", "recall_"),
                share(part, "precision", "precision_"), _value(part["mask"], "f1"), _value(part["of1"], "all"),
            ])  # fmt: skip
    header = ["Model", "FPR", "FPR of look-alikes", "Recall", "Precision", "Mask F1 where found", "oF1"]
    return table(header, rows, "lrrrrrr")


def forgery_page(run: Run) -> str:
    """The page as Markdown; empty where the task was not measured."""
    measured = run.documents.get("forgery")
    if not measured:
        return ""
    if measured.get("nothing"):
        return f"# Tampered images\n\n{_nothing(measured)}\n"
    part = measured["detector"]
    sections = [
        _head(measured), _mining(run, measured), _groups("By kind", part["kinds"], "detection", "Kind"),
        _families(part), _groups("False alarms by look-alike", part["negatives"], "fpr", "Category"),
        _groups("False alarms by source", part["sources"], "fpr", "Source"), _masks(measured), _pictures(run),
    ]  # fmt: skip
    return "\n\n".join(said for section in sections for said in section if said) + "\n"


def _head(measured: Mapping) -> Iterator[str]:
    part = measured["detector"]
    yield "# Tampered images"
    yield (
        f"Copy-move, splice and erasing on {whole(part['n'])} test images of {whole(part['covers'])} covers, "
        f"{whole(part['fpr_n'])} of them authentic. Intervals are Clopper-Pearson's, 95 %. Look-alikes are authentic "
        "images that repeat, or differ within themselves, for a good reason. The images are generated; those of a "
        "pair share all processing."
    )
    yield _models(measured)


def _mining(run: Run, measured: Mapping) -> Iterator[str]:
    yield "## Before and after mining"
    yield "Judged at probability 0.5, which no data has chosen, so that the three can be compared:"
    rows = []
    for name, title in _TITLES.items():
        if name in measured:
            half = measured[name]["at_half"]
            rows.append([title, share(half, "fpr", "fpr_"), share(half, "recall", "recall_"),
                         share(half, "precision", "precision_")])  # fmt: skip
    yield table(["Model", "FPR", "Recall", "Precision"], rows, "lrrr")
    found = run.tables.get("forgery_before_after")
    if found is not None and len(found):
        yield "The same against the base, and false alarms where each finds as much as it does at the FPR given:"
        yield paired_table(found)
    seeds = measured.get("seeds", {})
    if seeds:
        yield "Least, mean and largest of several trainings:"
        yield table(["Model", "Measure", "Least", "Mean", "Largest"], list(_seeds(seeds)), "llrrr")
    audit = run.documents.get("forgery_audit")
    if audit:
        yield "<details><summary>Audit of the miner</summary>"
        yield table(["Measure", "Value"], list(measures.rows(audit)), "lr")
        yield "</details>"


def paired_table(found: pd.DataFrame) -> str:
    """Base, detector and control against one another, from what `before_after` of the task gave."""
    rows = []
    loose = found["base_fpr"].notna() & (found["group"] == "authentic")
    half = (found["judged"].astype(str) == "0.5") & found["group"].isin(["authentic", "lookalikes", "forged"])
    for row in found[loose | half].itertuples():
        at = "probability 0.5" if row.judged == "0.5" else f"base at {percent(row.base_fpr, 0)}"
        rows.append([_TITLES.get(row.model, row.model), row.group, at,
                     f"{percent(row.value, 1)} ({interval(row.low, row.high, 1)})", counts(int(row.k), int(row.n)),
                     number(row.p_against_base)])  # fmt: skip
    return table(["Model", "Images", "Judged", "Flagged", "Of", "McNemar's p against base"], rows, "lllrrr")


def _seeds(seeds: Mapping) -> Iterator[list[str]]:
    for name, parts in seeds.items():
        for key, part in sorted(parts.items()):
            yield [_TITLES.get(name, name), code(key), *(_value(part, end) for end in ("least", "mean", "largest"))]


def _groups(title: str, parts: Mapping, name: str, column: str) -> Iterator[str]:
    yield f"## {title}"
    rows = [[code(key), share(part, name), counts(part["k"], part["n"])] for key, part in sorted(parts.items())]
    yield table([column, "Flagged", "Of"], rows, "lrr")


def _families(part: Mapping) -> Iterator[str]:
    rows = [[_FAMILIES.get(key, code(key)), share(p, "detection"), counts(p["k"], p["n"])]
            for key, p in sorted(part["families"].items())]  # fmt: skip
    rows += [[title, share(part["areas"][key], "detection"), counts(part["areas"][key]["k"], part["areas"][key]["n"])]
             for key, title in _AREAS.items() if key in part["areas"]]  # fmt: skip
    yield table(["Family, or area of the image", "Found", "Of"], rows, "lrr")


def _masks(measured: Mapping) -> Iterator[str]:
    yield "## Masks"
    yield (
        "Means over forged images that were found. Of a copy-move the copy alone is marked where its outline and its "
        "noise tell it from its original, else both regions; the true mask holds the copy alone."
    )
    rows = [
        [title, whole(measured[name]["mask"]["n"]),
         *(_value(measured[name]["mask"], key) for key in ("precision", "recall", "f1", "iou", "mcc")),
         *(_value(measured[name]["of1"], key) for key in ("forged", "authentic"))]
        for name, title in _TITLES.items() if name in measured
    ]  # fmt: skip
    header = ["Model", "Found", "Precision", "Recall", "F1", "IoU", "MCC", "oF1 of forged", "oF1 of authentic"]
    yield table(header, rows, "lrrrrrrrr")


def _pictures(run: Run) -> Iterator[str]:
    for title, path, alt in (
        ("Worst hard negatives", "forgery/mining/worst.png", "Hard negatives with what was marked"),
        ("Worst errors", "forgery/hardest.png", "Worst false alarms, with what was marked, and misses, with the truth"),
    ):  # fmt: skip
        if (run.directory / path).exists():
            yield f"## {title}"
            yield image(alt, path)
