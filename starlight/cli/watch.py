"""`starlight watch`: judges what is new in folders, appends JSON lines, and keeps figures for a collector.

What a file is, is its path, size and time of change; all three stand in its record, so that the file of answers is all
the memory that there is. Killed at any moment, the watch goes on where it was: a record torn in the middle is dropped,
and its file is judged again.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import starlight
from starlight.cli.detect import ERROR, FOUND, NOTHING, cores, say, stopping
from starlight.cli.inputs import Source, expand
from starlight.cli.resume import Records
from starlight.cli.tasks import loader
from starlight.cli.workers import Pool
from starlight.detector.answer import STEGO
from starlight.errors import StarlightError
from starlight.system.atomic import write_text
from starlight.telemetry.answers import Answers

__all__ = ["run"]

_END = Source("\0", "end of a round")  # comes back in order, when every file before it is answered
_MOST_WORKERS = 4


def run(args: argparse.Namespace) -> int:
    """Watch until a signal comes, or once; returns the exit status."""
    with contextlib.ExitStack() as stack:
        stream, seen, answers = _open(args.output)
        stack.enter_context(stream)
        watch = _Watch(args, seen)
        load = loader("stego", args.model, args.runtime, None, args.fpr)
        pool = Pool(load, workers=args.workers or min(cores(), _MOST_WORKERS), seconds=args.timeout)
        caught = stack.enter_context(stopping(pool))
        try:
            status = _answer(args, watch, pool, stream, answers)
        except OSError as error:
            raise StarlightError(f"{error.filename or args.output}: {error.strerror or error}") from error
        finally:
            watch.stopped.set()
        return NOTHING if caught and not args.once else status


def _answer(args: argparse.Namespace, watch: _Watch, pool: Pool, stream: BinaryIO, answers: Answers) -> int:
    """Append answers as they come; figures are written at the end of each round."""
    status = NOTHING
    for record in pool.results(watch.sources()):
        if record["path"] == _END.path:
            os.fsync(stream.fileno())
            if args.metrics_file:
                figures = {"version": starlight.__version__, "detector": pool.description, "success": time.time()}
                write_text(Path(args.metrics_file), answers.text(**figures))
            continue
        size, changed = watch.facts.pop(record["path"], (None, None))
        record |= {"size": size, "changed_ns": changed, "at": round(time.time(), 3)}
        stream.write(json.dumps(record, allow_nan=False).encode() + b"\n")
        stream.flush()
        answers.add(record)
        if record["verdict"] == STEGO:
            status = FOUND
            if not args.quiet:
                say(f"{record['verdict']} {record['technique']}: {record['path']!a}")
    return ERROR if watch.failed else status


class _Watch:
    """The rounds, as one endless list of files that have not been answered as they are now."""

    def __init__(self, args: argparse.Namespace, seen: set[int]) -> None:
        self._args, self._seen = args, seen
        self._folders = [os.path.abspath(folder) for folder in args.folders]
        self.facts: dict[str, tuple[int, int]] = {}
        self.stopped, self.failed = threading.Event(), False

    def sources(self) -> Iterator[Source]:
        """Files of one round after the other, `_END` after each; runs beside the main thread."""
        while not self.stopped.is_set():
            yield from self._round()
            yield _END
            if self._args.once or self.stopped.wait(self._args.interval):
                return

    def _round(self) -> Iterator[Source]:
        for source in expand(self._folders):
            if self.stopped.is_set():
                return
            if source.error:
                self._complain(source)
                continue
            try:
                facts = os.stat(source.path)
            except OSError:  # it has gone since the folder was read
                continue
            known = key(source.path, facts.st_size, facts.st_mtime_ns)
            young = time.time() - facts.st_mtime < self._args.settle
            if known in self._seen or young or not stat.S_ISREG(facts.st_mode) or source.path in self.facts:
                continue
            self._seen.add(known)
            self.facts[source.path] = (facts.st_size, facts.st_mtime_ns)
            yield source

    def _complain(self, source: Source) -> None:
        if not self.failed:
            say(f"{source.path!a}: {source.error}")
        self.failed = True


def key(path: str, size: int | None, changed_ns: int | None) -> int:
    """Eight bytes that stand for a file as it is."""
    text = f"{size} {changed_ns} {path}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def _open(path: str) -> tuple[BinaryIO, set[int], Answers]:
    """The file of answers, at the end of its last whole record and locked, and what its records say."""
    try:
        stream = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
    except OSError as error:
        raise StarlightError(f"{path}: cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        seen, answers = set(), Answers()
        found = Records(stream, path)
        for record in found:
            seen.add(key(record["path"], record.get("size"), record.get("changed_ns")))
            answers.add(record)
        stream.seek(found.end)
        stream.truncate()
    except BlockingIOError as error:
        stream.close()
        raise StarlightError(f"{path}: another watch writes to it") from error
    except BaseException:
        stream.close()
        raise
    return stream, seen, answers
