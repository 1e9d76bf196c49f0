"""Files that appear whole or not at all: written beside their place, then moved there.

What stood there is left as it was for whoever else has it: a link to DVC's cache, a reader.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

__all__ = ["sync_folder", "whole", "write_bytes", "write_text"]


@contextlib.contextmanager
def whole(path: Path | str, *, lasting: bool = False) -> Iterator[Path]:
    """A path to write to; what is there at the end takes the place of `path`, which after an error is as it was.

    Parameters
    ----------
    path : Path or str
        Its folder is made where it is missing.
    lasting : bool
        Whether the file must outlive a power cut; costs a wait for the disk.

    Raises
    ------
    OSError
        It cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with whole(folder / "deep" / "figures.txt") as partial:
    ...     _ = partial.write_text("0.05")
    >>> [file.name for file in (folder / "deep").iterdir()]
    ['figures.txt']
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.new")
    try:
        yield partial
        if lasting:
            _sync(partial)
        os.replace(partial, path)
        if lasting:
            sync_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def write_bytes(path: Path | str, data: bytes, *, lasting: bool = False) -> None:
    """Write a file as `whole` does.

    Parameters
    ----------
    path : path
    data : bytes
    lasting : bool
        As of `whole`.
    """
    with whole(path, lasting=lasting) as partial:
        partial.write_bytes(data)


def write_text(path: Path | str, text: str, *, lasting: bool = False) -> None:
    """Write a UTF-8 file as `whole` does; line ends stay as they are.

    Parameters
    ----------
    path : path
    text : str
    lasting : bool
        As of `whole`.
    """
    write_bytes(path, text.encode(), lasting=lasting)


def sync_folder(folder: Path) -> None:
    """Make a renaming in `folder` last through a power cut, where the system can."""
    if os.name == "posix":
        _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
