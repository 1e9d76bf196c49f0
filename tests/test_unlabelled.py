"""Errors expected from probabilities are those that happen, where the probabilities are right; the share is found."""

import json
import math

import numpy as np
import pytest
from synthetic_predictions import make_predictions

from starlight.errors import StarlightError
from starlight.monitor.unlabelled import agreement, expected, of_answers, share_of_stego


def drawn(share, n=20_000, seed=0):
    """Labels at a share of stego, and probabilities that would be right at a half: scores one apart, of unit spread."""
    rng = np.random.default_rng(seed)
    label = rng.random(n) < share
    score = rng.normal(np.where(label, 1.0, -1.0))
    return label, 1 / (1 + np.exp(-2 * score))


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9])
def test_share_and_errors_are_found_whatever_the_share(share):
    label, p = drawn(share)
    flagged = p > 0.9
    assert share_of_stego(p) == pytest.approx(label.mean(), abs=0.015)
    told = expected(p, flagged)
    assert told.low - 0.01 <= (flagged == label).mean() <= told.high + 0.01
    assert told.false_alarms == pytest.approx((flagged & ~label).sum(), rel=0.15, abs=20)
    assert told.misses == pytest.approx((~flagged & label).sum(), rel=0.25, abs=20)


def test_the_interval_holds_at_a_known_share():
    inside = 0
    for seed in range(200):
        label, p = drawn(0.5, 400, seed)
        told = expected(p, p > 0.5, stego=0.5)
        inside += told.low <= ((p > 0.5) == label).mean() <= told.high
    assert inside >= 180


def test_nothing_to_go_by():
    assert all(math.isnan(value) for value in expected([], [])) and math.isnan(share_of_stego([]))


def test_agreement_on_labelled_images():
    predictions = make_predictions()
    table = agreement(predictions, "v4")
    whole = table[table.part == "all"].iloc[0]
    assert whole.n == len(predictions) and set(table.part) >= {"all", "size"} and (table.n >= 50).all()
    assert whole.false_alarms == ((predictions.v4_flagged == 1) & (predictions.label == 0)).sum()


def test_answers_of_a_watch(tmp_path):
    rows = [{"verdict": "stego", "probability": 0.75}, {"verdict": "clean", "probability": 0.25},
            {"verdict": "unreadable", "probability": None}]  # fmt: skip
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    first, second = of_answers(tmp_path / "a.jsonl")
    assert first == "2 of 3 files judged, 1 called stego" and "0.2 of those are false alarms" in second
    for content in ("x", "[1]\n", '{"verdict": 1}\n'):
        (tmp_path / "b.jsonl").write_text(content, encoding="utf-8")
        with pytest.raises(StarlightError, match=r"b\.jsonl: is no file of answers"):
            of_answers(tmp_path / "b.jsonl")
