"""What a scan found, as `reports/dataset.json`: counts, what was set aside, and what a person should look at."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pandas as pd

from starlight.manifest import KINDS
from starlight.scan.negative_manifest import CATEGORIES, REQUIRED
from starlight.scan.negatives import imbalance
from starlight.scan.splits import SPLITS
from starlight.scan.submissions import Found

__all__ = ["report", "write"]

_LISTED = 200  # files and warnings that are listed one by one; totals count them all
_BIG_GROUP = 0.05  # share of covers' files in one group from which it is said


def report(table: pd.DataFrame, found: Found, notes: list[str]) -> dict:
    """Report of a scan: the same bytes for the same data, no times, no absolute paths.

    Parameters
    ----------
    table : pandas.DataFrame
        The manifest.
    found : Found
        What discovery said.
    notes : list of str
        What splitting said.
    """
    ok = table[table["status"] == "ok"]
    aside = table[table["status"] != "ok"]
    warnings = [*found.warnings, *notes, *_unlisted(table), *_negatives(ok), *_content(ok)]
    return {
        "files": len(table),
        "usable": len(ok),
        "quarantined": {
            "total": len(aside),
            "by_reason": _counts(map(_sort_of, aside["reason"])),
            "files": [{"path": p, "reason": r} for p, r in zip(aside["path"], aside["reason"], strict=True)][:_LISTED],
        },
        "splits": {split: _kinds(ok[ok["split"] == split]) for split in SPLITS},
        "kinds": _kinds(ok),
        "techniques": _by_split(ok[ok["kind"] == "stego"], "technique"),
        "negatives": _by_split(ok[ok["kind"] == "negative"], "category"),
        "formats": _by_split(ok, "format"),
        "modes": _counts(ok["mode"]),
        "submissions": {name: _kinds(rows) for name, rows in ok.groupby("submission")},
        "covers": {
            "total": int(ok["cover_id"].nunique()),
            "largest_group": int(ok["cover_id"].value_counts().max()) if len(ok) else 0,
            **{split: int(ok.loc[ok["split"] == split, "cover_id"].nunique()) for split in SPLITS},
        },
        "stego_with_twin": int((ok["twin_id"] != "").sum()),
        "ignored": {"total": len(found.ignored), "files": sorted(found.ignored)[:_LISTED]},
        "warnings": {"total": len(warnings), "lines": sorted(warnings)[:_LISTED]},
    }


def write(content: dict, path: Path) -> None:
    """Write a report as JSON with sorted keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def _sort_of(reason: str) -> str:
    """The part of a reason that files share: before the colon, without numbers of lines."""
    return re.sub(r" line \d+", "", reason.split(":")[0])


def _counts(values) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _kinds(rows: pd.DataFrame) -> dict[str, int]:
    counts = Counter(rows["kind"])
    return {kind: counts[kind] for kind in KINDS}


def _by_split(rows: pd.DataFrame, column: str) -> dict[str, dict[str, int]]:
    counts = Counter(zip(rows[column], rows["split"], strict=True))
    return {value: {split: counts[value, split] for split in SPLITS} for value in sorted(set(rows[column]))}


def _unlisted(table: pd.DataFrame) -> list[str]:
    lines = []
    negatives = table[table["kind"] == "negative"]
    for category, count in _counts(negatives["category"]).items():
        if category and category not in CATEGORIES:
            lines.append(f"negatives of category {category}, which is not a listed one: {count} kept")
    other = table[(table["kind"] == "stego") & (table["technique"] == "other")]
    for tool, count in _counts(other["tool"]).items():
        lines.append(f"stego of technique {tool or '(unnamed)'}, which is not a listed one: {count} kept as other")
    return lines


def _negatives(ok: pd.DataFrame) -> list[str]:
    negatives = ok[ok["kind"] == "negative"]
    if not len(negatives):
        return ["there are no negatives"]
    lines = [f"required negatives of category {c} are missing" for c in REQUIRED if c not in set(negatives["category"])]
    lines += [f"negatives {line}" for line in imbalance("category", _counts(negatives["category"]))]
    return lines + [f"negatives {line}" for line in imbalance("format", _counts(negatives["format"]))]


def _content(ok: pd.DataFrame) -> list[str]:
    lines = [f"there are no {kind} images" for kind in ("clean", "stego") if not (ok["kind"] == kind).any()]
    for split in SPLITS:
        here = set(ok.loc[ok["split"] == split, "kind"])
        lines += [f"split {split} has no {kind} images" for kind in KINDS if kind in set(ok["kind"]) - here]
    groups = ok["cover_id"].value_counts()
    if len(ok) > 100 and groups.max() > _BIG_GROUP * len(ok):
        lines.append(f"cover {groups.index[0]} stands for {groups.max()} of {len(ok)} files, all in one split")
    return lines
