"""The manifest: one row per file of every submission, and nothing left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count, islice, takewhile
from pathlib import Path

import pandas as pd

from starlight.errors import StarlightError
from starlight.system.atomic import whole

__all__ = [
    "COLUMNS",
    "KINDS",
    "STEGO_KINDS",
    "frame",
    "of_forgery",
    "of_stego",
    "read",
    "usable",
    "write",
    "write_rows",
]

STEGO_KINDS = ("clean", "stego", "negative")  # what the task stego works on
KINDS = (*STEGO_KINDS, "forged", "authentic")

COLUMNS = {
    "sample_id": "str",  # SHA-256 of the bytes, 16 hex digits; empty where the file could not be read
    "path": "str",  # relative to the data sets' folder, with forward slashes
    "submission": "str",
    "kind": "str",
    "category": "str",  # negatives, authentic: what they look like; stego: pixel, metadata or eoi; forged: how
    "technique": "str",  # stego: one of the listed techniques, or `other`
    "label": "int64",  # 1 = stego or forged
    "payload_bits": "float64",  # without framing; NaN unknown
    "cover_id": "str",
    "split": "str",
    "format": "str",
    "mode": "str",
    "width": "Int64",  # pixels
    "height": "Int64",
    "bytes": "Int64",
    "mask": "str",  # forged: path of its mask
    "status": "str",  # ok, quarantined
    "reason": "str",
    "payload_rate": "float64",  # bits per pixel or per non-zero AC coefficient, as the sidecar says; NaN unknown
    "source": "str",  # where the picture comes from: a camera, a kind of scene, else the submission
    "twin_id": "str",  # stego, forged: sample_id of its authentic twin, empty where there is none
    "tool": "str",  # the program that embedded, or a technique's name that nobody listed
}
_AT_ONCE = 2048  # rows that are held when a manifest is written row by row
_TEXT = [name for name, kind in COLUMNS.items() if kind == "str"]


def frame(rows: Iterable[dict]) -> pd.DataFrame:
    """Table of rows, in the manifest's columns, types and order.

    Parameters
    ----------
    rows : iterable of dict
        Missing keys become empty text, NaN or NA.

    Returns
    -------
    pandas.DataFrame
        Columns as in `COLUMNS`, sorted by `path`.
    """
    columns: dict[str, list] = {name: [] for name in COLUMNS}
    for row in rows:  # one at a time: a dictionary takes ten times the room of what is in it
        for name, column in columns.items():
            column.append(row.get(name))
    return _typed(pd.DataFrame(columns))


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    table = table.assign(**{name: table[name].fillna("") for name in _TEXT}).astype(COLUMNS)
    order = sorted(range(len(table)), key=table["path"].tolist().__getitem__)
    return table.iloc[order].reset_index(drop=True)


def read(path: Path | str, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a manifest.

    Parameters
    ----------
    path : Path
    columns : sequence of str, optional
        Only these, which spares memory where there are millions of rows.

    Raises
    ------
    StarlightError
        The file is missing, or lacks a column.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8", usecols=_wanted(columns))
    except OSError as error:
        raise StarlightError(f"{path}: {error.strerror or error}") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise StarlightError(f"{path}: is no manifest: {error}") from error
    chosen = [name for name in COLUMNS if columns is None or name in columns]
    missing = [name for name in chosen if name not in table.columns]
    if missing:
        raise StarlightError(f"{path}: is no manifest, it lacks {', '.join(missing)}")
    table = table[chosen]
    numbers = {name: pd.to_numeric(table[name].replace("", None)) for name in chosen if COLUMNS[name] != "str"}
    table = table.assign(**numbers).astype({name: COLUMNS[name] for name in chosen})
    return _typed(table) if columns is None else table


def _wanted(columns: Sequence[str] | None) -> Callable[[str], bool] | None:
    return None if columns is None else lambda name: name in columns


def write(table: pd.DataFrame, path: Path | str) -> None:
    """Write a manifest: sorted by path, LF, whole numbers without a point; the file appears whole or not at all."""
    _write([_typed(table[list(COLUMNS)])], path)


def write_rows(rows: Iterable[dict], path: Path | str) -> None:
    """Write a manifest row by row, as `write` would write the `frame` of them; no more than some are held at a time.

    Parameters
    ----------
    rows : iterable of dict
        Sorted by `path`.
    path : Path
    """
    left = iter(rows)
    parts = (list(islice(left, _AT_ONCE)) for _ in count())
    _write(map(frame, takewhile(bool, parts)), path)


def _write(parts: Iterable[pd.DataFrame], path: Path | str) -> None:
    try:
        with whole(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
            for number, part in enumerate(parts):
                bits = [f"{v:.0f}" if v == v else "" for v in part["payload_bits"]]
                rates = [f"{v:.6g}" if v == v else "" for v in part["payload_rate"]]
                part = part.assign(payload_bits=bits, payload_rate=rates)
                part.to_csv(file, index=False, header=number == 0, lineterminator="\n")
    except OSError as error:
        raise StarlightError(f"{path}: cannot be written: {error.strerror or error}") from error


def usable(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that later stages work on: status `ok`, one for each content."""
    return table[table["status"] == "ok"].reset_index(drop=True)


def of_stego(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that the task stego is about."""
    return table[table["kind"].isin(STEGO_KINDS)]


def of_forgery(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that the task forgery is about: forged images, and what else but stego their submissions hold.

    Clean images of a submission without forged ones are left to the task stego: nobody has said of them that they were
    not tampered with.
    """
    own = table["kind"].isin(("forged", "authentic"))
    beside = table["submission"].isin(set(table.loc[own, "submission"])) & table["kind"].isin(("clean", "negative"))
    return table[own | beside]
