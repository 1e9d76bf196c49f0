"""Links that lead nowhere, which DVC cannot hash: it stops at the first of them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

__all__ = ["broken_links", "ignore"]

_HEAD = "# links to nothing, as `python -m scripts.tools.links` found them"
_SPECIAL = re.compile(r"([\\*?\[\]! #])")


def broken_links(folder: Path) -> list[str]:
    """Paths of links without a file behind them, beneath a folder and with its name, sorted; `/` between parts."""
    found, seen = [], set()
    for where, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(where)
        if real in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add(real)
        paths = (os.path.join(where, name) for name in [*names, *folders])
        found += [path.replace(os.sep, "/") for path in paths if not os.path.exists(path)]
    return sorted(found)


def ignore(paths: Sequence[str], dvcignore: Path) -> None:
    """List paths in a `.dvcignore`, in a part of its own at the end; other lines stay as they are.

    Parameters
    ----------
    paths : sequence of str
        Relative to the folder of the file. One with a line break cannot be listed, and is left out.
    dvcignore : Path
        Written only where it changes.
    """
    before = dvcignore.read_text(encoding="utf-8") if dvcignore.exists() else ""
    kept = before.partition(_HEAD)[0]
    lines = [_pattern(path) for path in paths if "\n" not in path]
    after = kept + "".join(f"{line}\n" for line in ([_HEAD, *lines] if lines else []))
    if after != before:
        dvcignore.write_text(after, encoding="utf-8", errors="surrogateescape", newline="\n")


def _pattern(path: str) -> str:
    """The pattern that matches this path alone: what git's ignore files treat as special is escaped."""
    return "/" + _SPECIAL.sub(r"\\\1", path)
