"""The monitor takes folders as people have them: parts of submissions, loose pictures, all of them set aside."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny
from submission_factory import picture, save, submission

from starlight.errors import StarlightError
from starlight.monitor.any_folder import set_aside
from starlight.monitor.predict_folder import FolderParams, predict_folder
from starlight.params import read

SCRIPT = Path(__file__).parents[1] / "scripts/monitor_performance.py"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    submission(root / "datasets/ann_submission_2025", n=4)
    for i in range(3):
        save(root / f"datasets/ann_submission_2025/negatives/flat/{i}.png", picture(np.random.default_rng(i)))
        save(root / f"pictures/{i}.png", picture(np.random.default_rng(i + 10)))
    (root / "models").mkdir()
    tiny.weights(root / "models/detector.safetensors", threshold=3.0)
    raw = read(SCRIPT.parents[1] / "params.yaml")
    raw["extract"] |= {"workers": 1, "backend": "sequential"}
    raw["scan"]["workers"] = 1
    (root / "params.yaml").write_text(json.dumps(raw), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def judge(project, tmp_path_factory):
    store = tmp_path_factory.mktemp("store")
    params = FolderParams.of(read(project / "params.yaml"))
    how = {"models": project / "models", "store_root": store, "params": params}
    return lambda folder: predict_folder(project / folder, "V4", **how)


@pytest.mark.parametrize(
    ("folder", "kinds"),
    [
        ("datasets", {"clean", "stego", "negative"}),
        ("datasets/ann_submission_2025", {"clean", "stego", "negative"}),
        ("datasets/ann_submission_2025/negatives", {"negative"}),
        ("datasets/ann_submission_2025/negatives/flat", {"negative"}),
        ("datasets/ann_submission_2025/stego", {"stego"}),
        ("pictures", {"clean"}),
    ],
)
def test_every_kind_of_folder(project, judge, folder, kinds):
    found = judge(folder)
    assert set(found.kind) == kinds
    if folder.endswith("flat"):
        assert set(found.category) == {"flat"} and len(found) == 3
    if folder == "pictures":
        assert len(found) == 3


def test_a_part_is_judged_as_in_the_whole(judge):
    whole, part = judge("datasets"), judge("datasets/ann_submission_2025/negatives")
    both = whole.merge(part, on="sample_id")
    assert len(both) == len(part) and (both.v4_score_x == both.v4_score_y).all()


def test_how_many_were_set_aside_and_why(project, judge):
    folder = project / "broken"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(b"no image")
    with pytest.raises(StarlightError, match=r"no usable image: 2 of 2 files set aside: 2 unreadable, such as a\.png"):
        judge("broken")
    save(folder / "c.png", picture(np.random.default_rng(20)))
    assert "2 of 3 files set aside" in judge("broken").attrs["notes"][0]
    assert set_aside(pd.DataFrame({"status": ["ok"], "reason": [""], "path": ["x"]})) == ""


def test_as_typed_from_anywhere_in_either_spelling(project, tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"STARLIGHT_CACHE": str(tmp_path / "c")}

    def said(where, *options):
        command = [sys.executable, str(SCRIPT), *options, "--output_dir", str(tmp_path / "out")]
        done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True)
        return done.stdout or done.stderr

    there = str(project / "datasets/ann_submission_2025/negatives/")
    elsewhere = said(tmp_path, "--model_version", "V4", "--dataset_path", there)
    assert "FPR `all`: 0.000 %" in elsewhere and "FPR `flat`: 0.000 %" in elsewhere
    inside = said(project / "pictures", "--dataset-path", "datasets/ann_submission_2025/negatives")
    assert inside == elsewhere
