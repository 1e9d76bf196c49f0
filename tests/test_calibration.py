"""Thresholds far out in the tail of authentic images."""

import numpy as np
import pytest

from starlight.detector.calibration.calibration import Calibration, fit


@pytest.mark.parametrize("target", [0.01, 0.001])
def test_false_positive_rate_on_new_images_is_the_one_asked_for(target):
    rng = np.random.default_rng(2)
    rates = []
    for _ in range(20):
        logits = rng.exponential([1.0, 3.0], (600, 2)) - 4
        fitted = fit(logits, np.full(600, -1), ["jpeg"] * 600, techniques=("a", "b"), target_fpr=target)
        fresh = rng.exponential([1.0, 3.0], (100_000, 2)) - 4
        rates.append(np.mean(fitted.score(fresh, ["jpeg"] * len(fresh)) >= 0))
    assert target / 5 < np.mean(rates) < target  # the upper bound of the tail keeps under it
    assert np.mean(np.array(rates) > target) < 0.4


def test_a_masked_technique_never_raises_a_score():
    logits = np.array([[-30.0, 1.0], [50.0, 1.0]])
    fitted = fit(np.random.default_rng(0).normal(size=(100, 2)), np.full(100, -1), ["x"] * 100, techniques=("a", "b"),
                 target_fpr=0.01)  # fmt: skip
    scores = fitted.technique_scores(logits, ["x", "x"])
    assert scores[0, 0] == -np.inf and scores[1, 0] > 0


def test_probability_rises_with_the_score_and_survives_json():
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 500)
    logits = rng.normal(size=(500, 3)) + 2 * labels[:, None]
    fitted = fit(logits, labels - 1, ["jpeg", "grey"] * 250, techniques=("a", "b", "c"), target_fpr=0.001)
    assert np.all(np.diff(fitted.probability(np.linspace(-5, 5, 50))) > 0)
    assert Calibration.from_json(fitted.to_json()).score(logits, ["grey"] * 500) == pytest.approx(
        fitted.score(logits, ["grey"] * 500)
    )


def test_the_tail_of_a_class_with_few_images_is_drawn_towards_that_of_all():
    rng = np.random.default_rng(6)
    classes = np.repeat(["many", "few"], [4000, 100])
    logits = np.where(classes == "few", 0.2, 2.0)[:, None] * rng.exponential(1.0, (4100, 1))
    scale = fit(logits, np.full(4100, -1), classes, techniques=("a",), target_fpr=0.001).scale
    assert 0.2 * 2 < scale["few"][0] < scale["all"][0]
    assert scale["many"][0] == pytest.approx(scale["all"][0], rel=0.1)


def far_apart(rng, n: int = 400):
    """Log-odds of a technique that lies 20 from authentic images, and of one that cannot be told from them."""
    technique = rng.choice([-1, 0, 1], n)
    logits = rng.exponential(0.5, (n, 2)) - 10
    logits[technique == 0, 0] += 20
    return logits, technique


def test_the_threshold_lies_between_what_lies_apart():
    logits, technique = far_apart(np.random.default_rng(4))
    fitted = fit(logits, technique, ["x"] * len(logits), techniques=("a", "b"), target_fpr=0.001)
    between = np.array([[-10.0, -12.0], [-4.0, -12.0], [4.0, -12.0], [9.0, -12.0]])
    assert (fitted.score(between, ["x"] * 4) >= 0).tolist() == [False, False, True, True]
    assert (fitted.score(logits[technique == 0], ["x"] * int((technique == 0).sum())) >= 0).mean() > 0.97


def test_the_threshold_lies_farther_where_authentic_images_scatter():
    logits, technique = far_apart(np.random.default_rng(4))
    highest = logits[technique < 0, 0].argmax()
    ends = []
    for scattered in (0.0, 2.5):  # one authentic image so much nearer to stego
        logits[np.flatnonzero(technique < 0)[highest], 0] += scattered
        fitted = fit(logits, technique, ["x"] * len(logits), techniques=("a", "b"), target_fpr=0.001)
        ends.append(fitted.location["all"][0] + fitted.threshold * fitted.scale["all"][0])
    assert ends[1] > ends[0] + 2.5


def test_a_hopeless_technique_costs_the_others_little():
    rng = np.random.default_rng(5)
    technique = rng.choice([-1, 0, 1], 3000)
    logits = rng.exponential(1.0, (3000, 2))
    logits[technique == 0, 0] += 8 * rng.random((technique == 0).sum())
    found = []
    for known in (technique, np.where(technique == 1, -2, technique)):  # with stego of the hopeless one, and without
        fitted = fit(logits, known, ["x"] * 3000, techniques=("a", "b"), target_fpr=0.001)
        found.append((fitted.technique_scores(logits, ["x"] * 3000)[technique == 0, 0] >= 0).mean())
    assert found[0] >= found[1]


def three(rng, n: int = 6000):
    """Log-odds of two techniques that are found in part, and of one that cannot be told from authentic images."""
    technique = rng.choice([-1, -1, 0, 1, 2], n)
    logits = rng.exponential(1.0, (n, 3))
    for t, reach in enumerate((12.0, 9.0, 0.0)):
        logits[technique == t, t] += reach * rng.random((technique == t).sum())
    return logits, technique


def test_false_alarms_go_to_the_techniques_that_find_most_with_them():
    logits, technique = three(np.random.default_rng(7))
    fitted = fit(logits, technique, ["x"] * 6000, techniques=("a", "b", "c"), target_fpr=0.001)
    first, second, hopeless = fitted.handicap
    assert hopeless > 1.6 > max(first, second) > 1.0
    more = np.log(0.1 / 0.001) * (np.array(fitted.handicap) - 1.0)
    assert np.exp(-more).sum() == pytest.approx(1.0, abs=0.1)


def test_unequal_shares_hold_the_false_positive_rate():
    rng, rates = np.random.default_rng(10), []
    for _ in range(20):
        fitted = fit(*three(rng), ["x"] * 6000, techniques=("a", "b", "c"), target_fpr=0.001)
        rates.append(np.mean(fitted.score(rng.exponential(1.0, (50_000, 3)), ["x"] * 50_000) >= 0))
    assert 0.0002 < np.mean(rates) < 0.001


def test_a_technique_without_stego_images_gets_an_even_share():
    rng = np.random.default_rng(8)
    logits = rng.exponential(1.0, (1000, 4))
    fitted = fit(logits, np.full(1000, -1), ["x"] * 1000, techniques=("a", "b", "c", "d"), target_fpr=0.001)
    assert fitted.handicap == pytest.approx([1 + np.log(4) / np.log(0.1 / 0.001)] * 4, abs=1e-5)


def test_further_clean_images_set_the_thresholds_anew_of_what_is_not_kept():
    rng = np.random.default_rng(6)
    names = ("a", "b")
    fitted = fit(rng.exponential(1.0, (300, 2)), np.full(300, -1), ["x"] * 300, techniques=names, target_fpr=0.001)
    for wander in (0.5, 2.0):  # on these, b wanders half or twice as far as it was thought to
        fresh, more = (rng.exponential([1.0, wander], (20_000, 2)) for _ in range(2))
        found = fitted.refitted(fresh, ["x"] * 20_000, kept=("a",))
        assert found.authentic == 20_300
        before, after = (one.technique_scores(more, ["x"] * 20_000) >= 0 for one in (fitted, found))
        assert np.mean(after[:, 0] != before[:, 0]) < 1e-3  # but for what is rounded
        assert (np.mean(before[:, 1]) > 0.003) == (wander > 1) and 0.0003 < np.mean(after[:, 1]) < 0.002


def test_no_technique_pays_for_the_long_tail_of_another():
    """In b alone the highest images wander three times as far as the others let expect."""
    rng, n, far = np.random.default_rng(12), 20_000, -np.log(0.05)

    def wandering() -> np.ndarray:
        depth = rng.exponential(1.0, (n, 2))
        depth[:, 1] += 2.0 * np.maximum(0.0, depth[:, 1] - far)
        return depth * [1.0, 0.6]

    fitted = fit(wandering(), np.full(n, -1), ["x"] * n, techniques=("a", "b"), target_fpr=0.001)
    found = fitted.refitted(wandering(), ["x"] * n, kept=(), target_fpr=0.0005)
    rates = np.mean([(found.technique_scores(wandering(), ["x"] * n) >= 0).mean(axis=0) for _ in range(10)], axis=0)
    assert found.target_fpr == 0.0005 and rates.sum() < 0.0008 and rates.max() < 3 * rates.min()


def test_probabilities_are_fitted_anew_in_other_units():
    """Images of one log-odds are stego as often as they are said to be, whatever units thresholds were set in."""
    rng = np.random.default_rng(14)
    logits, technique = rng.exponential(1.0, (4000, 1)), np.repeat([-1, 0], 2000)
    logits[2000:] += rng.uniform(0, 8, (2000, 1))
    fitted = fit(logits, technique, ["x"] * 4000, techniques=("a",), target_fpr=0.001)
    far = fitted.refitted(rng.exponential(1.0, (20_000, 1)) * 2, ["x"] * 20_000, kept=())
    again = far.mapped(logits, ["x"] * 4000, technique >= 0)
    told = [one.probability(one.score(logits, ["x"] * 4000)).mean() for one in (fitted, far, again)]
    assert told[0] == pytest.approx(0.5, abs=0.01) and told[2] == pytest.approx(0.5, abs=0.01)
    assert abs(told[1] - 0.5) > 0.03
    assert np.array_equal(again.score(logits, ["x"] * 4000), far.score(logits, ["x"] * 4000))


def test_a_class_without_further_images_keeps_its_thresholds():
    rng = np.random.default_rng(9)
    classes = np.repeat(["x", "y"], 300)
    fitted = fit(rng.exponential(1.0, (600, 1)), np.full(600, -1), classes, techniques=("a",), target_fpr=0.001)
    found = fitted.refitted(rng.exponential(1.0, (5000, 1)), ["x"] * 5000, kept=())
    assert found.location["y"] == fitted.location["y"] and found.scale["y"] == fitted.scale["y"]
