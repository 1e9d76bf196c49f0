"""Thresholds class by class: the rate asked for, who may speak, and verdicts where nobody may."""

import numpy as np
import pytest

from starlight.detector.calibration.calibration import FINDS_NOTHING, SPEAKS, UNKNOWN, Calibration
from starlight.detector.calibration.judgement import judge, lowest_rates, silence
from starlight.detector.calibration.thresholds import fit
from starlight.errors import StarlightError

SMALL, MIDDLE, LARGE = (f"photograph, lossless, {size}" for size in ("to 0.1 M", "to 0.5 M", "over 8 M"))


def authentic(rng, n: int, *lengths: float) -> np.ndarray:
    return rng.exponential(lengths, (n, len(lengths))) - 2


def fitted_to(logits, technique=None, classes=SMALL, names=("lsbr", "lsbm"), target=0.001, **more) -> Calibration:
    n = len(logits)
    carried = np.full(n, -1) if technique is None else technique
    of = [classes] * n if isinstance(classes, str) else classes
    return fit(logits, carried, of, techniques=names, target_fpr=target, **more)


@pytest.mark.parametrize("target", [0.01, 0.001])
def test_false_positive_rate_on_new_images_is_no_higher_than_asked_for(target):
    rng = np.random.default_rng(2)
    rates = []
    for _ in range(20):
        fitted = fitted_to(authentic(rng, 600, 1.0, 0.8), target=target)
        rates.append(np.mean(fitted.score(authentic(rng, 50_000, 1.0, 0.8), [SMALL] * 50_000) >= 0))
    assert target / 20 < np.mean(rates) < target


def test_every_class_keeps_the_rate_by_itself():
    """Patterns wander ten times as far as photographs, which do not pay for it."""
    rng = np.random.default_rng(3)
    classes = np.repeat(["drawing, lossless", SMALL], 800)
    fitted = fitted_to(np.vstack([authentic(rng, 800, 5.0, 5.0), authentic(rng, 800, 0.5, 0.5)]), classes=classes)
    assert fitted.row(SMALL).end[0] < 8 < fitted.row("drawing, lossless").end[0]


def test_a_masked_technique_never_raises_a_score():
    fitted = fitted_to(np.random.default_rng(0).normal(size=(100, 2)), target=0.01)
    scores = fitted.technique_scores(np.array([[-30.0, 1.0], [50.0, 1.0]]), [SMALL, SMALL])
    assert scores[0, 0] == -np.inf and scores[1, 0] > 0


def test_probability_rises_with_the_score_and_survives_json():
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 500)
    logits = rng.normal(size=(500, 2)) + 2 * labels[:, None]
    fitted = fitted_to(logits, labels - 1, [SMALL, "indexed"] * 250)
    assert np.all(np.diff(fitted.probability(np.linspace(-5, 5, 50))) > 0)
    assert Calibration.from_json(fitted.to_json()) == fitted
    with pytest.raises(ValueError, match="earlier version"):
        Calibration.from_json('{"threshold": 6.5}')


def test_thresholds_are_kept_for_other_rates_which_flag_more():
    rng = np.random.default_rng(5)
    fitted = fitted_to(authentic(rng, 900, 1.0, 0.8), target=0.001, others=(0.01, 0.0001))
    assert Calibration.from_json(fitted.to_json()) == fitted and fitted.at(None) is fitted
    new, classes = authentic(rng, 50_000, 1.0, 0.8), [SMALL] * 50_000
    rates = (0.0001, 0.001, 0.01)
    shares = [np.mean(fitted.at(rate).score(new, classes) >= 0) for rate in rates]
    assert shares == sorted(shares) and all(share <= rate for share, rate in zip(shares, rates, strict=True))
    assert shares[2] > 0.002
    lowest = lowest_rates(new, np.zeros(len(new)), classes, fitted, 1.0)
    assert [np.mean(lowest <= rate) for rate in rates] == shares
    with pytest.raises(StarlightError, match=r"0.05 is none of .*0.0001, 0.001, 0.01"):
        fitted.at(0.05)


def far_apart(rng, n: int = 400):
    """Log-odds of a technique that lies 20 from authentic images, and of one that cannot be told from them."""
    technique = rng.choice([-1, 0, 1], n)
    logits = rng.exponential(0.5, (n, 2)) - 10
    logits[technique == 0, 0] += 20
    return logits, technique


def test_the_threshold_lies_between_what_lies_apart_in_every_class():
    logits, technique = far_apart(np.random.default_rng(4))
    fitted = fitted_to(logits, technique)
    between = np.array([[-10.0, -12.0], [-4.0, -12.0], [4.0, -12.0], [9.0, -12.0]])
    for name in (SMALL, "tiny, jpeg"):
        assert (fitted.score(between, [name] * 4) >= 0).tolist() == [False, False, True, True]


def test_the_threshold_lies_farther_where_authentic_images_scatter():
    logits, technique = far_apart(np.random.default_rng(4))
    highest = logits[technique < 0, 0].argmax()
    ends = []
    for scattered in (0.0, 2.5):  # one authentic image so much nearer to stego
        logits[np.flatnonzero(technique < 0)[highest], 0] += scattered
        ends.append(fitted_to(logits, technique).row(SMALL).end[0])
    assert ends[1] > ends[0] + 2.5


def partly_found(rng, n: int = 3000):
    """A technique that is found in part, and one that cannot be told from authentic images, which wander."""
    technique = rng.choice([-1, 0, 1], n)
    logits = authentic(rng, n, 1.0, 3.0)
    logits[technique == 0, 0] += 12 * rng.random((technique == 0).sum())
    return logits, technique


def test_an_expert_that_finds_nothing_is_silent_and_costs_the_others_nothing():
    rng = np.random.default_rng(5)
    logits, technique = partly_found(rng)
    alone = technique != 1
    both = fitted_to(logits, technique)
    single = fitted_to(logits[alone, :1], technique[alone], names=("lsbr",))
    assert both.row(SMALL).standing == (SPEAKS, FINDS_NOTHING)
    assert both.row(SMALL).end[0] == pytest.approx(single.row(SMALL).end[0])
    loud = np.array([[-2.0, 500.0]])
    assert both.score(loud, [SMALL])[0] < 0
    assert "finds nothing" in silence(both, SMALL, np.zeros(2))["lsbm"]


def test_below_the_threshold_images_of_a_silent_expert_keep_their_order():
    fitted = fitted_to(*partly_found(np.random.default_rng(5)))
    scores = fitted.technique_scores(np.array([[-2.0, 1.0], [-2.0, 2.0], [-2.0, 3.0]]), [SMALL] * 3)[:, 1]
    assert np.all(np.diff(scores) > 0)


def test_larger_photographs_need_no_more_than_smaller_ones_but_for_what_is_seen():
    rng = np.random.default_rng(6)
    classes = np.repeat([SMALL, LARGE], [2000, 12])
    logits = np.vstack([authentic(rng, 2000, 0.5, 0.5), authentic(rng, 12, 3.0, 3.0)])
    logits[2000:] = np.minimum(logits[2000:], 2.0)
    fitted = fitted_to(logits, classes=classes)
    assert fitted.row(LARGE).end == fitted.row(SMALL).end == fitted.row(MIDDLE).end
    logits[-1] = 30.0
    assert min(fitted_to(logits, classes=classes).row(LARGE).end) > 30


def test_what_was_never_seen_is_not_judged_and_the_reason_is_given():
    fitted = fitted_to(authentic(np.random.default_rng(7), 500, 1.0, 1.0))
    quiet, loud = np.array([[-3.0, -3.0]]), np.array([[-3.0, 40.0]])
    for name, logits, can_tell in ((SMALL, quiet, True), ("tiny, jpeg", quiet, False), ("tiny, jpeg", loud, False)):
        found = judge(logits, np.zeros(0), np.zeros(1), [name], fitted, 1.0)
        assert found.abstain[0] != can_tell and found.score[0] < 0
        assert can_tell or "tiny, jpeg" in found.reasons[0]
    assert fitted.standing(["tiny, jpeg"]).tolist() == [[UNKNOWN, UNKNOWN]]


def test_an_expert_that_is_loud_where_it_was_not_calibrated_makes_the_verdict_cannot_tell():
    """Of indexed pictures one expert was calibrated, the other never saw one."""
    rng = np.random.default_rng(8)
    logits = authentic(rng, 1000, 1.0, 1.0)
    logits[:500, 1] = -30.0
    fitted = fitted_to(logits, classes=np.repeat(["indexed", SMALL], 500))
    for of_second, expected in ((-3.0, ""), (40.0, "was not calibrated")):
        found = judge(np.array([[-3.0, of_second]]), np.zeros(0), np.zeros(1), ["indexed"], fitted, 1.0)
        assert expected in found.reasons[0] and bool(expected) == found.abstain[0]


def test_what_can_be_read_is_told_whatever_the_picture_is():
    logits, technique = far_apart(np.random.default_rng(4))
    fitted = fitted_to(logits, technique, names=("raw", "lsbm"))
    found = judge(np.array([[9.0, 50.0]]), np.zeros(0), np.ones(1), ["tiny, jpeg"], fitted, 0.5)
    assert found.score[0] > 0 and not found.abstain[0]


def test_further_authentic_images_speak_for_classes_that_the_split_lacks():
    rng = np.random.default_rng(9)
    logits, technique = partly_found(rng)
    further = (authentic(rng, 2000, 1.0, 1.0), [LARGE] * 2000)
    before, after = (fitted_to(logits, technique, classes="tiny, lossless", further=f) for f in (None, further))
    assert before.standing([LARGE]).tolist() == [[UNKNOWN, UNKNOWN]]
    assert after.standing([LARGE]).tolist()[0][0] == SPEAKS and after.authentic == before.authentic + 2000


def test_no_more_of_the_images_that_thresholds_are_set_by_are_flagged_than_chance_allows():
    """In one image of a thousand something unforeseen speaks for stego, farther than any tail of the others."""
    rng = np.random.default_rng(10)
    logits = authentic(rng, 1000, 0.5, 0.5)
    logits[7] = 40.0
    fitted = fitted_to(logits, target=0.0002)
    assert not (fitted.score(logits, [SMALL] * 1000) >= 0).any()


def test_probabilities_belong_to_the_thresholds_whatever_images_set_them():
    """Half of the images carry something, and so it is told, with or without further images."""
    rng = np.random.default_rng(14)
    logits, technique = authentic(rng, 4000, 1.0, 1.0), np.repeat([-1, 0], 2000)
    logits[2000:, 0] += rng.uniform(0, 8, 2000)
    for further in (None, (authentic(rng, 20_000, 2.0, 2.0), [SMALL] * 20_000)):
        fitted = fitted_to(logits, technique, further=further)
        assert fitted.probability(fitted.score(logits, [SMALL] * 4000)).mean() == pytest.approx(0.5, abs=0.01)
