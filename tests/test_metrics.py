"""Measures against closed forms, references and what they must be on constructed data."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.metrics import matthews_corrcoef, precision_score, recall_score, roc_auc_score
from synthetic_predictions import CATEGORIES, HARD, PROTOCOL, make_predictions

from starlight import metrics
from starlight.errors import StarlightError


@pytest.fixture(scope="module")
def predictions():
    return make_predictions()


@given(n=st.integers(1, 400), share=st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_clopper_pearson_ends_leave_the_stated_tails(n, share):
    k = round(n * share)
    low, high = metrics.clopper_pearson(k, n)
    assert low <= k / n <= high
    if k > 0:
        assert binom.sf(k - 1, n, low) == pytest.approx(0.025, abs=1e-6)
    if k < n:
        assert binom.cdf(k, n, high) == pytest.approx(0.025, abs=1e-6)


def test_interval_of_nothing_is_undefined():
    assert all(math.isnan(end) for end in metrics.clopper_pearson(0, 0))
    with pytest.raises(ValueError, match=r"0\.\.n"):
        metrics.clopper_pearson(3, 2)


@pytest.mark.parametrize("target", [0.0005, 0.005, 0.05])
def test_images_needed_is_the_smallest_number_without_a_hit(target):
    n = metrics.images_needed(target)
    assert metrics.clopper_pearson(0, n)[1] <= target < metrics.clopper_pearson(0, n - 1)[1]


def test_images_needed_grows_with_the_rate_and_gives_up_over_the_target():
    few, more = metrics.images_needed(0.01), metrics.images_needed(0.01, 0.005)
    assert few < more
    assert metrics.clopper_pearson(math.ceil(0.005 * more), more)[1] <= 0.01
    assert metrics.images_needed(0.01, 0.01) is None


@pytest.mark.parametrize(
    ("k", "n", "target", "direction", "status"),
    [
        (0, 8000, 0.0005, "<=", metrics.MET),
        (0, 600, 0.0005, "<=", metrics.TOO_FEW),
        (1, 600, 0.0005, "<=", metrics.TOO_FEW),
        (30, 600, 0.0005, "<=", metrics.MISSED),
        (1000, 1000, 0.99, ">=", metrics.MET),
        (100, 100, 0.99, ">=", metrics.TOO_FEW),
        (50, 100, 0.99, ">=", metrics.MISSED),
        (0, 0, 0.99, ">=", metrics.UNMEASURED),
    ],
)
def test_status_is_judged_on_the_interval(k, n, target, direction, status):
    assert metrics.judge(*metrics.clopper_pearson(k, n), target, direction) == status


def test_difference_covers_zero_for_equals_and_not_for_unequals():
    a, b = (0.5, *metrics.clopper_pearson(50, 100)), (0.9, *metrics.clopper_pearson(90, 100))
    assert metrics.difference(a, a)[1] < 0 < metrics.difference(a, a)[2]
    change, low, high = metrics.difference(a, b)
    assert change == pytest.approx(-0.4)
    assert low < -0.4 < high < 0


def test_auc_equals_the_reference_with_ties_and_weights():
    rng = np.random.default_rng(1)
    label, score = rng.integers(0, 2, 300), rng.integers(0, 20, 300) / 20
    weights = rng.integers(0, 4, (3, 300))
    assert metrics.auc(label, score)[0] == pytest.approx(roc_auc_score(label, score))
    for row, value in zip(weights, metrics.auc(label, score, weights), strict=True):
        assert value == pytest.approx(roc_auc_score(label, score, sample_weight=row))
    assert math.isnan(metrics.auc([1, 1], [0.1, 0.2])[0])


def test_detection_at_fpr_counts_by_hand():
    label = np.r_[np.zeros(100), np.ones(4)]
    score = np.r_[np.arange(100) / 100, [0.985, 0.99, 0.995, 0.5]]
    assert metrics.detection_at_fpr(label, score, 0.0)[0] == 0.25  # 0.99 ties with an authentic image
    assert metrics.detection_at_fpr(label, score, 0.01)[0] == 0.75
    assert metrics.detection_at_fpr(label, score, 0.001)[0] == 0.25
    assert math.isnan(metrics.detection_at_fpr([1.0], [0.5], 0.01)[0])


def test_detection_at_fpr_never_exceeds_its_budget():
    rng = np.random.default_rng(2)
    label, score = rng.integers(0, 2, 500), rng.random(500).round(2)
    fpr, detection, threshold = metrics.roc_points(label, score)
    for budget in (0.0, 0.01, 0.1, 0.5, 1.0):
        found = metrics.detection_at_fpr(label, score, budget)[0]
        assert found == detection[fpr <= budget + 1e-12].max()
    assert (np.diff(threshold) < 0).all()


def test_bootstrap_draws_whole_covers():
    weights = metrics.cover_weights(["a", "a", "b", "c"], seed=0)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert weights[:, [0, 2, 3]].sum(axis=1) == pytest.approx(3)


def test_map_measures_equal_the_reference():
    rng = np.random.default_rng(3)
    truth, found = rng.integers(0, 2, 400), rng.integers(0, 2, 400)
    cells = [((truth == t) & (found == f)).sum() for t, f in ((1, 1), (0, 1), (1, 0), (0, 0))]
    measured = metrics.map_measures(*cells)
    assert measured["mcc"] == pytest.approx(matthews_corrcoef(truth, found))
    assert measured["precision"] == pytest.approx(precision_score(truth, found))
    assert measured["recall"] == pytest.approx(recall_score(truth, found))
    assert math.isnan(metrics.map_measures(0, 0, 0, 10)["mcc"])


def test_mcnemar_is_the_exact_binomial():
    right = np.ones(20, bool)
    worse = right.copy()
    worse[:6] = False
    assert metrics.mcnemar(right, worse) == (6, 0, pytest.approx(2 * 0.5**6))
    assert metrics.mcnemar(right, right).p_value == 1.0
    assert math.isnan(metrics.mcnemar([], []).p_value)


def test_holm_adjusts_as_by_hand_and_keeps_the_undefined():
    adjusted = metrics.holm([0.01, 0.04, np.nan, 0.03])
    assert adjusted[[0, 1, 3]] == pytest.approx([0.03, 0.06, 0.06])
    assert math.isnan(adjusted[2])


def test_calibration_is_perfect_for_the_true_probability():
    rng = np.random.default_rng(4)
    probability = rng.random(20000)
    label = (rng.random(20000) < probability).astype(int)
    assert metrics.expected_calibration_error(label, probability) < 0.02
    assert metrics.expected_calibration_error(label, probability**3) > 0.1
    table = metrics.reliability(label, probability)
    assert (table.low <= table.predicted).all() and (table.predicted <= table.high).mean() >= 0.8


def test_payload_buckets():
    assert metrics.payload_bucket(math.nan, 0.0501) == "rate_to_0.05"
    assert metrics.payload_bucket(4000, 0.5) == "rate_to_1"
    assert metrics.payload_bucket(257, math.nan) == "bits_to_1024"
    assert metrics.payload_bucket(math.nan, math.nan) == "unknown"


def test_evaluate_recounts_the_table(predictions):
    measured = metrics.evaluate(predictions, "v4")
    authentic = predictions[predictions.label == 0]
    assert measured["fpr"] == authentic.v4_flagged.mean()
    assert (measured["fpr_k"], measured["fpr_n"]) == (authentic.v4_flagged.sum(), len(authentic))
    assert measured["at"]["authentic"]["0.0005"]["fpr"] == measured["fpr"]
    assert measured["at"]["authentic"]["0.01"]["k"] > authentic.v4_flagged.sum()
    assert measured["accuracy"] == (predictions.v4_flagged == predictions.label).mean()
    assert set(measured["techniques"]) == {*PROTOCOL, *HARD}
    assert set(measured["twins"]) == {*PROTOCOL, *HARD}
    assert set(measured["negatives"]) == set(CATEGORIES)
    lsbr = predictions[predictions.technique == "lsbr"]
    assert measured["techniques"]["lsbr"]["detection"] == lsbr.v4_flagged.mean()
    assert sum(b["n"] for b in measured["techniques"]["lsbr"]["payload"].values()) == len(lsbr)
    assert list(measured["techniques"]["lsbr"]["payload"]) == ["rate_to_0.05", "rate_to_0.1", "rate_to_0.4"]


def test_evaluate_does_not_depend_on_row_order(predictions):
    shuffled = predictions.sample(frac=1, random_state=5)
    assert metrics.dumps(metrics.evaluate(shuffled, "v3")) == metrics.dumps(metrics.evaluate(predictions, "v3"))


def test_a_twin_of_several_counts_once_for_each(predictions):
    frame = predictions.copy()
    place = frame.index[frame.twin_of == "raw"][0]
    frame.loc[place, "twin_of"] = "raw;exif;raw"
    twins = metrics.evaluate(frame, "v4")["twins"]
    assert (twins["raw"]["n"], twins["exif"]["n"]) == (30, 31)


def test_evaluate_without_stego_leaves_the_undefined_null(predictions):
    text = metrics.dumps(metrics.evaluate(predictions[predictions.label == 0], "v4"))
    parsed = json.loads(text)
    assert parsed["recall"] is None and parsed["auc"] is None and parsed["techniques"] == {}
    assert parsed["fpr"] is not None


def test_headline_is_flat_and_short(predictions):
    flat = metrics.headline(metrics.evaluate_all(predictions), "v4")
    assert len(flat) == 12
    assert not any(isinstance(value, dict) for value in flat.values())
    assert flat["found_protocol"] > 0.9


def test_a_figure_is_found_with_its_interval_under_a_name_with_dots(predictions):
    measured = metrics.evaluate_all(predictions)
    found = metrics.figure(measured, "v4.techniques.lsb.rgb.detection")
    assert found.n == 30 and found.low <= found.value <= found.high
    assert metrics.figure(measured, "v4.fpr").k == measured["v4"]["fpr_k"]
    assert metrics.figure(measured, "v4.protocol.accuracy").n == measured["v4"]["protocol"]["accuracy_n"]
    assert math.isnan(metrics.figure(measured, "v4.f1").low)
    assert math.isnan(metrics.figure(measured, "v4.nothing.here").value)
    assert "techniques.lsb.rgb.detection" in metrics.flatten(measured["v4"])


def test_grouped_accuracy_follows_the_difficulty(predictions):
    table = metrics.grouped_accuracy(metrics.view(predictions, "v4")).set_index("technique")
    assert table.loc["alpha", "mean"] > table.loc["hill", "mean"] > 0.5
    assert (table.folds == 5).all() and (table.spread >= 0).all()


def test_grouped_accuracy_of_one_cover_is_undefined(predictions):
    one = predictions[predictions.cover_id == "cover_0000"]
    assert metrics.grouped_accuracy(metrics.view(one, "v4"))["mean"].isna().all()


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("v4_probability", 1.5, "v4_probability"),
        ("v4_probability", np.nan, "v4_probability"),
        ("v4_flagged", 2, "v4_flagged"),
        ("kind", "odd", "kind"),
        ("label", 0, "label"),
        ("v4_score", np.nan, "not finite"),
        ("v4_map_tp", "many", "no number"),
        ("v4_probability", "high", "no number"),
    ],
)
def test_a_broken_table_is_named(predictions, column, value, message):
    broken = predictions.assign(v4_score=predictions.v4_probability).astype({column: object})
    broken.loc[broken.index[broken.label == 1][0], column] = value
    broken = broken.infer_objects()
    with pytest.raises(StarlightError, match=message):
        metrics.evaluate(broken, "v4")


def test_predictions_survive_the_file(predictions, tmp_path):
    frame = predictions.copy()
    frame.loc[0, "sample_id"] = "0000123456789012"
    frame.to_csv(tmp_path / "predictions.csv", index=False, lineterminator="\n")
    read = metrics.read_predictions(tmp_path / "predictions.csv")
    assert read.sample_id[0] == "0000123456789012"
    assert metrics.dumps(metrics.evaluate(read, "v4")) == metrics.dumps(metrics.evaluate(frame, "v4"))
    assert isinstance(read, pd.DataFrame)
    with pytest.raises(StarlightError, match=r"none\.csv"):
        metrics.read_predictions(tmp_path / "none.csv")
