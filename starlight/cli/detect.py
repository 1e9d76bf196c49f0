"""`starlight detect`: stream answers, keep count, stop cleanly."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from pathlib import Path
from typing import Any

from starlight.cli.cluster import ClusterPool
from starlight.cli.inputs import Source, expand
from starlight.cli.output import Writer, discard
from starlight.cli.page import Page, pictured
from starlight.cli.resume import earlier, open_resumed
from starlight.cli.tasks import EVERY_VERDICT, FORGERY_VERDICTS, loader
from starlight.cli.workers import Pool
from starlight.detector.answer import STEGO, UNREADABLE, VERDICTS
from starlight.detector.installed import find_weights, installed_runtime
from starlight.errors import StarlightError
from starlight.forgery.answer import FORGED

__all__ = ["ERROR", "FOUND", "NOTHING", "cores", "run", "say", "stopping"]

NOTHING, FOUND, ERROR, GONE = 0, 1, 2, 141
_MOST_WORKERS = 4
_TICK_S = 0.2
_VERDICTS = {"stego": VERDICTS, "forgery": FORGERY_VERDICTS, "all": EVERY_VERDICT}


def run(args: argparse.Namespace) -> int:
    """Judge files; returns the exit status."""
    if args.explain and not args.report:
        raise StarlightError("--explain: goes with --report")
    with contextlib.ExitStack() as stack:
        answered: Container[str] = ()
        tally = Tally(_VERDICTS[args.task])
        if args.resume is None:
            writer = Writer(sys.stdout.buffer, args.format or "table", sys.stdout.encoding, args.task)
        else:
            if args.format not in (None, "jsonl"):
                raise StarlightError(f"--resume: writes JSON lines, not {args.format}")
            stream, answered = open_resumed(args.resume)
            writer = Writer(stack.enter_context(stream), "jsonl", task=args.task)
            tally.verdicts.update(answered.verdicts)
        sources = tally.watch(expand(args.paths, null=args.null), answered)
        page = stack.enter_context(Page(Path(args.report))) if args.report else None
        if page and args.resume:
            for record in earlier(args.resume):
                page.add(record)
        try:
            return _judge(args, sources, writer, tally, page)
        except BrokenPipeError:
            discard(writer)
            return GONE
        except OSError as error:
            raise StarlightError(f"output: {error.strerror or error}") from error


class Tally:
    """What was answered so far, and what that comes to."""

    def __init__(self, shown: tuple[str, ...] = VERDICTS) -> None:
        self._shown = shown
        self.verdicts: Counter[str] = Counter()
        self.errors = self.skipped = 0

    def watch(self, sources: Iterable[Source], answered: Container[str]) -> Iterator[Source]:
        """Pass on what is not answered yet; note what cannot even be looked at."""
        for source in sources:
            self.errors += bool(source.error)
            if source.path in answered:
                self.skipped += 1
            else:
                yield source

    @property
    def status(self) -> int:
        total = sum(self.verdicts.values())
        if self.errors or (total and self.verdicts[UNREADABLE] == total):
            return ERROR
        return FOUND if self.verdicts[STEGO] or self.verdicts[FORGED] else NOTHING

    def __str__(self) -> str:
        counts = ", ".join(f"{self.verdicts[v]} {v}" for v in self._shown)
        total = sum(self.verdicts.values())
        return f"{total} files: {counts}" + (f" ({self.skipped} answered before)" if self.skipped else "")


def _judge(args: argparse.Namespace, sources: Iterator[Source], writer: Writer, tally: Tally, page: Page | None) -> int:
    load = loader(args.task, *_files(args), args.fpr)
    if page:
        load = pictured(load, page.folder.absolute() if args.explain else None)
    pool = _pool(args, load)
    told = args.quiet
    with stopping(pool) as stopped, _progress(args) as tick:
        for record in pool.results(sources):
            if not told and pool.description:
                say(pool.description)
                told = True
            writer.write(record)
            if page:
                page.detector = pool.description
                page.add(record)
            tally.verdicts[record["verdict"]] += 1
            tick(1)
    if not args.quiet:
        say(str(tally) + (", stopped" if stopped else ""))
    return 128 + stopped[0] if stopped else tally.status


def _files(args: argparse.Namespace) -> tuple[str | None, str | None, str | None]:
    """Weights, runtime, folder of masks: as typed, or as workers of a cluster need them, which are elsewhere."""
    if not args.scheduler:
        return args.model, args.runtime, args.masks
    model, runtime = args.model, args.runtime
    if args.task != "forgery":
        runtime = runtime or installed_runtime(model)
        model = model or find_weights()[0]
    return model and os.path.abspath(model), runtime, args.masks and os.path.abspath(args.masks)


def _pool(args: argparse.Namespace, load: Callable[[], Any]) -> Pool | ClusterPool:
    if args.scheduler:
        return ClusterPool(load, args.scheduler)
    return Pool(load, workers=args.workers or min(cores(), _MOST_WORKERS), seconds=args.timeout)


@contextlib.contextmanager
def stopping(pool: Pool | ClusterPool) -> Iterator[list[int]]:
    """Signals stop the pool between two answers; the list then holds the signal. A second Ctrl-C stops at once."""
    caught: list[int] = []

    def stop(number: int, _frame: object) -> None:
        if caught:
            raise KeyboardInterrupt
        caught.append(number)
        pool.stop()

    if threading.current_thread() is not threading.main_thread():
        yield caught
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _progress(args: argparse.Namespace) -> Iterator[Any]:
    """A count on standard error, where somebody sees it and the answers do not scroll it away."""
    answers_seen = args.resume is None and sys.stdout.isatty()
    if args.quiet or answers_seen or not sys.stderr.isatty():
        yield lambda n: None
        return
    bar = _Bar()
    try:
        yield bar.update
    finally:
        bar.close()


class _Bar:
    """Files answered and their rate, on one line that is written over, some times a second."""

    def __init__(self) -> None:
        self._count, self._started, self._shown = 0, time.monotonic(), 0.0

    def update(self, count: int) -> None:
        self._count += count
        now = time.monotonic()
        if now - self._shown > _TICK_S:
            self._shown = now
            rate = self._count / max(now - self._started, 1e-9)
            sys.stderr.write(f"\r{self._count} files, {rate:.1f} a second\x1b[K")
            sys.stderr.flush()

    def close(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def say(text: str) -> None:
    """One line for people, on standard error."""
    print(f"starlight: {text}", file=sys.stderr)
