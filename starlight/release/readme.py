"""Figures in README.md and docs/: written from the release's own tables, never by hand.

A page marks their place with `<!-- figures: NAME -->` and `<!-- end -->`; what stands between is replaced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from starlight.errors import StarlightError
from starlight.markdown import counts, interval, percent, table
from starlight.metrics import clopper_pearson
from starlight.metrics.promise import GENERATED, REAL, promise
from starlight.release.card import EVIDENCE, FIGURES, PROMISED

__all__ = ["BLOCKS", "fill", "pages"]

_BLOCK = re.compile(r"(<!-- figures: (\S+) -->\n).*?(<!-- end -->)", re.S)
ROOM = "reports/bench/room.csv"
_PLACES = {
    "datasets": ("`datasets/`", "the images"),
    "artifacts": ("`artifacts/`", "the streams' vectors, and the manifest"),
    "models": ("`models/`", "weights"),
    ".dvc/cache": ("`.dvc/cache`", "the same once more by content: links, which take no room, and lists"),
    "cells": ("the folder `STARLIGHT_CACHE`", "cells: what a model reads of crops"),
    "vectors": ("", "the streams' vectors by content, facts of files"),
}
_FOUND, _HARDLY = 0.9, 0.1  # lower end of the interval from which, and rate under which, it is said in words
_WHAT = {
    "alpha": "text in the least significant bits (LSBs) of alpha",
    "palette": "text in the LSBs of palette indices",
    "lsb.rgb": "text in colour LSBs, from the first pixel on",
    "exif": "text in the EXIF comment",
    "raw": "bytes behind the end of the image",
    "lsbr": "random bits, LSB replacement",
    "lsbm": "random bits, LSB matching",
    "outguess": "OutGuess in JPEG coefficients",
    "steghide": "steghide in JPEG coefficients",
    "f5": "F5 in JPEG coefficients",
    "nsf5": "nsF5 in JPEG coefficients",
    "juniward": "J-UNIWARD in JPEG coefficients",
    "uerd": "UERD in JPEG coefficients",
    "hill": "HILL, adaptive, in pixels",
    "suniward": "S-UNIWARD, adaptive, in pixels",
    "wow": "WOW, adaptive, in pixels",
    "hugo": "HUGO, adaptive, in pixels",
    "mipod": "MiPOD, adaptive, in pixels",
    "other": "tools that are not on the list",
}


def fill(text: str, release: Path) -> str:
    """A page with every block of figures written anew.

    Parameters
    ----------
    text : str
        Markdown.
    release : Path
        `models/release/`.

    Raises
    ------
    StarlightError
        A block has no such name.
    """

    def block(match: re.Match) -> str:
        if match[2] not in BLOCKS:
            raise StarlightError(f"figures: {match[2]!r} is unknown, use one of {', '.join(BLOCKS)}")
        return f"{match[1]}{BLOCKS[match[2]](release)}\n{match[3]}"

    return _BLOCK.sub(block, text)


def pages(root: Path) -> list[Path]:
    """Pages that may hold figures."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def _figures(release: Path) -> Mapping:
    return json.loads((release / FIGURES).read_text(encoding="utf-8"))["v4"]


def _techniques(release: Path) -> str:
    found = sorted(_figures(release)["techniques"].items(), key=lambda item: (-item[1]["detection"], item[0]))
    rows = [
        [f"`{name}`", _WHAT.get(name, ""), _word(part),
         f"{percent(part['detection'], 1)} ({interval(part['low'], part['high'], 1)})", counts(part["k"], part["n"]),
         *(percent(at["detection"], 1) for at in _asked(part).values())]
        for name, part in found
    ]  # fmt: skip
    asked = [f"With `--fpr {rate}`" for rate in _asked(found[0][1])]
    head = ["Technique", "What is hidden, and where", "", "Found (95 %)", "Images", *asked]
    return table(head, rows, "lllrr" + "r" * len(asked))


def _asked(part: Mapping) -> Mapping[str, Mapping]:
    """What is found at further rates that people may ask for; the first is the one that is promised."""
    return dict(list(part.get("at", {}).items())[1:])


def _word(part: Mapping) -> str:
    return "found" if part["low"] >= _FOUND else "hardly" if part["detection"] < _HARDLY else "in part"


def _alarms(release: Path) -> str:
    """False alarms as the evidence counted them, real files first, and else those of the test split."""
    rows = pd.read_csv(release / EVIDENCE) if (release / EVIDENCE).exists() else pd.DataFrame({"source": []})
    part = _figures(release)
    where, shown = "of the test split", (part["fpr_k"], part["fpr_n"], part["fpr"], part["fpr_low"], part["fpr_high"])
    generated = rows[rows["source"] == f"all {GENERATED}"]
    if len(generated):
        last = generated.iloc[0]
        where, shown = "made for the purpose", (last.flagged, last.images, last.fpr, last.low, last.high)
    k, n, rate, low, high = shown
    return (
        f"**{promise(rows, PROMISED)}**\n"
        f"Of {int(n):,} clean images {where} the released detector flags {int(k):,}: {percent(rate, 3)} "
        f"({interval(low, high, 3)} with 95 % confidence).{_at_other_rates(rows)}"
    )


def _at_other_rates(rows: pd.DataFrame) -> str:
    """False alarms on real files that set no threshold, where people ask for another rate."""
    real = rows[rows["source"] == f"all {REAL}"]
    asked = [name for name in rows if name.startswith("at_")] if len(real) else []
    if not asked:
        return ""
    one = real.iloc[0]
    told = [
        f"{counts(one[name], one.images)} ({interval(*clopper_pearson(int(one[name]), int(one.images)), 2)}) "
        f"with `--fpr {name.removeprefix('at_')}`"
        for name in asked
    ]  # fmt: skip
    return f"\nOf the real files it flags {', '.join(told)}."


def _room(release: Path) -> str:
    """What a run takes on disk, as `scripts.tools.room` measured it."""
    rows = pd.read_csv(release.parents[1] / ROOM)
    shown = [[_PLACES[r.where][0], _PLACES[r.where][1], f"{r.files:,}", f"{r.mb:,.0f} MB"] for r in rows.itertuples()]
    total = ["in all", "", f"{rows['files'].sum():,}", f"{rows['mb'].sum():,.0f} MB"]
    return table(["where", "holds", "files", "room"], [*shown, total], "llrr")


BLOCKS: dict[str, Callable[[Path], str]] = {"techniques": _techniques, "false-alarms": _alarms, "room": _room}
