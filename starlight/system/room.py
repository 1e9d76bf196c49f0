"""What is said where a disk is full: how much was needed, where, and how much is free."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

from starlight.errors import StarlightError

__all__ = ["NoRoom", "is_full", "needs", "where_free"]

_FULL = (errno.ENOSPC, errno.EDQUOT)
_HELP = "see 'Room on disk' in docs/sharing.md"


class NoRoom(StarlightError):
    """A folder's disk is full. Once it is known how many records were still to come, `before` says what they take.

    Parameters
    ----------
    folder : str
    reason : str
        As the system gives it.
    record : float
        Bytes of a record, on average; 0 where none was written.
    """

    def __init__(self, folder: str, reason: str, record: float = 0.0) -> None:
        super().__init__(folder, reason, record)  # all of them, or a worker could not hand it on
        self.folder, self.reason, self.record = folder, reason, record

    def __str__(self) -> str:
        return f"{self.folder}: cannot write to the store: {self.reason}"

    def before(self, count: int) -> StarlightError:
        """What to tell a person while `count` records are still to be written."""
        return StarlightError(f"{self}; {count:,} more records {needs(self.record * count, self.folder)}")


def is_full(error: OSError) -> bool:
    """Whether there was no room, or no more of it for this user."""
    return error.errno in _FULL


def needs(size: float, folder: Path | str) -> str:
    """What something takes, where it is known, beside what there is: `take 650 MB, 12 MB are free there (see …)`."""
    return f"{f'take {_mb(size)}' if size else 'are to come'}, {_mb(_free(folder))} are free there ({_HELP})"


def where_free() -> str:
    """What is free on the disks that a stage writes to, each disk once."""
    named = os.environ.get("STARLIGHT_CACHE", "")
    places = {"here": os.getcwd(), "in STARLIGHT_CACHE" if named else "at home": os.path.expanduser(named or "~")}
    places["for temporary files"] = tempfile.gettempdir()
    disks: dict[int, str] = {}
    for name, folder in places.items():
        if os.path.isdir(folder):
            disks.setdefault(os.stat(folder).st_dev, f"{_mb(_free(folder))} {name} ({folder})")
    return f"free: {', '.join(disks.values())}; {_HELP}"


def _free(folder: Path | str) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:  # the folder itself could not be made
        return 0


def _mb(size: float) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 1e7 else f"{size / 1e6:.1f} MB"
