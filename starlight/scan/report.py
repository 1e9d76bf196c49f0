"""What a scan found, as `reports/dataset.json`: counts, what was set aside, and what a person should look at."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from starlight.manifest import KINDS
from starlight.scan.negative_manifest import CATEGORIES, REQUIRED
from starlight.scan.negatives import imbalance
from starlight.scan.splits import SPLITS
from starlight.scan.submissions import Found
from starlight.techniques import OTHER

__all__ = ["Report", "write"]

_LISTED = 200  # files and warnings that are listed one by one; totals count them all
_BIG_GROUP = 0.05  # share of covers' files in one group from which it is said
_BIG_FROM = 100  # files, over which it is
_COLUMNS = ("kind", "split", "technique", "category", "format", "mode", "submission")


class Report:
    """Counts what goes into a manifest.

    Parameters
    ----------
    found : Found
        What discovery said.
    """

    def __init__(self, found: Found) -> None:
        self.found = found
        self.files = self.with_twin = 0
        self.aside: list[dict] = []
        self.reasons: Counter[str] = Counter()
        self.listed: Counter[tuple[str, ...]] = Counter()
        self.usable: Counter[tuple[str, ...]] = Counter()  # by what `_COLUMNS` says of them
        self.covers: Counter[str] = Counter()
        self.cover_splits: Counter[str] = Counter()

    def counting(self, rows: Iterable[dict]) -> Iterator[dict]:
        """The same rows, in order of paths, each counted as it goes by."""
        for row in rows:
            self.files += 1
            self.listed[_listed(row)] += 1
            if row["status"] == "ok":
                self._count(row)
            else:
                self.reasons[_sort_of(row["reason"])] += 1
                if len(self.aside) < _LISTED:
                    self.aside.append({"path": row["path"], "reason": row["reason"]})
            yield row

    def _count(self, row: dict) -> None:
        self.usable[tuple(row[name] for name in _COLUMNS)] += 1
        self.with_twin += row["twin_id"] != ""
        self.covers[row["cover_id"]] += 1
        self.cover_splits[row["split"]] += self.covers[row["cover_id"]] == 1

    def _part(self, column: str, value: str) -> Counter:
        place = _COLUMNS.index(column)
        return Counter({about: count for about, count in self.usable.items() if about[place] == value})

    def finished(self) -> dict:
        """The report: the same bytes for the same data, no times, no absolute paths."""
        usable, kinds = sum(self.usable.values()), _kinds(self.usable)
        splits = {split: _kinds(self._part("split", split)) for split in SPLITS}
        stego, negatives = self._part("kind", "stego"), self._part("kind", "negative")
        warnings = [*self.found.warnings, *_unlisted(self.listed), *_unbalanced(negatives), *_lacking(kinds, splits)]
        warnings += _crowded(self.covers, usable)
        return {
            "files": self.files,
            "usable": usable,
            "quarantined": {
                "total": self.files - usable, "by_reason": dict(sorted(self.reasons.items())), "files": self.aside,
            },
            "splits": splits,
            "kinds": kinds,
            "techniques": _by_split(stego, "technique"),
            "negatives": _by_split(negatives, "category"),
            "formats": _by_split(self.usable, "format"),
            "modes": _counts(self.usable, "mode"),
            "submissions": {
                name: _kinds(self._part("submission", name)) for name in _counts(self.usable, "submission")
            },
            "covers": {
                "total": len(self.covers), "largest_group": max(self.covers.values(), default=0),
                **{split: self.cover_splits[split] for split in SPLITS},
            },
            "stego_with_twin": self.with_twin,
            "ignored": {"total": len(self.found.ignored), "files": sorted(self.found.ignored)[:_LISTED]},
            "warnings": {"total": len(warnings), "lines": sorted(warnings)[:_LISTED]},
        }  # fmt: skip


def write(content: dict, path: Path) -> None:
    """Write a report as JSON with sorted keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def _sort_of(reason: str) -> str:
    """The part of a reason that files share: before the colon, without numbers of lines."""
    return re.sub(r" line \d+", "", reason.split(":")[0])


def _listed(row: dict) -> tuple[str, ...]:
    """What a row says of categories and tools that may not be on the list."""
    if row["kind"] == "negative":
        return "negative", row["category"]
    return ("other", row["tool"]) if (row["kind"], row["technique"]) == ("stego", OTHER) else ("",)


def _counts(counted: Counter, column: str) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for about, count in counted.items():
        counts[about[_COLUMNS.index(column)]] += count
    return dict(sorted(counts.items()))


def _kinds(counted: Counter) -> dict[str, int]:
    counts = _counts(counted, "kind")
    return {kind: counts.get(kind, 0) for kind in KINDS}


def _by_split(counted: Counter, column: str) -> dict[str, dict[str, int]]:
    said: dict[str, dict[str, int]] = {value: dict.fromkeys(SPLITS, 0) for value in _counts(counted, column)}
    for about, count in counted.items():
        value, split = about[_COLUMNS.index(column)], about[_COLUMNS.index("split")]
        if split in said[value]:
            said[value][split] += count
    return said


def _unlisted(listed: Counter) -> list[str]:
    lines = []
    for (what, *said), count in listed.items():
        name = said[0] if said else ""
        if what == "negative" and name and name not in CATEGORIES:
            lines.append(f"negatives of category {name}, which is not a listed one: {count} kept")
        elif what == "other":
            lines.append(f"stego of technique {name or '(unnamed)'}, which is not a listed one: {count} kept as other")
    return lines


def _unbalanced(negatives: Counter) -> list[str]:
    if not negatives:
        return ["there are no negatives"]
    categories = _counts(negatives, "category")
    lines = [f"required negatives of category {c} are missing" for c in REQUIRED if c not in categories]
    lines += [f"negatives {line}" for line in imbalance("category", categories)]
    return lines + [f"negatives {line}" for line in imbalance("format", _counts(negatives, "format"))]


def _lacking(kinds: dict[str, int], splits: dict[str, dict[str, int]]) -> list[str]:
    lines = [f"there are no {kind} images" for kind in ("clean", "stego") if not kinds[kind]]
    for split, here in splits.items():
        lines += [f"split {split} has no {kind} images" for kind in KINDS if kinds[kind] and not here[kind]]
    return lines


def _crowded(covers: Counter, usable: int) -> list[str]:
    name, most = max(covers.items(), key=lambda item: item[1], default=("", 0))
    if usable <= _BIG_FROM or most <= _BIG_GROUP * usable:
        return []
    return [f"cover {name} stands for {most} of {usable} files, all in one split"]
