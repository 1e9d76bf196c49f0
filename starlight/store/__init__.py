"""Results by content: packed, immutable, memory-mapped shards that survive kills, full disks and bit rot.

One folder for each `stream@version-parameters`. Nothing in it is needed: what is missing is computed again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from starlight.errors import StarlightError
from starlight.store.reader import StreamReader
from starlight.store.table import Table

__all__ = ["Store", "StreamReader", "Table", "default_root", "key", "table_name"]


class Store:
    """A folder of tables.

    Parameters
    ----------
    root : Path
        Absolute, so that it is the same one from every working directory.

    Raises
    ------
    StarlightError
        `root` is relative, or cannot be made.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        if not self.root.is_absolute():
            raise StarlightError(f"{root}: the store's folder must be an absolute path")
        self.folder("")

    def folder(self, name: str) -> Path:
        """Folder of a table, made if missing."""
        path = self.root / name
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StarlightError(f"{path}: the store cannot be made: {error.strerror or error}") from error
        return path

    def table(self, name: str) -> Table:
        """Table of a name that `table_name` gave."""
        return Table(self.folder(name))

    def forget(self, name: str, kept: int) -> None:
        """Remove tables of the same stream as `name`, but for it and those used last, `kept` in all.

        What another process reads of a removed one it has to compute again.
        """
        os.utime(self.folder(name))
        stream = name.partition("@")[0]
        tables = sorted(self.root.glob(f"{stream}@*"), key=_used, reverse=True)
        for table in [t for t in tables if t.name != name][kept - 1 :]:
            shutil.rmtree(table, ignore_errors=True)

    def mend(self, shards: Iterable[Path]) -> None:
        """Rid shards of their damaged records."""
        for path in shards:
            self.table(path.parent.name).mend(path)


def _used(table: Path) -> float:
    try:
        return table.stat().st_mtime
    except OSError:  # another process has removed it
        return 0.0


def table_name(stream: str, version: int, params: Mapping[str, object]) -> str:
    """Name of the table of a stream, such as `pixel@3-9f2c11ab`.

    Parameters
    ----------
    stream : str
    version : int
    params : mapping
        What the stream depends on; its hash is in the name.

    Returns
    -------
    str
    """
    digest = hashlib.sha256(json.dumps(dict(params), sort_keys=True).encode()).hexdigest()
    return f"{stream}@{version}-{digest[:8]}"


def key(sample_id: str) -> int:
    """64-bit key of a sample_id."""
    return int(sample_id, 16)


def default_root(environ: Mapping[str, str] | None = None) -> Path:
    """`STARLIGHT_CACHE` where it is set, else `starlight` in the user's cache folder.

    Raises
    ------
    StarlightError
        `STARLIGHT_CACHE` is a relative path.
    """
    environ = os.environ if environ is None else environ
    named = environ.get("STARLIGHT_CACHE", "")
    if named:
        if not Path(named).expanduser().is_absolute():
            raise StarlightError(f"STARLIGHT_CACHE: {named!r} must be an absolute path")
        return Path(named).expanduser()
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif os.name == "nt":
        base = Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "starlight"
