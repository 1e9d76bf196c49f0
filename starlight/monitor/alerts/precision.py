"""Alert precision: how many alerts that were raised were right, as far as labels tell.

A *breach* is an alert on labelled verdicts: false alarms, accuracy, detection. Every other alert (drift, calibration,
abstention, the data set, speed, training) warns that verdicts may be wrong: it is confirmed where there was a breach of
the same model in the same evaluation or the next one, or while the alert lasted.
"""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from starlight.metrics import clopper_pearson

__all__ = ["BREACHES", "kind", "of_history", "of_log"]

BREACHES = ("fpr", "accuracy", "accuracy_drop", "detection")


def kind(name: str) -> str:
    """Kind of an alert: `drift` of `drift.format`."""
    return name.partition(".")[0]


def of_history(entries: Sequence[Mapping]) -> pd.DataFrame:
    """Alert precision over the evaluations of a history.

    Parameters
    ----------
    entries : sequence of mapping
        With `version` and `alerts` (names), oldest first.

    Returns
    -------
    DataFrame
        `kind`, `raised`, `confirmed`, `low`, `high` (95 % Clopper-Pearson), without breaches themselves; an alert that
        is raised again in each evaluation counts each time.
    """
    seen = []
    for place, entry in enumerate(entries):
        later = [other for other in entries[place:] if other["version"] == entry["version"]][:2]
        confirmed = any(_breach(name) for other in later for name in other["alerts"])
        seen += [(kind(name), confirmed) for name in entry["alerts"] if not _breach(name)]
    return _counted(seen)


def of_log(records: Iterable[Mapping]) -> pd.DataFrame:
    """The same over the log of a monitor, where an alert stands once with when it was raised and when it was over."""
    records = list(records)
    breaches = [record for record in records if _breach(record["name"])]
    seen = []
    for record in records:
        if not _breach(record["name"]):
            same = [b for b in breaches if (b["model"], b["source"]) == (record["model"], record["source"])]
            seen.append((kind(record["name"]), any(_overlap(record, breach) for breach in same)))
    return _counted(seen)


def _breach(name: str) -> bool:
    return kind(name) in BREACHES


def _overlap(one: Mapping, other: Mapping) -> bool:
    """Whether two alerts lasted at one time; one that is not over lasts."""
    return not (one["over"] and one["over"] <= other["when"]) and not (other["over"] and other["over"] <= one["when"])


def _counted(seen: list[tuple[str, bool]]) -> pd.DataFrame:
    table, rows = pd.DataFrame(seen, columns=["kind", "confirmed"]), []
    for name, own in table.groupby("kind", sort=True):
        k, n = int(own.confirmed.sum()), len(own)
        rows.append((name, n, k, *clopper_pearson(k, n)))
    return pd.DataFrame(rows, columns=["kind", "raised", "confirmed", "low", "high"])
