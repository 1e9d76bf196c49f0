"""One record a file, as a table, JSON Lines or CSV. Whatever a file is called, one record stays one record."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from starlight.detector.previews import escape

__all__ = ["COLUMNS", "FORMATS", "Writer"]

COLUMNS = (
    "path", "verdict", "probability", "technique", "techniques", "payload_preview", "reason", "silent", "notes", "ms",
    "threshold", "fpr", "sample_id",
)  # fmt: skip
_TABLE = "{:<11}  {:>8}  {:<9}  {:>7}  {}"

_ADDED: dict[str, tuple[str, ...]] = {"stego": (), "forgery": ("mask",), "all": ("mask", "tasks")}
_SHOWN = {"stego": "stego", "forgery": "forged", "all": "found"}  # whose probability the table shows

Record = Mapping[str, Any]
Columns = tuple[str, ...]


def _jsonl(record: Record, columns: Columns) -> str:
    # ASCII: a byte of a file name that is no UTF-8 stays a lone surrogate, `\\udcXX`, which every JSON reader takes.
    return json.dumps({name: record.get(name) for name in columns}, allow_nan=False)


def _csv(record: Record, columns: Columns) -> str:
    return _csv_line([_cell(name, record.get(name)) for name in columns])


def _cell(name: str, value: Any) -> Any:
    """A cell without a line break: programs that read line by line must find one record in each."""
    if name == "path":
        return escape(value)
    if isinstance(value, str):
        return "".join(char if len(char.splitlines()[0]) else escape(char) for char in value)
    return "" if value is None else json.dumps(value) if isinstance(value, (dict, list)) else value


def _csv_line(cells: list[Any] | tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def _table(record: Record, _columns: Columns) -> str:
    probability = record["probability"]
    shown = "" if probability is None else _percent(probability)
    line = _TABLE.format(
        record["verdict"], shown, record["technique"] or "", f"{record['ms']:.1f}", escape(record["path"])
    )
    details = [escape(record["reason"])] if record["reason"] else []
    if record["payload_preview"]:
        details.append(f"“{record['payload_preview']}”")
    return line + (f"  ({': '.join(details)})" if details else "")


def _percent(probability: float) -> str:
    """Never 0 or 100: neither is ever known."""
    return f"{min(max(100 * probability, 0.01), 99.99):.2f} %"


FORMATS: dict[str, tuple[Callable[[Record, Columns], str], Callable[[Columns, str], str] | None]] = {
    "table": (_table, lambda columns, shown: _TABLE.format("verdict", shown, "technique", "ms", "path")),
    "jsonl": (_jsonl, None),
    "csv": (_csv, lambda columns, _: _csv_line(columns)),
}


class Writer:
    """Writes records to a stream, each whole and at once.

    Parameters
    ----------
    stream : binary file
    form : {"table", "jsonl", "csv"}
    encoding : str
        Of the table; programs always get UTF-8.
    task : {"stego", "forgery", "all"}
        What was asked: masks and the answers of several tasks are columns of their own.
    """

    def __init__(self, stream: BinaryIO, form: str, encoding: str = "utf-8", task: str = "stego") -> None:
        self._stream, self._encoding = stream, encoding if form == "table" else "utf-8"
        self._line, header = FORMATS[form]
        self._columns = (*COLUMNS, *_ADDED[task])
        self._header = header and header(self._columns, _SHOWN[task])

    def write(self, record: Record) -> None:
        """Write one record, after the header where there is one."""
        if self._header is not None:
            header, self._header = self._header, None
            self._put(header)
        self._put(self._line(record, self._columns))

    def _put(self, line: str) -> None:
        self._stream.write(line.encode(self._encoding, "backslashreplace") + b"\n")
        self._stream.flush()

    def fileno(self) -> int:
        return self._stream.fileno()


def discard(writer: Writer) -> None:
    """Point a writer whose reader has gone at nothing, so that closing it raises no second error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), writer.fileno())
