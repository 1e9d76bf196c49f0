"""Writes the page as answers come: one self-contained file, of which nothing is ever held in memory.

Answers stand in it as JSON, which the page's own script shows some at a time; the browser runs that script and no
other, since the page's policy names its hash. Text from files can neither end the JSON nor become markup: `<`, `>` and
`&` are written as escapes, and the script sets text, never markup.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping
from html import escape as html_escape
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Any

from starlight.detector.previews import escape
from starlight.errors import StarlightError

__all__ = ["MOST_PICTURES", "Page"]

MOST_PICTURES = 20_000  # of files in which nothing was found; those with a finding always get theirs
_QUIET = ("clean", "authentic", "unreadable")  # verdicts that find nothing
_UNSAFE = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
_FIELDS = ("path", "verdict", "probability", "technique", "reason", "payload_preview", "notes", "ms", "sample_id")
_START = "<!doctype html>"
_HEAD = (
    _START
    + """
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">
<title>Starlight report</title><style>{style}</style></head>
<body>
<header><h1>Starlight report</h1><p id="detector">{detector}</p></header>
<noscript><p>The list below needs the script that is part of this page. It loads nothing from elsewhere.</p></noscript>
<main id="app"></main>
<script type="application/json" id="answers">[
"""
)
_TAIL = """]</script>
<script type="application/json" id="totals">{totals}</script>
<script>{script}</script>
</body></html>
"""


class Page:
    """A page that is being written; a context manager. Left by an error, it is not put in its place.

    Parameters
    ----------
    out : Path
        Written beside its place and moved there at the end.

    Attributes
    ----------
    detector : str
        Which one answered; to be set before the first record.
    folder : Path
        For pages that explain answers, beside this one.

    Raises
    ------
    StarlightError
        It cannot be written.
    """

    def __init__(self, out: Path) -> None:
        self._out, self._part = out, out.with_name(f".{out.name}.{os.getpid()}.part")
        self._style, self._script = (_asset(name) for name in ("page.css", "page.js"))
        self._verdicts: Counter[str] = Counter()
        self._pictures = 0
        self._file: Any = None
        self.detector = ""
        self.folder = out.with_name(f"{out.stem}_files")

    def __enter__(self) -> Page:
        try:
            if self._out.exists() and not _starts(self._out):
                raise StarlightError(f"{escape(str(self._out))}: exists, and is no page that could be replaced")
            self._file = open(self._part, "w", encoding="utf-8", errors="backslashreplace", newline="\n")
        except OSError as error:
            raise StarlightError(f"{escape(str(self._out))}: cannot be written: {error.strerror}") from error
        return self

    def add(self, record: Mapping[str, Any]) -> None:
        """Add a record of `detect`; `picture` (bytes of a WEBP) and `explained` (a link) may come with it."""
        quiet = record["verdict"] in _QUIET
        picture = record.get("picture")
        if quiet and self._pictures >= MOST_PICTURES:
            picture = None
        self._pictures += quiet and picture is not None
        shown = {name: record[name] for name in _FIELDS if record.get(name) not in (None, "", [], ())}
        shown["path"] = escape(record["path"])
        shown["reason"] = escape(record.get("reason") or "")
        shown["notes"] = [escape(note) for note in record.get("notes") or ()]
        if picture:
            shown["picture"] = base64.b64encode(picture).decode("ascii")
        if record.get("explained"):
            shown["explained"] = record["explained"]
        if not self._verdicts:
            self._file.write(self._head())
        self._file.write((",\n" if self._verdicts else "") + _json(shown))
        self._verdicts[record["verdict"]] += 1

    def _head(self) -> str:
        policy = (
            f"default-src 'none'; img-src data:; style-src {_hash(self._style)}; script-src {_hash(self._script)}; "
            "base-uri 'none'; form-action 'none'"
        )
        return _HEAD.format(policy=policy, style=self._style, detector=html_escape(escape(self.detector)))

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:
            self._file.close()
            self._part.unlink(missing_ok=True)
            return
        try:
            with self._file as file:
                if not self._verdicts:
                    file.write(self._head())
                file.write("\n" + _TAIL.format(totals=_json(self._verdicts), script=self._script))
            os.replace(self._part, self._out)
        except OSError as problem:
            self._part.unlink(missing_ok=True)
            raise StarlightError(f"{escape(str(self._out))}: cannot be written: {problem.strerror}") from problem


def _starts(path: Path) -> bool:
    """Whether a file is a page, or empty."""
    with open(path, "rb") as file:
        return file.read(len(_START)) in (b"", _START.encode())


def _asset(name: str) -> str:
    return resources.files("starlight.cli.page").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(_UNSAFE)
