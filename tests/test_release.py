"""The release: what the card says comes from the run, and evidence is counted as people would count it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny

from starlight.detector.detector import Detector
from starlight.fanout import Engine
from starlight.metrics import clopper_pearson
from starlight.release import card as release
from starlight.release.evidence import count, gather, log_odds, own, to_markdown

HERE = Engine(workers=1)
FOUND = {"detection": 0.25, "n": 8, "low": 0.03, "high": 0.65}
FIGURES = {"fpr": 0.002, "fpr_k": 2, "fpr_n": 1000, "fpr_low": 0.0002, "fpr_high": 0.0072, "techniques": {"f5": FOUND}}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A project folder after its pipeline."""
    (tmp_path / "run/models").mkdir(parents=True)
    (tmp_path / "run/reports").mkdir()
    made_with = {"general": {"streams": "nine", "seed": 5}, "train": {"target_fpr": 0.0005}}
    told = {"params": made_with, "data_hash": "abc", "images": 1234}
    tiny.weights(tmp_path / "run/models" / release.WEIGHTS, threshold=3.0, **told)
    (tmp_path / "run/reports/metrics.json").write_text(json.dumps({"v4": FIGURES, "v3": {}}))
    (tmp_path / "run/reports/dataset.json").write_text(json.dumps({"files": 4321}))
    return tmp_path / "run"


def test_the_card_holds_the_runs_figures(run, tmp_path):
    out = tmp_path / "release"
    release.take(run, out, settings=["sample.covers=9"], covers="three photographs, MIT")
    card = (out / release.CARD).read_text()
    for words in (
        "1234 training images of 4321 files",
        "0.050 %",
        "three photographs, MIT",
        "`sample.covers=9`",
        "2 of 1000",
        "| f5 | 25.0 %",
        "0.72 %",
    ):
        assert words in card, words
    assert "Not measured yet" in card
    assert (out / release.WEIGHTS).read_bytes() == (run / "models" / release.WEIGHTS).read_bytes()


def test_the_card_says_by_what_the_thresholds_were_set_anew(run, tmp_path):
    made_with = {"general": {"streams": "nine", "seed": 5}, "train": {"target_fpr": 0.0005}}
    told = {"params": made_with, "data_hash": "abc", "images": 1, "further_clean": 9000, "further_fpr": 0.00015}
    tiny.weights(run / "models" / release.WEIGHTS, threshold=3.0, **told)
    release.take(run, tmp_path / "release")
    assert "set anew for 0.015 % by 9000 further" in (tmp_path / "release" / release.CARD).read_text()


def test_the_card_says_which_experts_were_fitted_again_and_on_what(run, tmp_path):
    made_with = {"general": {"streams": "nine", "seed": 5}, "train": {"target_fpr": 0.0005}}
    again = {"techniques": ["f5", "nsf5"], "images": 120, "data": "crops of somebody's photographs"}
    told = {"params": made_with, "data_hash": "abc", "images": 1, "refitted": again}
    tiny.weights(run / "models" / release.WEIGHTS, threshold=3.0, **told)
    release.take(run, tmp_path / "release")
    card = (tmp_path / "release" / release.CARD).read_text()
    assert "the experts for f5, nsf5, on 120 images: crops of somebody's photographs" in card
    assert "of the experts before" in card


def test_new_weights_drop_old_evidence(run, tmp_path):
    out = tmp_path / "release"
    release.take(run, out)
    pd.DataFrame([{"source": "all", "images": 7, "fpr": 0.0, "low": 0.0, "high": 0.4}]).to_csv(out / release.EVIDENCE)
    release.write_card(out)
    assert "Not measured yet" not in (out / release.CARD).read_text()
    release.take(run, out)
    assert "Not measured yet" in (out / release.CARD).read_text()


def test_false_alarms_are_counted_by_source(tmp_path):
    clean = tiny.images(tmp_path / "images", count=6)
    (tmp_path / "broken.png").write_bytes(b"no image")
    listed = [("a", p) for p in clean[:4]] + [("b", p) for p in clean[4:]] + [("b", tmp_path / "broken.png")]
    table = count(tiny.weights(tmp_path / "all.safetensors", threshold=-3.0), listed, HERE).set_index("source")
    assert table["images"].to_dict() == {"a": 4, "b": 2, "all": 6}
    assert table["flagged"].to_dict() == {"a": 4, "b": 2, "all": 6}
    assert table.loc["b", "unreadable"] == 1
    assert table.loc["all", "low"] == round(clopper_pearson(6, 6)[0], 6)
    assert sum(int(one.rpartition(":")[2]) for one in table.loc["all", "taken_for"].split()) == 6
    none = count(tiny.weights(tmp_path / "none.safetensors", threshold=3.0), listed, HERE)
    assert none["flagged"].sum() == 0 and "0.000 %" in to_markdown(none)


def test_log_odds_of_clean_images_are_those_that_the_detector_judges_by(tmp_path):
    clean = tiny.images(tmp_path / "images", count=3)
    (tmp_path / "broken.png").write_bytes(b"no image")
    weights = tiny.weights(tmp_path / "w.safetensors")
    logits, classes = log_odds(weights, [("a", p) for p in [*clean, tmp_path / "broken.png"]], HERE)
    judged = [Detector.load(weights).judge(path) for path in clean]
    assert classes == [one.classes[0] for one in judged]
    assert logits == pytest.approx(np.vstack([one.prediction.logits for one in judged]), abs=1e-5)


def test_sources_of_the_evidence(tmp_path):
    (tmp_path / "made").mkdir()
    rows = [("clean/a.png", "photo"), ("clean/b.png", "camera"), ("negatives/c.png", "negative")]
    pd.DataFrame(rows, columns=["filename", "source"]).to_csv(tmp_path / "made/sources.csv", index=False)
    photographs = tiny.images(tmp_path / "own", count=2)
    found = [*gather(tmp_path / "made"), *own(tmp_path / "own")]
    assert [path for _, path in found[3:]] == sorted(photographs)
    assert [source.split()[0] for source, _ in found] == ["packaged", "camera", "look-alikes,", "own", "own"]
