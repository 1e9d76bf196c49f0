"""Thresholds far out in the tail."""

import numpy as np
import pytest

from starlight.calibration import Calibration, exponential_tail, fit


def test_exponential_tail_recovers_its_scale():
    values = np.random.default_rng(1).exponential(2.0, 200_000)
    location, scale = exponential_tail(values)
    assert location == pytest.approx(2 * np.log(10), rel=0.02)
    assert scale == pytest.approx(2.0, rel=0.03)


def test_no_values_is_nan():
    assert np.isnan(exponential_tail([])[0])


@pytest.mark.parametrize("target", [0.01, 0.001])
def test_false_positive_rate_on_new_images_is_the_one_asked_for(target):
    rng = np.random.default_rng(2)
    rates = []
    for _ in range(20):
        logits = rng.exponential([1.0, 3.0], (600, 2)) - 4
        fitted = fit(logits, np.zeros(600), ["jpeg"] * 600, techniques=("a", "b"), target_fpr=target)
        fresh = rng.exponential([1.0, 3.0], (100_000, 2)) - 4
        rates.append(np.mean(fitted.score(fresh, ["jpeg"] * len(fresh)) >= 0))
    assert target / 2 < np.mean(rates) < target * 2


def test_a_masked_technique_never_raises_a_score():
    logits = np.array([[-30.0, 1.0], [50.0, 1.0]])
    fitted = fit(np.random.default_rng(0).normal(size=(100, 2)), np.zeros(100), ["x"] * 100, techniques=("a", "b"),
                 target_fpr=0.01)  # fmt: skip
    scores = fitted.technique_scores(logits, ["x", "x"])
    assert scores[0, 0] == -np.inf and scores[1, 0] > 0


def test_probability_rises_with_the_score_and_survives_json():
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 500)
    logits = rng.normal(size=(500, 3)) + 2 * labels[:, None]
    fitted = fit(logits, labels, ["jpeg", "grey"] * 250, techniques=("a", "b", "c"), target_fpr=0.001)
    assert np.all(np.diff(fitted.probability(np.linspace(-5, 5, 50))) > 0)
    assert Calibration.from_json(fitted.to_json()).score(logits, ["grey"] * 500) == pytest.approx(
        fitted.score(logits, ["grey"] * 500)
    )
