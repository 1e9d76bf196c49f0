"""From what was typed to files: names, folders, globs, a list on standard input. Lazy, in a fixed order."""

from __future__ import annotations

import fnmatch
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from starlight.images.files import looks_like_image

__all__ = ["Source", "expand"]

_CHUNK = 1 << 16

Names = tuple[str, ...]


class Source(NamedTuple):
    """One line of the answer to come.

    path : str, as it was given or found.
    error : str, why it cannot be read at all; empty for a file.
    """

    path: str
    error: str = ""


def expand(paths: Sequence[str], *, null: bool = False, stdin: int = 0) -> Iterator[Source]:
    """Turn arguments into files, one by one.

    Parameters
    ----------
    paths : sequence of str
        Files, folders (searched recursively, names in order, each real folder once), globs (`**` included) and `-`
        for a list on standard input. What exists under its literal name is never taken for a glob.
    null : bool
        Names on standard input end with NUL instead of a newline.
    stdin : int
        File descriptor that `-` reads.

    Yields
    ------
    Source
        Named files always; of folders, what looks like an image by its extension or its first bytes.
    """
    for path in paths:
        if path == "-":
            for name in _listed(stdin, b"\0" if null else b"\n"):
                yield from _named(name)
        elif not os.path.lexists(path) and any(c in path for c in "*?["):
            yield from _glob(path)
        else:
            yield from _named(path)


def _named(path: str) -> Iterator[Source]:
    try:
        folder = stat.S_ISDIR(os.stat(path).st_mode)
    except (OSError, ValueError) as error:
        yield Source(path, _why(error))
        return
    if folder:
        yield from _walk(path)
    else:
        yield Source(path)


def _walk(folder: str) -> Iterator[Source]:
    for names, error in _tree(folder, lambda names: True):
        path = os.path.join(folder, *names)
        if error or looks_like_image(path):
            yield Source(path, error)


def _tree(root: str, enter: Callable[[Names], bool]) -> Iterator[tuple[Names, str]]:
    """Files under a folder, depth first and in order of names: (names under `root`, error).

    Each real folder is entered once, so that a link back to a parent ends there; `enter` can refuse one. Without
    recursion: a hostile tree can be deeper than the interpreter's stack.
    """
    seen: set[tuple[int, int]] = set()
    stack: list[tuple[Names, Iterator[tuple[str, bool]]]] = [((), iter([("", True)]))]
    while stack:
        above, entries = stack[-1]
        name, is_folder = next(entries, (None, False))
        if name is None:
            stack.pop()
            continue
        names = (*above, name) if name else ()
        if not is_folder:
            yield names, ""
        elif not names or enter(names):
            try:
                stack.append((names, iter(_entries(os.path.join(root, *names), seen))))
            except OSError as error:
                yield names, _why(error, "folder not searched: ")


def _entries(folder: str, seen: set[tuple[int, int]]) -> list[tuple[str, bool]]:
    """Sorted (name, is a folder) of a folder, none if it was seen; links count as what they point at."""
    facts = os.stat(folder or ".")
    if (facts.st_dev, facts.st_ino) in seen:
        return []
    seen.add((facts.st_dev, facts.st_ino))
    with os.scandir(folder or ".") as found:
        return sorted((entry.name, _is_folder(entry)) for entry in found)


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that points at itself, or into a place that may not be seen: reading it will say so
        return False


def _glob(pattern: str) -> Iterator[Source]:
    """What a shell would make of a pattern; `**` reaches files alone, others folders too, which are searched."""
    parts = [p for p in pattern.split("/") if p]
    first = next(i for i, part in enumerate(parts) if any(c in part for c in "*?["))
    base = ("/" if pattern.startswith("/") else "") + "/".join(parts[:first])
    parts = [p for i, p in enumerate(parts) if i >= first and not (p == "**" and parts[i - 1] == "**" and i > first)]

    def in_folder(names: Names) -> bool:
        return "**" not in parts and len(names) > len(parts) and _match(names[: len(parts)], parts)

    def enter(names: Names) -> bool:
        return _match(names, parts, leading=True) or in_folder((*names, ""))

    found = False
    for names, error in _tree(base, enter):
        path = os.path.join(base, *names)
        if error or _match(names, parts) or (in_folder(names) and looks_like_image(path)):
            found = True
            yield Source(path, error)
    if not found:
        yield Source(pattern, "no file matches this pattern")


def _match(names: Sequence[str], parts: Sequence[str], *, leading: bool = False) -> bool:
    """Whether names match a pattern, part by part; with `leading`, whether something beneath them can."""
    if not names:
        return bool(parts) if leading else all(p == "**" for p in parts)
    if not parts:
        return False
    if parts[0] == "**":
        hidden = names[0].startswith(".")
        return _match(names, parts[1:], leading=leading) or (not hidden and _match(names[1:], parts, leading=leading))
    if names[0].startswith(".") and not parts[0].startswith("."):
        return False
    return fnmatch.fnmatchcase(names[0], parts[0]) and _match(names[1:], parts[1:], leading=leading)


def _listed(descriptor: int, end: bytes) -> Iterator[str]:
    rest = b""
    while chunk := os.read(descriptor, _CHUNK):
        *names, rest = (rest + chunk).split(end)
        yield from (os.fsdecode(name) for name in names if name)
    if rest:
        yield os.fsdecode(rest)


def _why(error: Exception, prefix: str = "") -> str:
    if isinstance(error, FileNotFoundError):
        return prefix + "no such file"
    if isinstance(error, OSError) and error.strerror:
        return prefix + error.strerror[:1].lower() + error.strerror[1:]
    return prefix + str(error)
