"""The ways it is used, exactly as typed, in a temporary clone at a tiny size."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from starlight.detector.weights import load
from tests.imports import ROOT

TINY = {
    "sample": {
        "covers": 60,
        "stego_per_technique": 6,
        "adaptive_per_technique": 4,
        "negatives": 26,
        "largest_side": 128,
        "max_payload_bytes": 256,
    },
    "tampering": {"pairs": 14, "authentic": 4, "lookalikes": 8},
    "scan": {"test_fraction": 0.34, "val_fraction": 0.33},
    "train": {"epochs": 1},
    "finetune": {"epochs": 1, "control": False},
    "evaluate": {"stream_ablation": False, "hardest": 4},
    "forgery": {"network_steps": 4, "augmented": 0, "trees": 20, "depth": 2, "tuning_trees": 10, "seeds": 1},
}


def run(folder: Path, *words: str, status: int = 0) -> str:
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1",
           "STARLIGHT_CACHE": str(folder.parent / "cache"), "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@localhost",
           "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@localhost", "DVC_NO_ANALYTICS": "1"}  # fmt: skip
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == status, f"{' '.join(words)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def shrink(folder: Path, **changes: dict) -> None:
    path = folder / "params.yaml"
    params = yaml.safe_load(path.read_text())
    for block, values in {**TINY, **changes}.items():
        params[block] = {**params.get(block, {}), **values}
    path.write_text(yaml.safe_dump(params, sort_keys=False))


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A clone of the repository as it is checked out, made tiny, after its first `dvc repro`."""
    folder = tmp_path_factory.mktemp("usage") / "starlight"
    run(folder.parent, "git", "clone", "--quiet", str(ROOT), str(folder))
    changed = run(ROOT, "git", "ls-files", "--modified", "--others", "--exclude-standard").split("\n")
    for name in filter(None, changed):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    shrink(folder)
    run(folder, "dvc", "repro")
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "--message", "tiny")
    return folder


def test_the_second_time_there_is_nothing_to_do(clone):
    before = {p: p.read_bytes() for p in (clone / "reports").rglob("*") if p.is_file()}
    assert "up to date" in run(clone, "dvc", "repro")
    assert "Running stage" not in run(clone, "dvc", "repro")
    assert before == {p: p.read_bytes() for p in (clone / "reports").rglob("*") if p.is_file()}
    assert "up to date" in run(clone, "dvc", "status")


def test_what_dvc_keeps_takes_its_room_once(clone):
    """Images, streams and weights are the same files in the cache, on any file system that knows links."""
    kept = {path.stat().st_ino for path in (clone / ".dvc/cache").rglob("*") if path.is_file()}
    made = [*clone.glob("datasets/*_2025/**/*"), *clone.glob("artifacts/**/*"), *clone.glob("models/*.safetensors")]
    files = [path for path in made if path.is_file() and path.name != ".gitignore"]
    assert len(files) > 200 and all(path.stat().st_ino in kept for path in files)


LONG = pytest.mark.skipif("STARLIGHT_LONG" not in os.environ, reason="takes minutes: set STARLIGHT_LONG=1")


@LONG
def test_a_second_person_pulls_and_has_nothing_to_run(clone, tmp_path):
    """As docs/sharing.md says: a folder that both can reach is the remote."""
    remote, theirs = tmp_path / "remote", tmp_path / "second" / "starlight"
    theirs.parent.mkdir()
    run(clone, "dvc", "remote", "add", "--force", "--default", "team", str(remote))
    run(clone, "git", "commit", "--quiet", "--all", "--message", "where results are shared")
    run(clone, "dvc", "push")
    run(theirs.parent, "git", "clone", "--quiet", str(clone), str(theirs))
    assert not (theirs / "models/detector.safetensors").exists()
    run(theirs, "dvc", "pull")
    assert "Running stage" not in run(theirs, "dvc", "repro") and "up to date" in run(theirs, "dvc", "status")
    for name in ("models/detector.safetensors", "artifacts/manifest.csv"):
        assert (theirs / name).read_bytes() == (clone / name).read_bytes()
    assert run(theirs, "git", "status", "--porcelain") == ""


def test_metrics_plots_and_params(clone):
    assert "fpr" in run(clone, "dvc", "metrics", "show")
    run(clone, "dvc", "plots", "show", "--out", "plots_html")
    run(clone, "dvc", "params", "diff")


def test_an_experiment_trains_again_and_extracts_nothing(clone):
    said = run(clone, "dvc", "exp", "run", "-S", "negative_ratio=0.5")
    assert "Running stage 'train'" in said
    assert "Running stage 'extract'" not in said and "Running stage 'baseline'" not in said
    assert "0.5" in run(clone, "dvc", "exp", "show", "--csv")
    assert "negative_ratio" in run(clone, "dvc", "params", "diff")
    run(clone, "git", "checkout", "--quiet", "--", ".")


def test_metrics_against_the_baseline(clone):
    typed = re.search(r"\tdvc (exp run .*v3-baseline.*)", (ROOT / "Makefile").read_text(encoding="utf-8"))[1]
    said = run(clone, "dvc", *typed.split())
    assert "Running stage 'headline'" in said and said.count("Running stage") == 1
    shown = json.loads(run(clone, "dvc", "metrics", "diff", "--json", "--all", "v3-baseline", "--targets",
                           "reports/headline.json").split("\n")[0])  # fmt: skip
    figures = json.loads((clone / "reports/metrics.json").read_text())
    assert len(shown["reports/headline.json"]) == 12
    recall = shown["reports/headline.json"]["found_stego"]
    assert recall["old"] == figures["v3"]["recall"] and recall["new"] == figures["v4"]["recall"]


def test_thresholds_set_anew_are_those_of_the_run_it_stands_in(clone, tmp_path):
    weights = tmp_path / "detector.safetensors"
    shutil.copy(clone / "models/detector.safetensors", weights)
    before = load(weights)
    words = ["--weights", str(weights), "--images", "120", "--seeds", "3", "4", "--target-fpr", "0.002"]
    assert " of 240 further clean images flagged" in run(clone, "python", "-m", "scripts.tools.thresholds", *words)
    after = load(weights)
    assert after.meta["further_clean"] == 240 and after.calibration.target_fpr == 0.002
    assert after.calibration.authentic == before.calibration.authentic + 240
    maps = [(c.slope, c.intercept) for c in (before.calibration, after.calibration)]
    assert maps[0] != maps[1], "probabilities belong to the units that they were fitted in"


@LONG
def test_a_new_submission_counts(clone):
    anna = clone / "datasets" / "anna_submission_2026"
    source = clone / "datasets" / "sample_submission_2025"
    for kind in ("clean", "stego"):
        (anna / kind).mkdir(parents=True)
    sidecars = sorted((source / "stego").glob("*.json"))[:6]
    for sidecar in sidecars:
        shutil.copy(sidecar, anna / "stego")
        shutil.copy(sidecar.with_suffix(""), anna / "stego")
    (anna / "clean" / "text.png").write_text("no image")
    (anna / "clean" / "empty.png").write_bytes(b"")
    whole = next((source / "clean").glob("*.png")).read_bytes()
    (anna / "clean" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (anna / "stego" / "lonely_alpha_001.png").write_bytes(whole)
    (anna / "stego" / "lonely_alpha_001.png.json").write_text("{")
    run(clone, "dvc", "repro")
    report = (clone / "reports/dataset.json").read_text()
    for name in ("text.png", "empty.png", "cut.png", "lonely_alpha_001.png"):
        assert name in report
    assert "anna_submission_2026" in (clone / "artifacts/manifest.csv").read_text()
    shutil.rmtree(anna)


@LONG
def test_a_release_from_the_pipeline(clone):
    run(clone, "python", "-m", "scripts.tools.release", "-S", "seed=7", "--images", "120", "--terms", "nobody's")
    card = (clone / "models/release/MODEL_CARD.md").read_text()
    assert "seed 7" in card and "`seed=7`" in card and "nobody's" in card
    assert "by 360 further clean images" in card and "Not measured yet" in card
    told = json.loads((clone / "models/release/figures.json").read_text())["v4"]
    assert f"{told['fpr_k']} of {told['fpr_n']} clean and negative images flagged" in card
    run(clone, "git", "checkout", "--quiet", "--", ".")


def test_a_wrong_value_stops_with_one_line(clone):
    shrink(clone, mine={"threshold": 7})
    said = run(clone, "dvc", "repro", "mine", status=255)
    assert "mine.threshold" in said and "7" in said and "Traceback" not in said
    run(clone, "git", "checkout", "--quiet", "--", "params.yaml")


@LONG
def test_without_any_submission(clone):
    shrink(clone, sample={"enabled": False}, tampering={"enabled": False})
    said = run(clone, "dvc", "repro", status=255)
    assert "datasets" in said and "Traceback" not in said
    run(clone, "git", "checkout", "--quiet", "--", "params.yaml", "dvc.lock")


TOY = '''"""Two low bits of samples at pseudo-random places become random."""

import numpy as np

NAME = "toy"
CARRIER = "samples"
READABLE = False
SHOWN_IN = ("content",)
RATES = "lsb"


def embed(cover: np.ndarray, rate: float, *, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    there = rng.random(cover.shape) < rate
    return np.where(there, cover & 252 | rng.integers(0, 4, cover.shape, np.uint8), cover).astype(np.uint8)
'''


@LONG
def test_a_new_technique_is_one_file_and_one_line(clone):
    (clone / "starlight/techniques/spatial/toy.py").write_text(TOY)
    registry = clone / "starlight/techniques/__init__.py"
    text = registry.read_text()
    last = '    "wow": "spatial.wow",\n'
    registry.write_text(text.replace(last, last + '    "toy": "spatial.toy",\n'))
    run(clone, "dvc", "repro")
    figures = json.loads((clone / "reports/metrics.json").read_text())["v4"]["techniques"]
    assert figures["toy"]["n"] > 0 and "toy" in (clone / "reports/dashboard.md").read_text()
    run(clone, "git", "checkout", "--quiet", "--", ".")
