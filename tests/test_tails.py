"""Tails of authentic images' log-odds: lengths are recovered, and what is extrapolated is as rare as asked for."""

import numpy as np
import pytest

from starlight.detector.calibration.tails import Tail, fit_tail


def test_both_lengths_of_a_tail_are_recovered():
    rng = np.random.default_rng(1)
    values = rng.exponential(2.0, 200_000) - 12
    values[values > 0] *= 0.5  # beyond the knee half as long
    tail = fit_tail(values)
    assert tail.knee == 0.0 and tail.share == pytest.approx(np.exp(-6), rel=0.1)
    assert tail.below == pytest.approx(2.0, rel=0.1) and tail.beyond == pytest.approx(1.0, rel=0.1)


def test_an_end_is_what_the_share_asked_for_exceeds_on_both_sides_of_the_knee():
    tail = Tail(knee=0.0, share=0.01, below=2.0, beyond=0.5)
    assert tail.end(0.01 / np.e) == pytest.approx(0.5) and tail.end(0.01 * np.e) == pytest.approx(-2.0)


@pytest.mark.parametrize("count", [100, 1000])
@pytest.mark.parametrize("location", [-8.0, -2.0, 1.0])
def test_what_is_extrapolated_is_seldom_exceeded(count, location):
    """Exact log-odds, whose tails have no more than length 1 beyond the knee, exceed it as rarely as was asked for."""
    rng, rate = np.random.default_rng(2), 1e-4
    beyond = []
    for _ in range(100):
        end = fit_tail(rng.exponential(1.0, count) + location).end(rate)
        beyond.append(np.exp(-(end - location)))
    assert np.mean(beyond) < 2 * rate and np.mean(np.array(beyond) <= rate) > 0.7


def test_few_values_are_extrapolated_with_more_caution():
    rng = np.random.default_rng(3)
    ends = [np.mean([fit_tail(rng.exponential(1.0, n) - 2).end(1e-4) for _ in range(50)]) for n in (30, 300, 3000)]
    assert ends[0] > ends[1] > ends[2]
