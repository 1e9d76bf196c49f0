"""Worker processes: order, one line a file, and no file that ends the run."""

import os
import threading
import time

import pytest

from starlight.cli.inputs import Source
from starlight.cli.workers import Pool
from starlight.detector.answer import Detection
from starlight.errors import StarlightError


class Fake:
    """A detector whose behaviour is in the name of the file."""

    description = "a fake"

    def detect(self, path):
        if path.startswith("die"):
            os._exit(9)
        if path.startswith("hang"):
            time.sleep(60)
        if path.startswith("slow"):
            time.sleep(0.3)
        if path.startswith("raise"):
            raise ZeroDivisionError("oops")
        return Detection(path, "clean", reason=str(os.getpid()))


def load_broken():
    raise StarlightError("models/x: damaged")


def load_dying():
    os._exit(3)


def run(*names, load=Fake, workers=2, seconds=20.0):
    pool = Pool(load, workers=workers, seconds=seconds)
    return [(r["path"], r["verdict"], r["reason"]) for r in pool.results(map(Source, names))]


def test_order_is_that_of_the_files_and_each_has_one_line():
    names = [f"{'slow' if i % 10 == 3 else 'x'}{i}" for i in range(40)]
    assert [path for path, _, _ in run(*names)] == names


def test_crash_costs_its_own_line_only():
    answers = run("a", "die1", "b", "die2", "c")
    assert [(p, v) for p, v, _ in answers] == [
        ("a", "clean"), ("die1", "unreadable"), ("b", "clean"), ("die2", "unreadable"), ("c", "clean"),
    ]  # fmt: skip
    assert answers[1][2] == "worker died"


def test_hang_ends_at_the_time_limit():
    assert run("a", "hang", "b", seconds=1.0)[1] == ("hang", "unreadable", "took over 1 s")


def test_fault_of_ours_is_named_in_the_line():
    assert run("raise", "b", workers=1) == [
        ("raise", "unreadable", "ZeroDivisionError: oops"), ("b", "clean", run_pid()),
    ]  # fmt: skip


def run_pid():
    class Any:
        def __eq__(self, other):
            return other.isdigit()

    return Any()


def test_sources_that_are_no_files_keep_their_place():
    pool = Pool(Fake, workers=1, seconds=9.0)
    sources = [Source("a"), Source("gone", "no such file"), Source("b")]
    assert [(r["path"], r["reason"].isdigit()) for r in pool.results(sources)] == [
        ("a", True), ("gone", False), ("b", True),
    ]  # fmt: skip


def test_detector_that_cannot_be_loaded_ends_the_run():
    with pytest.raises(StarlightError, match="models/x: damaged"):
        run("a", load=load_broken)


def test_worker_that_dies_while_loading_does_not_loop():
    with pytest.raises(StarlightError, match="3 workers in a row"):
        run("a", load=load_dying)


def test_no_files():
    assert run() == []


def test_failing_source_is_raised():
    def sources():
        yield Source("a")
        raise RuntimeError("listing broke")

    with pytest.raises(StarlightError, match="listing broke"):
        list(Pool(Fake, workers=1, seconds=9.0).results(sources()))


def test_memory_is_bounded_however_long_the_oldest_file_takes():
    taken = []

    def sources():
        for i in range(100_000):
            taken.append(i)
            yield Source("hang" if i == 0 else f"x{i}")

    pool = Pool(Fake, workers=2, seconds=2.0)
    results = pool.results(sources())
    assert next(results)["path"] == "hang"
    assert len(taken) < 3000  # what the pipe and the window hold
    pool.stop()
    list(results)


def test_stop_gives_what_is_done_and_ends():
    pool = Pool(Fake, workers=2, seconds=60.0)
    results = pool.results(map(Source, ["a", "hang", *(f"x{i}" for i in range(10))]))
    assert next(results)["path"] == "a"
    threading.Timer(1.5, pool.stop).start()
    assert [r["path"] for r in results] == [f"x{i}" for i in range(10)]


def test_answers_come_while_the_list_is_still_open():
    release = threading.Event()

    def sources():
        yield Source("a")
        release.wait(20)
        yield Source("b")

    results = Pool(Fake, workers=1, seconds=9.0).results(sources())
    assert next(results)["path"] == "a"
    release.set()
    assert [r["path"] for r in results] == ["b"]
