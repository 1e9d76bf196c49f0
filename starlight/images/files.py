"""Image files of a folder, by their names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

__all__ = ["EXTENSIONS", "image_files"]

EXTENSIONS = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".bmp", ".dib", ".tif", ".tiff")
_SIDE_FILES = (".json", ".jsonl", ".csv", ".md", ".txt", ".gitkeep", ".gitignore", ".ds_store", "thumbs.db")


def image_files(folder: Path, more: tuple[str, ...] = ()) -> tuple[list[str], list[str]]:
    """Files in a folder and in those below, links followed.

    Parameters
    ----------
    folder : Path
        May be missing.
    more : tuple of str
        Further extensions that count as images.

    Returns
    -------
    images : list of str
        Paths from `folder` with forward slashes, sorted.
    others : list of str
        What is neither an image by its name nor one of the files that belong beside images; here, too, names that
        are no UTF-8, as no table can hold them.
    """
    images, others = [], []
    for name in sorted(_walk(folder)):
        path = PurePosixPath(name)
        if path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace") != path.name:
            others.append(name.encode("utf-8", "backslashreplace").decode())
        elif path.suffix.lower() in (*EXTENSIONS, *more):
            images.append(name)
        elif path.suffix.lower() not in _SIDE_FILES and path.name.lower() not in _SIDE_FILES:
            others.append(name)
    return images, others


def _walk(folder: Path) -> Iterator[str]:
    seen = set()
    for where, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(where)
        if real in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add(real)
        for name in names:
            yield os.path.relpath(os.path.join(where, name), folder).replace(os.sep, "/")
