"""Errors estimated by contradictions are counted as said; a payload of another size goes by the second classifier."""

import numpy as np
import pytest
import tiny

from starlight.detector.detector import Detector
from starlight.lab.unlabelled import inconsistency
from starlight.lab.unlabelled.inconsistency import Plan, compare

PLAN = Plan("lsbr", 0.4, (0.4, 0.01))


@pytest.fixture(scope="module")
def flags_all(tmp_path_factory):
    return Detector.load(tiny.weights(tmp_path_factory.mktemp("w") / "w.safetensors", threshold=-30))


def pictures(count, first=0):
    return [tiny.pixels(64, seed) for seed in range(first, first + count)]


class Always:
    def __init__(self, answer):
        self.answer = answer

    def predict(self, content):
        return np.full(len(content), self.answer)


@pytest.mark.parametrize(("answer", "estimate"), [(1, 0.0), (0, 0.5)])
def test_half_of_the_contradictions_is_the_estimate(flags_all, monkeypatch, answer, estimate):
    """Everything is flagged, so half of the verdicts are wrong: on the images without a payload."""
    monkeypatch.setattr(inconsistency, "_trained", lambda single, double: Always(answer))
    table = compare(flags_all, pictures(2), {"own": pictures(6, 2)}, PLAN)
    assert (table.wrong == 3).all() and (table.images == 6).all() and table.rate.tolist() == [0.4, 0.01]
    assert (table.by_contradictions == estimate).all() and (table.second_wrong == 0.5).all()


def test_a_payload_that_the_second_classifier_was_not_trained_for_goes_by_it(flags_all):
    table = compare(flags_all, pictures(24), {"own": pictures(16, 24)}, PLAN)
    assert table.second_wrong.iloc[1] > 0.25
