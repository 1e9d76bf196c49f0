"""The one map: everything once, and processes only where they save more than they cost."""

import os
import time

import pytest

from starlight.fanout import BACKENDS, Engine, chunked, run


def quick(chunk):
    return os.getpid(), list(chunk)


def compute(seconds):
    """Keep the processor busy, for that is what a trial measures."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def slow(chunk):
    compute(0.02 * len(chunk))
    return quick(chunk)


def done(task, count, **options):
    engine = Engine(**{"workers": 2} | options)
    results = list(run(engine, task, chunked(range(count), engine), label="test"))
    assert sorted(i for _, items in results for i in items) == list(range(count))
    return {process for process, _ in results}


@pytest.mark.parametrize("count", [0, 1, 2, 3, 10, 11, 300])
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_item_once(backend, count):
    done(quick, count, backend=backend)


def test_little_work_is_done_here_and_much_by_workers():
    assert done(quick, 2000) == {os.getpid()}
    assert len(done(slow, 150) - {os.getpid()}) == 2
    assert done(slow, 150, workers=1) == {os.getpid()}


def test_what_is_loaded_late_does_not_count():
    late = []

    def first_is_slow(chunk):
        if not late:
            late.append(compute(0.5))
        return quick(chunk)

    assert done(first_is_slow, 300) == {os.getpid()}


@pytest.mark.parametrize("cores", [1, 2, 16])
def test_chunks_shrink_towards_the_end(cores):
    chunks = chunked(range(5000), Engine(cores))
    sizes = [len(chunk) for chunk in chunks]
    assert [i for chunk in chunks for i in chunk] == list(range(5000))
    assert sizes == sorted(sizes, reverse=True) and sizes[0] <= 128 and sizes[-cores] <= 8
