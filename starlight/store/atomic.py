"""Files and folders that appear whole or not at all, and whose left-overs can be told from work in progress."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from starlight.system.atomic import write_text

try:
    import fcntl
except ImportError:  # Windows: left-overs of killed runs stay until the store is deleted
    fcntl = None  # type: ignore[assignment]

__all__ = ["PARTIAL", "alone_in", "locked_file", "locked_folder", "read_json", "sweep", "write_json"]

PARTIAL = ".partial"  # suffix of what is being written; its writer holds a lock on it


def locked_file(folder: Path) -> tuple[int, Path]:
    """New partial file in `folder`, open for reading and writing and locked for as long as it is open."""
    while True:
        path = folder / f".{secrets.token_hex(8)}{PARTIAL}"
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o644)
        if _lock(handle) and os.fstat(handle).st_nlink:  # else swept between opening and locking
            return handle, path
        os.close(handle)


def locked_folder(parent: Path, name: str) -> tuple[int, Path]:
    """New partial folder beside `parent / name`; the returned descriptor holds its lock."""
    while True:
        path = parent / f".{name}.{secrets.token_hex(4)}{PARTIAL}"
        path.mkdir()
        if fcntl is None:
            return -1, path
        handle = os.open(path, os.O_RDONLY)
        if _lock(handle) and path.is_dir():
            return handle, path
        os.close(handle)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process is in here with the same folder."""
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sweep(folder: Path) -> None:
    """Delete what killed writers left in `folder`; what a living one holds stays."""
    if fcntl is None:
        return
    for path in sorted(folder.glob(f".*{PARTIAL}")):
        try:
            handle = os.open(path, os.O_RDONLY)
        except OSError:  # gone, or not ours to delete
            continue
        try:
            if not _lock(handle):
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        except FileNotFoundError:  # another process swept it
            continue
        finally:
            os.close(handle)


def read_json(path: Path) -> dict:
    """What a file that can be made again says; empty where it is not there or cannot be understood."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        said = json.loads(path.read_bytes())
        if isinstance(said, dict):
            return said
    return {}


def write_json(path: Path, said: dict) -> None:
    """Write such a file, whole or not at all.

    Raises
    ------
    OSError
        It cannot be written.
    """
    write_text(path, json.dumps(said))
