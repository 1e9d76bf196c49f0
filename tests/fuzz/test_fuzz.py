"""The fuzz target itself: it makes the same files again, counts each once and notices what dies or hangs."""

import os
import time

import numpy as np
import pytest

from starlight.errors import BadImage
from starlight.images.containers import Limits
from starlight.images.image import decode
from starlight.lab.fuzz import fuzzing, mutations, specimens

SPECIMENS = specimens.make()


def test_the_same_number_and_seed_make_the_same_file():
    assert [mutations.mutate(n, 5, SPECIMENS) for n in range(40)] == [
        mutations.mutate(n, 5, SPECIMENS) for n in range(40)
    ]
    assert mutations.mutate(3, 5, SPECIMENS) != mutations.mutate(3, 6, SPECIMENS)


def test_mutations_reach_past_the_front_door():
    verdicts = [fuzzing.try_file(mutations.mutate(n, 1, SPECIMENS)[1], 2.0)[0] for n in range(400)]
    assert set(verdicts) == {"ok", "rejected"}
    assert 0.1 < verdicts.count("ok") / len(verdicts) < 0.9


def test_a_short_run_accounts_for_every_file():
    report = fuzzing.run(120, 0)
    assert report.clean and report.unaccounted == 0
    assert report.ok + sum(report.rejected.values()) == report.total == 120
    assert fuzzing.table(report).splitlines()[-1].split() == ["lost", "0"]


def test_errors_of_any_other_kind_are_crashes(monkeypatch):
    def raises(data):
        raise KeyError("x")

    monkeypatch.setattr(fuzzing, "decode", raises)
    assert fuzzing.try_file(b"x", 2.0) == ("crashed", "KeyError: 'x'")


def test_slow_files_are_noticed(monkeypatch):
    def spins(data):
        until = time.process_time() + 0.05
        while time.process_time() < until:
            pass
        raise BadImage("late")

    monkeypatch.setattr(fuzzing, "decode", spins)
    assert fuzzing.try_file(b"x", 0.01)[0] == "slow"


def _dies_and_hangs(start, stop, seed, limit_s, results):
    for number in range(start, stop):
        if number == 3:
            os._exit(9)
        if number == 5:
            time.sleep(60)
        results.send((number, "ok", ""))


def test_a_process_that_dies_or_hangs_costs_one_file(monkeypatch):
    monkeypatch.setattr(fuzzing, "_work", _dies_and_hangs)
    monkeypatch.setattr(fuzzing, "_PATIENCE", 8)
    report = fuzzing.run(8, 0, limit_s=0.4)
    assert report.ok == 6
    assert report.crashed == [(3, "process ended with 9")]
    assert report.slow == [(5, "no answer")]
    assert report.unaccounted == 0 and not report.clean


@pytest.mark.parametrize("kind", ["crashed", "slow"])
def test_the_table_names_what_misbehaved(kind):
    report = fuzzing.run(0, 0)
    getattr(report, kind).append((41, "why"))
    assert "file 41 why" in fuzzing.table(report)


def test_an_image_that_is_seen_in_part_passes():
    data = specimens.encode(np.zeros((400, 16, 3), np.uint8), "PNG")
    image = decode(data, Limits(seen_pixels=16 * 128))
    assert image.share_seen < 1
    fuzzing._check(data, image)
