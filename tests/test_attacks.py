"""Estimators of LSB replacement: near 0 on covers, near the rate on stego, equal to an independent implementation."""

import math

import numpy as np
import pytest
import scenes

from starlight.errors import StarlightError
from starlight.lab.peers.peers import sealwatch as peer
from starlight.streams.attacks import chi_square, rs, spa, ws

ESTIMATORS = {
    "spa": spa.estimate,
    "rs": rs.estimate,
    "ws": ws.estimate,
    "ws mean of eight": lambda x: ws.estimate(x, "mean8"),
    "ws unweighted": lambda x: ws.estimate(x, weighted=False),
}


def covers():
    return [scenes.scene(seed, channels=1)[:, :, 0] for seed in range(4)]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_estimates_follow_the_rate(name):
    estimate = ESTIMATORS[name]
    means = []
    for rate in (0.0, 0.2, 0.5, 0.9):
        means.append(np.mean([estimate(scenes.replace_lsb(c, rate, i)) for i, c in enumerate(covers())]))
        assert means[-1] == pytest.approx(rate, abs=0.06)
    assert means == sorted(means)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_matching_is_not_replacement(name):
    estimates = [ESTIMATORS[name](scenes.match_lsb(c, 0.5, i)) for i, c in enumerate(covers())]
    assert abs(np.mean(estimates)) < 0.06


def test_bias_correction_helps_where_parities_agree():
    """On flat ground all neighbours of a sample change in the same direction as it does."""
    for rate in (0.1, 0.2, 0.4):
        stego = scenes.replace_lsb(np.full((256, 256), 100, np.uint8), rate)
        plain, corrected = ws.estimate(stego), ws.estimate(stego, correct_bias=True)
        assert abs(corrected - rate) < abs(plain - rate) / 2


def test_chi_square_sees_full_embedding():
    cover = covers()[0]
    skewed = (cover // 2 * 2) + (np.random.default_rng(0).random(cover.shape) < 0.3).astype(np.uint8)
    assert chi_square.estimate(skewed).p_value < 1e-6
    assert chi_square.estimate(scenes.replace_lsb(skewed, 1.0)).p_value > 1e-3


def test_undefined_is_nan():
    for tiny in (np.zeros((1, 1), np.uint8), np.zeros((2, 2), np.uint8)):
        assert math.isnan(ws.estimate(tiny)) and math.isnan(rs.estimate(tiny))
    assert math.isnan(spa.estimate(np.zeros((4, 1), np.uint8)))
    assert math.isnan(chi_square.estimate(np.arange(16, dtype=np.uint8)).statistic)


def test_equal_to_sealwatch():
    try:
        sealwatch = peer()
    except StarlightError as error:
        pytest.skip(str(error))
    for rate in (0.0, 0.1, 0.5):
        for i, cover in enumerate(covers()):
            stego = scenes.replace_lsb(cover, rate, i)
            own, theirs = spa.estimate(stego), float(sealwatch.spa.attack(stego))
            assert theirs == pytest.approx(own if own >= 0.01 else 0.0, abs=1e-9)
            own, theirs = ws.estimate(stego), 2 * float(sealwatch.ws.attack(stego))
            assert theirs == pytest.approx(max(own, 0.0), abs=1e-3)
            assert float(sealwatch.chi2.attack(stego)[0]) == pytest.approx(chi_square.estimate(stego).statistic)
