"""Worker processes: a file that crashes or hangs one costs its own line, never the run.

The process that prints loads no model and reads no image. Files go to workers one at a time, so it is always known
which file a worker that died was busy with; answers come back in the order of the files.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

from starlight.cli.inputs import Source
from starlight.detector.answer import UNREADABLE, Detection
from starlight.errors import StarlightError

__all__ = ["Pool", "answered"]

_AHEAD = 64  # files a worker that may be answered before the oldest one is
_PATIENCE = 3  # workers in a row that may die while they start
_ENVIRONMENT = {  # read when a process or its libraries start
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"),
    # Each image needs the same large arrays again: memory is kept, not returned to the system and cleared anew.
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_TRIM_THRESHOLD_": "1073741824",
    "MALLOC_TOP_PAD_": "67108864",
}

Load = Callable[[], Any]
Record = dict[str, Any]


class _Worker:
    """One process and the file that it is busy with."""

    def __init__(self, context: multiprocessing.context.BaseContext, load: Load) -> None:
        self.link, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, load), daemon=True)
        with _environment():
            self.process.start()
        theirs.close()
        self.ready, self.job, self.deadline = False, None, float("inf")

    def give(self, job: int, path: str, seconds: float) -> None:
        self.job, self.deadline = job, time.monotonic() + seconds
        try:
            self.link.send(path)
        except OSError:  # it has died since: its link is readable now, and says so to whoever waits
            return

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.link.close()


class Pool:
    """Judges files in worker processes.

    Parameters
    ----------
    load : callable
        Gives an object with `detect(path) -> Detection` and `description`; runs once in each worker, which imports it.
    workers : int
        Most processes; a second one starts only when files are waiting.
    seconds : float
        Longest time a file may take.
    """

    def __init__(self, load: Load, *, workers: int, seconds: float) -> None:
        self._load, self._most, self._seconds = load, workers, seconds
        self._context = multiprocessing.get_context("spawn")
        self._wake, self._waker = self._context.Pipe(duplex=False)
        self._workers: list[_Worker] = []
        self._done: dict[int, Record] = {}
        self._files: dict[int, str] = {}  # taken in, not answered
        self._waiting: list[int] = []  # of these, given to no worker yet
        self._next = self._taken = self._failed_starts = 0
        self._stopped = False
        self.description = ""

    def stop(self) -> None:
        """Give up on what is not answered yet; safe in a signal handler."""
        if not self._stopped:
            self._stopped = True
            self._waker.send(None)

    def results(self, sources: Iterable[Source]) -> Iterator[Record]:
        """Records in the order of the sources; after `stop`, those that are there and no more.

        Raises
        ------
        StarlightError
            The detector cannot be loaded.
        """
        feed, end = self._context.Pipe(duplex=False)
        threading.Thread(target=_feed, args=(sources, end), daemon=True).start()
        more = True
        try:
            self._workers.append(_Worker(self._context, self._load))
            while not self._stopped and (more or self._files or self._done):
                while self._next in self._done:
                    yield self._done.pop(self._next)
                    self._next += 1
                self._hand_out()
                if more or self._files:
                    room = more and len(self._waiting) <= self._most and self._taken - self._next < self._window
                    more = self._listen(feed if room else None) and more
            yield from (self._done.pop(i) for i in sorted(self._done))
        finally:
            for worker in self._workers:
                worker.stop()
            feed.close()

    @property
    def _window(self) -> int:
        return _AHEAD * self._most

    def _listen(self, feed: Connection | None) -> bool:
        """Wait for something to happen and take note of it; False once the last source came."""
        links = {worker.link: worker for worker in self._workers}
        soonest = min((worker.deadline for worker in self._workers), default=float("inf"))
        seconds = None if soonest == float("inf") else max(0.0, soonest - time.monotonic())
        more = True
        for link in wait([*links, self._wake, *([feed] if feed else [])], seconds):
            if link in links:
                self._hear(links[link])
            elif link is feed:
                more = self._take(feed.recv())
        for worker in [w for w in self._workers if w.deadline <= time.monotonic() and w.job is not None]:
            self._bury(worker, f"took over {self._seconds:g} s")
        return more

    def _take(self, item: Source | Exception | None) -> bool:
        if item is None:
            return False
        if isinstance(item, Exception):
            raise item
        if item.error:
            self._done[self._taken] = Detection(item.path, UNREADABLE, reason=item.error).to_dict()
        else:
            self._files[self._taken] = item.path
            self._waiting.append(self._taken)
        self._taken += 1
        return True

    def _hand_out(self) -> None:
        for worker in self._workers:
            if self._waiting and worker.ready and worker.job is None:
                job = self._waiting.pop(0)
                worker.give(job, self._files[job], self._seconds)
        starting = sum(not worker.ready for worker in self._workers)
        if len(self._waiting) > starting and len(self._workers) < self._most:
            self._workers.append(_Worker(self._context, self._load))

    def _hear(self, worker: _Worker) -> None:
        try:
            kind, value = worker.link.recv()
        except (EOFError, OSError):
            self._bury(worker, "worker died")
            return
        if kind == "failed":
            raise StarlightError(value)
        if kind == "ready":
            worker.ready, self._failed_starts, self.description = True, 0, value
            return
        self._done[worker.job] = value
        del self._files[worker.job]
        worker.job, worker.deadline = None, float("inf")

    def _bury(self, worker: _Worker, reason: str) -> None:
        worker.stop()
        self._workers.remove(worker)
        if worker.job is not None:
            self._done[worker.job] = Detection(self._files.pop(worker.job), UNREADABLE, reason=reason).to_dict()
        elif not worker.ready:
            self._failed_starts += 1
            if self._failed_starts == _PATIENCE:
                raise StarlightError(f"detector: {_PATIENCE} workers in a row died while they loaded it")
        if not self._workers:
            self._workers.append(_Worker(self._context, self._load))


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    """Settings that a new process starts with and this one does not keep; what the user has set stays."""
    added = {name: value for name, value in _ENVIRONMENT.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _feed(sources: Iterable[Source], end: Connection) -> None:
    """Walk folders beside the main thread; the pipe holds only so many, which bounds the memory."""
    try:
        for source in sources:
            end.send(source)
        end.send(None)
    except BrokenPipeError:  # the run is over
        return
    except Exception as error:  # to be raised where somebody sees it
        end.send(StarlightError(f"{type(error).__name__}: {error}"))


def answered(detector: Any, path: str) -> Record:
    """The record of one file. A fault of ours stands in it as the reason: the next file is judged."""
    try:
        return detector.detect(path).to_dict()
    except Exception as error:
        return Detection(path, UNREADABLE, reason=f"{type(error).__name__}: {error}").to_dict()


def _serve(link: Connection, load: Load) -> None:
    """A worker's life: load, then answer until the other end is gone."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that prints decides when to stop
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        _answer(link, load)
    except (EOFError, BrokenPipeError, ConnectionResetError):  # whom it answered to is gone
        return


def _answer(link: Connection, load: Load) -> None:
    try:
        detector = load()
    except StarlightError as error:
        link.send(("failed", str(error)))
        return
    link.send(("ready", detector.description))
    while True:
        path = link.recv()
        link.send(("done", answered(detector, path)))
