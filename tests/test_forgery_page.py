"""The page of the task forgery, and the peers of its benchmark."""

from types import SimpleNamespace

import numpy as np
import pytest
from forged import copy_within, texture
from test_tampering_metrics import table

from starlight.lab.tampering.compare import Bench, report
from starlight.lab.tampering.peers import PEERS, error_levels, keypoints
from starlight.metrics.tampering import measure
from starlight.reports.forgery import forgery_page, forgery_section
from starlight.training.forgery.evaluate import before_after, measured


def colour(plane):
    return np.repeat(plane[..., None], 3, axis=2)


@pytest.fixture
def run(tmp_path):
    both = table()
    for name in ("base", "detector", "control"):
        both = both.assign(**{c.replace("m_", f"{name}_"): both[c] for c in both if c.startswith("m_")})
    others = both.assign(**{f"base_7_{c.removeprefix('m_')}": both[c] for c in both if c.startswith("m_")})
    document = measured(
        both, ("base", "detector", "control"), others[[c for c in others if not c.startswith("base_s")]]
    )
    tables = {"forgery_before_after": before_after(both)}
    return SimpleNamespace(documents={"forgery": document}, tables=tables, directory=tmp_path)


def test_the_page_says_what_was_measured(run):
    text = forgery_page(run)
    assert "20.0" in text and "(0.5" in text  # one of five authentic images flagged, with its interval
    for words in ("before mining", "random negatives", "`copy-move.turned`", "`tiles`", "under 1 %", "McNemar"):
        assert words in text, words
    assert "nan" not in text.lower() and "None" not in text
    assert "Tampered images" in "\n".join(forgery_section(run))


def test_without_the_task_there_is_no_page():
    empty = SimpleNamespace(documents={}, tables={}, directory=None)
    assert forgery_page(empty) == "" and list(forgery_section(empty)) == []


def test_keypoints_find_a_plain_copy_and_nothing_in_noise():
    plane = texture(1)
    copied, mask = copy_within(plane, (40, 40, 90, 90), (180, 250))
    score, found = keypoints(colour(copied))
    assert score >= 8 and (found & mask).sum() > 0.3 * mask.sum()
    assert keypoints(colour(plane))[0] < 4
    assert keypoints(np.full((80, 80, 3), 90, np.uint8))[0] == 0


def test_error_levels_rise_where_something_sharper_was_put_in():
    plane = texture(2, noise=0.5)
    rough, mask = copy_within(plane, (40, 40, 60, 60), (200, 200), lambda part: 255 - texture(9, 60, 60, noise=25))
    assert error_levels(colour(rough))[0] > 2 * error_levels(colour(plane))[0]
    found = error_levels(colour(rough))[1]
    assert found[mask].mean() > 5 * found[~mask].mean()


def test_the_comparison_has_a_row_a_method(run):
    methods = {"Starlight": measure(table(), "m"), **{name: measure(table(), "m") for name in PEERS}}
    text = report(Bench(methods, run.tables["forgery_before_after"]), 0.015, "made here")
    assert all(f"| {name} |" in text for name in ("Starlight", *PEERS))
    assert "`splice.hard`" in text and "`tiles`" in text and "McNemar" in text
