"""Markdown that is read as a diff: one figure a row, fixed digits, no padding."""

import math
import re
from collections.abc import Iterable, Sequence

__all__ = ["code", "counts", "image", "interval", "number", "percent", "points", "table", "whole"]

NOTHING = "–"
_TOGETHER = re.compile(r" (?!\()")  # a value may break before its interval, and nowhere else
_VALUE = 32  # characters; what is longer is a sentence


def percent(fraction: float, digits: int = 2) -> str:
    """A fraction as a percentage with fixed digits; a dash where it is undefined."""
    return NOTHING if fraction is None or math.isnan(fraction) else f"{100 * fraction:.{digits}f} %"


def interval(low: float, high: float, digits: int = 2) -> str:
    """Ends of an interval of a fraction, such as `0.10 to 0.52 %`.

    Parameters
    ----------
    low, high : float
        Fractions.
    digits : int
        Of the percentages.

    Returns
    -------
    str
    """
    return NOTHING if math.isnan(low) or math.isnan(high) else f"{100 * low:.{digits}f} to {100 * high:.{digits}f} %"


def number(value: float, digits: int = 4) -> str:
    """A number with fixed digits; a dash where it is undefined."""
    return NOTHING if value is None or math.isnan(value) else f"{value:.{digits}f}"


def points(change: float, digits: int = 2) -> str:
    """A difference of fractions in percentage points, with its sign."""
    if change is None or math.isnan(change):
        return NOTHING
    text = f"{100 * change:+.{digits}f}"
    return f"{'0' + text[2:] if float(text) == 0 else text} points"


def whole(value: int | None) -> str:
    """A count with thousands separated."""
    return NOTHING if value is None else f"{value:,}"


def counts(k: int | None, n: int | None) -> str:
    """Such as `3 of 1,200`."""
    return NOTHING if k is None or n is None else f"{k:,} of {n:,}"


def code(name: object) -> str:
    """A name from outside as a code span: whatever it holds, it stays text, in a table too, and in reading order."""
    plain = (
        re.sub(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069]+", " ", str(name))
        .replace("`", "'")
        .replace("|", "\\|")
        .strip()
    )
    return f"`{plain}`" if plain else NOTHING


def image(alt: str, path: str) -> str:
    """An image with a relative link."""
    return f"![{alt}]({path})"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], right: str = "") -> str:
    """A pipe table.

    Parameters
    ----------
    header : sequence of str
    rows : iterable of sequence of str
        Cells are written as they are; names from outside belong into `code`.
    right : str
        Letter `r` at the place of each column to be aligned right, such as `lrr`. Those hold values, which stay in one
        piece on a narrow page but for a break before an interval.

    Returns
    -------
    str
        The table, or a line that says there is nothing in it.
    """
    rows = list(rows)
    if not rows:
        return "None."
    if any(len(row) != len(header) for row in rows):
        raise ValueError(f"every row needs {len(header)} cells")
    marks = ["---:" if place == "r" else "---" for place in right.ljust(len(header), "l")]
    rows = [
        [_whole_value(text) if mark == "---:" else text for text, mark in zip(row, marks, strict=True)] for row in rows
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, marks, *rows])


def _whole_value(text: str) -> str:
    """A value with spaces that do not break: a phone would put its sign, or half of its interval, on another line."""
    return _TOGETHER.sub("\u00a0", text) if len(text) <= _VALUE else text
