"""What compiled libraries write to the error stream, caught instead of printed."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator

__all__ = ["native_stderr"]

_LOCK = threading.Lock()
_MAX_WORDS = 4096


@contextlib.contextmanager
def native_stderr() -> Iterator[list[str]]:
    """Catch descriptor 2 for the length of the block; its lines are in the list afterwards.

    libjpeg and libtiff have no other way to tell of damage that they have mended. The descriptor belongs to the
    process: blocks of several threads wait for each other, and should be short.
    """
    lines: list[str] = []
    with _LOCK, tempfile.TemporaryFile() as words:
        kept = os.dup(2)
        os.dup2(words.fileno(), 2)
        try:
            yield lines
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            words.seek(0)
            lines += words.read(_MAX_WORDS).decode("utf-8", "replace").splitlines()
