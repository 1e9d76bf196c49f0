"""Masks of tampered regions: oF1 by hand and against every possible matching, pixel measures against scikit-learn."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, jaccard_score, matthews_corrcoef

from starlight.metrics import mask_counts, mask_measures, object_f1, regions


def boxes(*corners, size=20):
    """A plane for each (top, left, bottom, right)."""
    planes = np.zeros((len(corners), size, size), bool)
    for plane, (top, left, bottom, right) in zip(planes, corners, strict=True):
        plane[top:bottom, left:right] = True
    return planes


A, B, C = (0, 0, 4, 4), (10, 10, 14, 14), (0, 10, 4, 14)


@pytest.mark.parametrize(
    ("predicted", "truth", "expected"),
    [
        ([], [], 1.0),  # authentic, nothing said
        ([A], [], 0.0),  # authentic, one pixel too many is one too many
        ([], [A], 0.0),
        ([A], [A], 1.0),
        ([A, B], [A], 0.5),  # a region that is not there halves it
        ([A], [A, B], 0.5),  # so does one that was missed
        ([A, B, C], [A, B], 2 / 3),
        ([(0, 0, 4, 2)], [A], 2 * 8 / (8 + 16)),  # half a region: F1 of 2/3
        ([(0, 0, 4, 2), B], [A, B], (2 / 3 + 1) / 2),
        ([B], [A], 0.0),
    ],
)
def test_of1_by_hand(predicted, truth, expected):
    predicted, truth = (boxes(*of) if of else np.zeros((20, 20), bool) for of in (predicted, truth))
    assert object_f1(predicted, truth) == pytest.approx(expected)
    if predicted.ndim == 3 and truth.ndim == 3:  # boxes lie apart: one plane says the same as many
        assert object_f1(predicted.any(0), truth.any(0)) == pytest.approx(expected)


def brute_force(predicted, truth):
    """The best of all one-to-one matchings."""
    if not len(truth):
        return float(len(predicted) == 0)
    f1 = [[2 * (p & t).sum() / (p.sum() + t.sum()) for t in truth] for p in predicted]
    slots = list(range(len(predicted))) + [None] * len(truth)
    best = max(
        sum(f1[p][t] for t, p in enumerate(chosen) if p is not None) for chosen in permutations(slots, len(truth))
    )
    return best / len(truth) * len(truth) / max(len(predicted), len(truth))


@given(st.integers(0, 10_000), st.integers(0, 3), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_of1_is_that_of_the_best_matching(seed, n_predicted, n_true):
    rng = np.random.default_rng(seed)
    made = rng.random((2, 3, 6, 6)) < 0.4  # regions may overlap
    made[:, :, 0, 0] = True
    predicted, truth = made[0, :n_predicted], made[1, :n_true]
    assert object_f1(predicted, truth) == pytest.approx(brute_force(predicted, truth))


def test_regions_touch_at_corners_and_leave_out_empty_planes():
    mask = np.zeros((5, 5), bool)
    mask[0, 0] = mask[1, 1] = mask[4, 4] = True
    assert [plane.sum() for plane in regions(mask)] == [2, 1]
    assert len(regions(np.stack([mask, np.zeros_like(mask)]))) == 1
    assert regions(np.zeros((5, 5), bool)).shape == (0, 5, 5)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_pixel_measures_are_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    predicted, truth = rng.random((2, 12, 12)) < 0.3
    measured = mask_measures(*mask_counts(predicted, truth))
    for name, reference in (("f1", f1_score), ("iou", jaccard_score), ("mcc", matthews_corrcoef)):
        assert measured[name] == pytest.approx(reference(truth.ravel(), predicted.ravel()))


def test_the_undefined_is_nan_and_other_sizes_are_an_error():
    empty = np.zeros((4, 4), bool)
    assert np.isnan(mask_measures(*mask_counts(empty, empty))["iou"])
    with pytest.raises(ValueError, match="cannot be measured"):
        mask_counts(empty, np.zeros((4, 5), bool))
