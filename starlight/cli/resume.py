"""Going on where an earlier run stopped: its answers are kept, a torn last line is dropped, new ones are appended."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from starlight.errors import StarlightError

__all__ = ["Answered", "Records", "earlier", "open_resumed"]


class Answered:
    """Which paths were answered, in eight bytes a path, and how often each verdict was given."""

    def __init__(self) -> None:
        self.verdicts: dict[str, int] = {}
        self._keys = np.empty(0, np.uint64)

    def load(self, records: Iterator[dict]) -> None:
        """Take in the records of an earlier run."""

        def keys() -> Iterator[int]:
            for record in records:
                self.verdicts[record["verdict"]] = self.verdicts.get(record["verdict"], 0) + 1
                yield _key(record["path"])

        self._keys = np.unique(np.fromiter(keys(), np.uint64))

    def __contains__(self, path: str) -> bool:
        key = np.uint64(_key(path))
        at = int(np.searchsorted(self._keys, key))
        return at < len(self._keys) and self._keys[at] == key

    def __len__(self) -> int:
        return len(self._keys)


def open_resumed(path: str) -> tuple[BinaryIO, Answered]:
    """Open a file of answers for appending; it is made if there is none.

    Returns
    -------
    stream : binary file
        At the end of the last whole record.
    answered : Answered

    Raises
    ------
    StarlightError
        The file cannot be opened, or holds something else than answers: it is left as it was.
    """
    answered = Answered()
    try:
        stream = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
    except OSError as error:
        raise StarlightError(f"{path}: cannot be opened: {error.strerror}") from error
    try:
        end = Records(stream, path)
        answered.load(iter(end))
        stream.seek(end.end)
        stream.truncate()
    except BaseException:
        stream.close()
        raise
    return stream, answered


def earlier(path: str) -> Iterator[dict]:
    """Whole records of a file of answers."""
    with open(path, "rb") as stream:
        yield from Records(stream, path)


class Records:
    """Iterates over the whole records of an open file of answers; `end` is where the last one ends."""

    def __init__(self, stream: BinaryIO, path: str) -> None:
        self._stream, self._path, self.end = stream, path, 0

    def __iter__(self) -> Iterator[dict]:
        for number, line in enumerate(self._stream, 1):
            record = _record(line)
            if record is None:
                torn = not line.endswith(b"\n") and (number > 1 or b'{"path":'.startswith(line[:8]))
                if torn:
                    return
                raise StarlightError(f"{self._path}: line {number} is no answer of `starlight detect --format jsonl`")
            self.end += len(line)
            yield record


def _record(line: bytes) -> dict | None:
    """The record of a whole line, None for anything else."""
    if not line.endswith(b"\n"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    whole = isinstance(record, dict) and isinstance(record.get("path"), str) and isinstance(record.get("verdict"), str)
    return record if whole else None


def _key(path: str) -> int:
    return int.from_bytes(hashlib.blake2b(path.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
