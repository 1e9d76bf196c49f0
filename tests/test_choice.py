"""Fine-tuning is used where validation images show no harm, and submissions without stego have the first word."""

import numpy as np
import pytest

from starlight.metrics.choice import RATES, choose

N = 1000


@pytest.fixture
def scores():
    """Labels, and scores of a base detector: 1,000 authentic and 1,000 stego images, twice as far from each other."""
    rng = np.random.default_rng(3)
    labels = np.repeat([0, 1], N)
    return labels, rng.normal(size=2 * N) + 2 * labels


def none():
    return np.zeros(2 * N, bool)


def test_a_detector_that_raises_more_alarms_is_not_used(scores):
    labels, base = scores
    tuned = base + 1.5 * (labels == 0) * (np.arange(2 * N) % 10 == 0)
    found = choose(base, tuned, labels, none())
    assert not found.use_tuned and "beyond chance" in found.reason
    assert all(found.alarms[f"{rate:g}"]["tuned"] >= found.alarms[f"{rate:g}"]["base"] for rate in RATES)
    assert found.alarms["0.05"] == {"base": 50, "tuned": found.alarms["0.05"]["tuned"], "base_own": 0, "tuned_own": 0}


def test_a_detector_that_raises_fewer_is_used_and_so_is_an_equal_one(scores):
    labels, base = scores
    for tuned in (base, base - 1.5 * (labels == 0) * (base > 1)):
        assert choose(base, tuned, labels, none()).use_tuned


def test_a_detector_is_not_used_for_finding_less_at_fewer_alarms(scores):
    """Alarms are compared where both find as much: saying no to everything is no gain."""
    labels, base = scores
    assert choose(base, base - 3.0, labels, none()).alarms["0.05"]["tuned"] == 50


def test_submissions_without_stego_decide(scores):
    labels, base = scores
    high = np.flatnonzero((labels == 0) & (base > np.quantile(base[:N], 0.97)))
    own, tuned = none(), base.copy()
    own[high[:4]] = True
    tuned[high[:4]] -= 5.0
    low = np.flatnonzero((labels == 0) & (base < 1.0))
    tuned[low[:5]] = 6.0  # more alarms in all, which may be chance
    assert choose(base, tuned, labels, own).use_tuned
    assert not choose(base, tuned, labels, none()).use_tuned
    worse = base.copy()
    worse[low[:5]] = 6.0
    own = none()
    own[low[:20]] = True
    assert not choose(base, worse, labels, own).use_tuned


def test_harm_to_all_others_is_not_worth_it(scores):
    labels, base = scores
    high = np.flatnonzero((labels == 0) & (base > np.quantile(base[:N], 0.97)))
    own, tuned = none(), base.copy()
    own[high[:5]] = True
    tuned[high[:5]] -= 5.0
    tuned[np.flatnonzero((labels == 0) & (base < 1.0))[:60]] = 6.0
    found = choose(base, tuned, labels, own)
    assert not found.use_tuned and "beyond chance" in found.reason


def test_without_stego_nothing_can_be_compared():
    labels = np.zeros(20)
    assert choose(np.arange(20.0), np.arange(20.0), labels, labels == 0).use_tuned
