"""Image files of a folder, by their names, else by their first bytes."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

__all__ = ["EXTENSIONS", "Names", "image_files", "looks_like_image"]

EXTENSIONS = (".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".bmp", ".dib", ".tif", ".tiff")
_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
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
        What is neither an image by its name or first bytes nor one of the files that belong beside images; here, too,
        names that are no UTF-8, as no table can hold them.
    """
    images, others = [], []
    for name in sorted(_walk(folder)):
        path = PurePosixPath(name)
        if path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace") != path.name:
            others.append(name.encode("utf-8", "backslashreplace").decode())
        elif path.suffix.lower() in (*EXTENSIONS, *more):
            images.append(name)
        elif path.suffix.lower() not in _SIDE_FILES and path.name.lower() not in _SIDE_FILES:
            (images if looks_like_image(folder / name) else others).append(name)
    return images, others


def looks_like_image(path: str | os.PathLike[str]) -> bool:
    """Whether a file is an image by its extension, else by its first bytes: a phone's `.HEIC` may be a JPEG."""
    if os.path.splitext(path)[1].lower() in EXTENSIONS:
        return True
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with open(path, "rb") as file:
            head = file.read(18)
    except OSError:
        return False
    return (
        head.startswith(_MAGIC)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[:2] == b"BM" and head[6:10] == bytes(4) and 12 <= int.from_bytes(head[14:18], "little") <= 124)
    )


class Names:
    """Names to be found as written, else by Unicode's composed form: a disk may say `e` and an accent, a list `é`.

    Parameters
    ----------
    names : collection of str
        As on disk.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._there = frozenset(names)
        self._composed = {unicodedata.normalize("NFC", name): name for name in sorted(names)}

    def find(self, *wanted: str) -> str | None:
        """The first of these names that is there, as on disk."""
        for name in wanted:
            found = name if name in self._there else self._composed.get(unicodedata.normalize("NFC", name))
            if found is not None:
                return found
        return None


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
