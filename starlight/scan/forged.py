"""What a forged file's name and place say about it: its kind, its mask, and the authentic file it was made from."""

from __future__ import annotations

import unicodedata
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


def by_stem(folder: str, listed: Sequence[str]) -> dict[str, str]:
    """Paths of files by their names without extension, alone and with the folders that they lie in.

    Of several with one name the first counts. Names are composed as Unicode's NFC has it, however the disk spells them.
    """
    names = [(unicodedata.normalize("NFC", name), name) for name in listed]
    bare = {PurePosixPath(nfc).stem: f"{folder}/{name}" for nfc, name in reversed(names)}
    return bare | {str(PurePosixPath(nfc).with_suffix("")): f"{folder}/{name}" for nfc, name in reversed(names)}


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
    composed = PurePosixPath(unicodedata.normalize("NFC", name))
    stem = composed.stem
    spellings = (str(composed.with_suffix("")), stem)  # of the same folder before any other
    entry.category = folder_of(name)
    entry.mask = next((masks[s + ending] for s in spellings for ending in _ENDINGS if s + ending in masks), "")
    entry.clean_path = next((twins[s] for s in spellings if s in twins), "")
    if not entry.mask:
        entry.reason = f"mask: there is none in masks/ by the name of {stem}"
