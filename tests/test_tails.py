"""Exponential tails: they recover their scale, and what is extrapolated keeps under the rate asked for."""

import numpy as np
import pytest

from starlight.detector.calibration.tails import exponential_tail, extrapolated


def test_exponential_tail_recovers_its_scale():
    values = np.random.default_rng(1).exponential(2.0, 200_000)
    location, scale = exponential_tail(values)
    assert location == pytest.approx(2 * np.log(10), rel=0.02)
    assert scale == pytest.approx(2.0, rel=0.03)


def test_no_values_is_nan():
    assert np.isnan(exponential_tail([])[0])
    assert np.isnan(extrapolated([], 0.001))


@pytest.mark.parametrize("rate", [0.01, 0.001])
def test_what_is_extrapolated_is_seldom_exceeded(rate):
    """Values beyond it are as rare as asked for in about four samples of five, and rarer in the mean."""
    rng = np.random.default_rng(2)
    beyond = np.array([np.exp(-extrapolated(rng.exponential(1.0, 600), rate)) for _ in range(200)])
    assert rate / 5 < beyond.mean() < rate
    assert 0.65 < np.mean(beyond <= rate) < 0.95
