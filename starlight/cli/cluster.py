"""Files judged on a Dask cluster, whose machines share the folders: `--scheduler`.

One file is one task, so that a file that kills its worker costs its own line: the scheduler tries it on some others,
then gives it up. A worker that dies of anything else costs time alone, for what it was busy with is done by another.
"""

from __future__ import annotations

import functools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from starlight.cli.inputs import Source
from starlight.cli.workers import answered
from starlight.detector.answer import UNREADABLE, Detection
from starlight.errors import StarlightError
from starlight.system.cluster import connected

__all__ = ["ClusterPool"]

_AHEAD = 32  # files a thread of the cluster that may be answered before the oldest one is

Record = dict[str, Any]


class ClusterPool:
    """As `workers.Pool`, with the work done elsewhere and without a limit on a file's time.

    Parameters
    ----------
    load : callable
        As for `workers.Pool`; paths that it holds are absolute, for workers have working directories of their own.
    scheduler : str
        Such as `tcp://head:8786`.
    """

    def __init__(self, load: Callable[[], Any], scheduler: str) -> None:
        self._load, self._scheduler = load, scheduler
        self._stopped = False
        self.description = ""

    def stop(self) -> None:
        """Give up on what is not answered yet; safe in a signal handler."""
        self._stopped = True

    def results(self, sources: Iterable[Source]) -> Iterator[Record]:
        """Records in the order of the sources; after `stop`, those that are there and no more.

        Raises
        ------
        StarlightError
            The cluster cannot be reached, or the detector cannot be loaded there.
        """
        with connected(self._scheduler) as client:
            self.description = self._described(client)
            window = _AHEAD * max(1, sum(client.nthreads().values()))
            waiting: deque[tuple[Source, Any]] = deque()
            for source in sources:
                task = None if source.error else client.submit(_judge, self._load, source.path, os.getcwd(), pure=False)
                waiting.append((source, task))
                while len(waiting) >= window and not self._stopped:
                    yield _record(*waiting.popleft())
                if self._stopped:
                    break
            while waiting and not (self._stopped and waiting[0][1] and not waiting[0][1].done()):
                yield _record(*waiting.popleft())

    def _described(self, client: Any) -> str:
        try:
            return client.submit(_description, self._load, pure=False).result()
        except StarlightError:
            raise
        except Exception as error:  # whatever is wrong over there, such as another version of this package
            told = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            raise StarlightError(f"scheduler {self._scheduler}: workers cannot load the detector: {told}") from error


def _record(source: Source, task: Any) -> Record:
    from distributed import KilledWorker

    if task is None:
        return Detection(source.path, UNREADABLE, reason=source.error).to_dict()
    try:
        return task.result()
    except KilledWorker:
        return Detection(source.path, UNREADABLE, reason="workers died").to_dict()


@functools.cache
def _loaded(load: Callable[[], Any]) -> Any:
    return load()


def _description(load: Callable[[], Any]) -> str:
    return _loaded(load).description


def _judge(load: Callable[[], Any], path: str, folder: str) -> Record:
    return answered(_loaded(load), os.path.join(folder, path)) | {"path": path}
