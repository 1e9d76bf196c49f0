"""What a forged file's name and place say about it: its kind, its mask, and the authentic file it was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Protocol

__all__ = ["by_stem", "folder_of", "read"]

_ENDINGS = ("", "_mask", "_gt")  # of a mask's name, after the forged file's


class _Entry(Protocol):
    category: str
    mask: str
    clean_path: str
    reason: str


def by_stem(folder: str, names: Sequence[str]) -> dict[str, str]:
    """Paths of files by their names without extension; of several with one name the first counts."""
    return {PurePosixPath(name).stem: f"{folder}/{name}" for name in reversed(names)}


def folder_of(name: str) -> str:
    """The folder that a file lies in, below `forged/` or `authentic/`: what it is an example of."""
    return str(PurePosixPath(name).parent).removeprefix(".")


def read(entry: _Entry, name: str, masks: Mapping[str, str], twins: Mapping[str, str]) -> None:
    """Fill in an entry; a file without a mask is set aside.

    Parameters
    ----------
    entry : Entry
    name : str
        Path below `forged/`.
    masks, twins : mapping
        By stem: files in `masks/`, and those in `authentic/` or `clean/`.
    """
    stem = PurePosixPath(name).stem
    entry.category = folder_of(name)
    entry.mask = next((masks[stem + ending] for ending in _ENDINGS if stem + ending in masks), "")
    entry.clean_path = twins.get(stem, "")
    if not entry.mask:
        entry.reason = f"mask: there is none in masks/ by the name of {stem}"
