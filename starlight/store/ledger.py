"""Which files were read through and found right, so that an unchanged one is not read again.

It holds for as long as the system runs: after a power cut a file may have lost what was never written to the disk, and
then everything is read again, as it is where the system does not tell one start from another.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from starlight.store.atomic import read_json, write_json

__all__ = ["Ledger"]

_BOOT = Path("/proc/sys/kernel/random/boot_id")

Identity = tuple[int, int, int]


class Ledger:
    """Files and what they were when they were right: inode, length and time of the last change.

    Parameters
    ----------
    path : Path
        What is not there, or cannot be understood, is taken for empty.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.boot = _BOOT.read_text().strip() if _BOOT.exists() else ""
        self.files = self._read()

    def identity(self, path: Path) -> Identity | None:
        """What the file is now; None where there is none. Ask before reading it, not after."""
        try:
            about = os.stat(path)
        except FileNotFoundError:
            return None
        return about.st_ino, about.st_size, about.st_mtime_ns

    def knows(self, path: Path, identity: Identity | None) -> bool:
        """Whether the file was right when it was what it is now."""
        return identity is not None and self.files.get(str(path)) == list(identity)

    def save(self, right: Mapping[Path, Identity]) -> None:
        """Add files, drop those that are gone, and write; of two at once one is lost, which costs reading again.

        Raises
        ------
        OSError
            It cannot be written.
        """
        if not self.boot:
            return
        files = self._read() | {str(path): list(identity) for path, identity in right.items()}
        files = {path: identity for path, identity in files.items() if os.path.exists(path)}
        write_json(self.path, {"boot": self.boot, "files": files})

    def _read(self) -> dict[str, list[int]]:
        said = read_json(self.path)
        files = said.get("files")
        return files if said.get("boot") == self.boot and isinstance(files, dict) else {}
