"""Figures by what the pictures are: counted right, only where there are enough, and drift with what it does."""

import io
import math

import numpy as np
import pandas as pd
import pytest
from PIL import Image as Pillow
from synthetic_predictions import make_predictions

from starlight.images.image import decode
from starlight.images.jpeg.quality import nearest_quality
from starlight.images.picture import FACTS, facts
from starlight.metrics import clopper_pearson
from starlight.metrics.slices import FEWEST, parts, slices
from starlight.monitor.runs.drift import drift, with_errors


@pytest.mark.parametrize("quality", [20, 40, 50, 65, 80, 92, 97])
def test_the_quality_is_the_one_that_a_jpeg_was_written_at(quality):
    out = io.BytesIO()
    Pillow.fromarray(np.zeros((16, 16), np.uint8)).save(out, "jpeg", quality=quality)
    step = float(facts(decode(out.getvalue()))[FACTS.index("step")])
    assert nearest_quality(step) == pytest.approx(quality, abs=1)


def test_what_is_no_jpeg_has_no_quality():
    assert math.isnan(nearest_quality(math.nan))


def test_parts_are_counted_where_they_are_large_enough():
    predictions = make_predictions()
    jpeg = predictions.format == "jpeg"
    rank = np.random.default_rng(0).permutation(len(predictions))
    rank[jpeg] = np.argsort(np.argsort(rank[jpeg]))  # of the JPEG among themselves
    quality = np.select([rank < 60, rank < 60 + FEWEST - 1], [70.0, 80.0], 99.0)
    predictions["quality"] = np.where(jpeg, quality, np.nan)
    predictions["source"] = np.where(predictions.index % 2, "a", "b")
    predictions.loc[predictions.index[:5], ["width", "height"]] = 4000
    table = slices(predictions, "v4").set_index(["part", "name"])
    assert set(table.index) == {
        ("quality", "under 75"), ("quality", "95 and more"), ("size", "128 to 255"), ("source", "a"), ("source", "b"),
    }  # fmt: skip
    own = predictions[(predictions.quality == 70) & (predictions.label == 1)]
    row = table.loc[("quality", "under 75")]
    assert (row.found_k, row.found_n) == (own.v4_flagged.sum(), len(own))
    assert (row.found_low, row.found_high) == clopper_pearson(int(row.found_k), int(row.found_n))
    assert table.loc["source"][["fpr_n", "found_n"]].to_numpy().sum() == len(predictions)
    assert (parts(predictions)["quality"] == "").sum() == (~jpeg).sum()


def test_predictions_of_before_have_no_quality():
    assert set(slices(make_predictions(), "v4").part) == {"size"}


def test_drift_says_whether_the_images_that_are_more_frequent_are_judged_worse():
    rows = make_predictions(20).assign(bytes=1000)
    reference = rows[rows.format != "gif"]
    rows["v4_flagged"] = np.where(rows.format == "gif", 1 - rows.label, rows.label)
    found = drift(with_errors(rows, rows, "v4"), reference)["format"]
    gif = ((rows.format == "gif") & (rows.label == 0)).sum()
    assert (found["more_wrong"], found["more_n"]) == (gif, gif) and gif > 0
    assert found["less_wrong"] == 0 and found["less_n"] == (rows.label == 0).sum() - gif
    assert "more_n" not in drift(rows, reference)["format"]


def test_rows_that_were_not_judged_count_for_no_verdict():
    rows = pd.DataFrame({"path": ["a", "b", "c"], "label": [0, 1, 0]})
    judged = rows[:2].assign(v4_flagged=[1, 1])
    assert with_errors(rows, judged, "v4").wrong.tolist() == [True, False]
