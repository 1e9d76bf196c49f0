"""The monitor: figures against what was constructed, whole rounds, and the command as it is typed."""

import dataclasses
import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from knobs import knobs
from local_servers import web_server
from synthetic_predictions import CATEGORIES, HARD, PROTOCOL, make_predictions
from synthetic_run import make_curves, make_manifest, make_run

from starlight import manifest, metrics
from starlight.errors import StarlightError
from starlight.monitor import (
    Places,
    breakdown_accuracy,
    calculate_fpr,
    command,
    dataset_metrics,
    monitor,
    parse_training_logs,
    read_baseline,
)
from starlight.monitor.alerts import AlertParams
from starlight.monitor.runs.dataset import shannon_entropy
from starlight.monitor.runs.drift import psi, psi_noise
from starlight.monitor.since_scan import SinceScan, since_scan
from starlight.params import read

LIMITS = knobs(AlertParams, accuracy_over="protocol", imbalance_max=0.4)


@pytest.fixture(scope="module")
def predictions():
    return make_predictions()


@pytest.fixture(scope="module")
def run(tmp_path_factory, predictions):
    root = tmp_path_factory.mktemp("run")
    make_run(root, predictions)
    return root


def places(root):
    return Places(root / "datasets", root / "artifacts/manifest.csv", root / "reports")


def test_fpr_in_all_and_in_parts_recounts_the_table(predictions):
    table = calculate_fpr(predictions, "v3").set_index(["scope", "name"])
    authentic = predictions[predictions.label == 0]
    assert table.loc[("all", "all"), ["k", "n"]].tolist() == [authentic.v3_flagged.sum(), len(authentic)]
    noise = authentic[authentic.category == "natural_noise"]
    assert table.loc[("category", "natural_noise"), "fpr"] == noise.v3_flagged.mean() > 0.1
    assert set(table.loc["category"].index) == set(CATEGORIES)
    assert table.loc["category"].k.sum() == table.loc[("kind", "negative"), "k"]
    assert ((table.low <= table.fpr) & (table.fpr <= table.high)).all()


def test_accuracy_by_technique_has_mean_and_spread(predictions):
    table = breakdown_accuracy(predictions, "v4").set_index("technique")
    assert set(table.index) == {*PROTOCOL, *HARD}
    assert table.loc["alpha", "detection"] == 1.0
    assert table.loc["alpha", "mean"] > table.loc["hill", "mean"]
    assert (table.folds == 5).all() and table.spread.notna().all()


def _log(folder, frame, name="run.csv"):
    frame.to_csv(folder / name, index=False)
    return parse_training_logs(folder / name)[0]


def test_a_good_run_converges_without_flags(tmp_path):
    found = _log(tmp_path, make_curves(12))
    assert not (found.diverged or found.overfitting or found.plateau)
    assert 5 <= found.convergence_epoch <= found.best_epoch


def test_a_run_that_rises_again_diverged(tmp_path):
    found = _log(tmp_path, make_curves(12, diverge=True))
    assert found.diverged and found.overfitting and found.best_epoch < 10


@pytest.mark.parametrize("losses", [(0.5, 0.5001), (0.5, 0.499, 0.502), (0.7479, 0.7455, 0.749)])
def test_a_trifle_up_or_down_is_neither_divergence_nor_overfitting(tmp_path, losses):
    found = _log(tmp_path, pd.DataFrame({"epoch": range(1, len(losses) + 1), "train_loss": losses, "val_loss": losses}))
    assert not found.diverged and not found.overfitting


def test_harder_batches_at_the_end_are_no_divergence(tmp_path):
    curves = pd.DataFrame({"epoch": [1, 2], "lr": [1e-4, 1e-4], "train_loss": [0.65, 0.70], "val_loss": [0.75, 0.74]})
    assert not _log(tmp_path, curves).diverged
    assert _log(tmp_path, curves.assign(val_loss=[0.74, 0.75])).diverged


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_diverged(tmp_path, value):
    curves = make_curves(6)
    curves.loc[3, "train_loss"] = value
    assert _log(tmp_path, curves).diverged


def test_what_was_there_before_the_first_epoch_has_no_training_loss(tmp_path):
    """Fine-tuning notes the detector it starts from as epoch 0, with no learning rate and a loss that is none."""
    curves = make_curves(3)
    start = curves.iloc[[0]].assign(epoch=0, lr=0.0, train_loss=0.0)
    found = _log(tmp_path, pd.concat([start, curves]))
    assert not found.diverged and found.epochs == 3 and math.isnan(found.curves.train_loss[0])


def test_a_validation_that_gave_no_loss_diverged(tmp_path):
    curves = make_curves(6)
    curves.loc[4, [name for name in curves if name.startswith("val_")]] = math.nan
    assert not _log(tmp_path, curves).diverged  # that epoch was not validated
    curves.loc[5, "val_loss"] = math.nan
    assert _log(tmp_path, curves).diverged


def test_overfitting_is_not_divergence(tmp_path):
    curves = make_curves(12)
    curves["val_loss"] += np.where(curves.epoch > 6, 0.1 * (curves.epoch - 6), 0)
    found = _log(tmp_path, curves)
    assert found.overfitting and not found.diverged and found.plateau


def test_steps_and_missing_columns_are_understood(tmp_path):
    steps = pd.DataFrame({"epoch": [1, 1, 2, 2], "step": [1, 2, 3, 4], "train_loss": [3.0, 2.0, 1.5, 1.0]})
    found = _log(tmp_path, steps)
    assert found.epochs == 2 and found.curves.train_loss.tolist() == [2.0, 1.0] and found.best_epoch is None
    empty = pd.DataFrame(columns=["epoch", "train_loss", "val_loss"])
    empty.to_csv(tmp_path / "empty.csv", index=False)
    assert parse_training_logs(tmp_path / "empty.csv") == []


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "epoch,train_loss\n1,oops\n", "epoch,train_loss\n,1\n", "epoch,train_loss\ninf,1\n"]
)
def test_a_broken_log_is_named(tmp_path, text):
    (tmp_path / "odd.csv").write_text(text, encoding="utf-8")
    with pytest.raises(StarlightError, match=r"odd\.csv"):
        parse_training_logs(tmp_path)


def test_entropy_in_bits():
    assert shannon_entropy([1, 1, 1, 1]) == 2.0
    assert shannon_entropy([5, 0]) == 0.0
    assert math.isnan(shannon_entropy([]))


@given(st.lists(st.integers(0, 500), min_size=2, max_size=8).filter(lambda c: sum(c) > 0), st.data())
@settings(max_examples=50, deadline=None)
def test_psi_is_symmetric_and_never_negative(counts, data):
    other = data.draw(st.lists(st.integers(0, 500), min_size=len(counts), max_size=len(counts)).filter(sum))
    assert psi(counts, other) >= 0
    assert psi(counts, other) == pytest.approx(psi(other, counts))
    assert psi(counts, counts) == 0


def test_chance_alone_stays_under_the_noise_of_psi():
    rng = np.random.default_rng(0)
    share, n, m = [0.4, 0.3, 0.2, 0.1], 80, 300
    drawn = [psi(rng.multinomial(n, share), rng.multinomial(m, share)) for _ in range(2000)]
    assert np.mean(np.array(drawn) > psi_noise(n, m, 4)) < 0.004
    assert psi(rng.multinomial(n, share), rng.multinomial(m, share[::-1])) > psi_noise(n, m, 4)


def test_dataset_metrics_count_what_is_there(predictions):
    rows = make_manifest(predictions)
    found = dataset_metrics(rows, rows[rows.split == "train"])
    assert found["quarantined"] == 1 and found["images"] == len(rows) - 1
    assert found["imbalance"] == pytest.approx((13 - 8) / 21)
    assert found["diversity"]["technique"]["share"] == pytest.approx(1)
    assert found["diversity"]["format"]["share"] < 1
    assert found["table"]["alpha"] == {"gif": 0, "jpeg": 0, "png": 90}
    assert max(part["psi"] for part in found["drift"].values()) < 0.05
    twice = pd.concat([rows, rows[rows.kind == "stego"].head(7)])
    assert dataset_metrics(twice)["duplicates"] == 7
    assert math.isnan(dataset_metrics(rows.iloc[:0])["imbalance"])


def test_diversity_sees_a_class_that_the_training_set_had(predictions):
    without = predictions[predictions.category != "tiny"]
    assert dataset_metrics(without)["diversity"]["category"]["share"] == pytest.approx(1)
    assert dataset_metrics(without, predictions)["diversity"]["category"]["share"] < 0.9


def test_a_round_on_the_pipelines_own_data(run, tmp_path):
    def predict(path, version):
        raise AssertionError("stored predictions are there")

    found = monitor(run / "datasets", "V4", LIMITS, output_dir=tmp_path, predict=predict, places=places(run),
                    formats=("json", "md", "jsonl", "prom"))  # fmt: skip
    assert not found.raised and not found.problems
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "alerts.jsonl", "monitor.json", "monitor.jsonl", "monitor.md", "starlight.prom",
    ]  # fmt: skip
    report = json.loads((tmp_path / "monitor.json").read_text(encoding="utf-8"))
    assert report["metrics"] == json.loads((run / "reports/metrics.json").read_text(encoding="utf-8"))["v4"]
    assert {row["name"] for row in report["training"]} == {"base", "finetune", "v3"}
    assert "| category | `tiny` |" in (tmp_path / "monitor.md").read_text(encoding="utf-8")


def test_a_round_on_a_folder_asks_the_detector_and_tells_people(run, tmp_path, predictions):
    folder = tmp_path / "new_submission_2026"
    folder.mkdir()
    asked = []

    def predict(path, version):
        asked.append((path, version))
        frame = predictions.copy()
        frame.loc[frame.technique == "alpha", "v4_flagged"] = 0
        return frame

    with web_server(statuses=(500,)) as server:
        environment = {"STARLIGHT_METRICS_URL": f"http://127.0.0.1:{server.server_address[1]}/"}
        found = monitor(folder, "V4", LIMITS, output_dir=tmp_path / "out", predict=predict, places=places(run),
                        baseline=run / "reports/metrics.json", environment=environment, backoff_s=0)  # fmt: skip
    assert asked == [(folder, "V4")]
    assert {a.name for a in found.alerts if a.level == "alert"} == {"accuracy", "accuracy_drop", "detection.alpha"}
    assert json.loads(server.kept[0])["alerts"] == ["accuracy", "accuracy_drop", "detection.alpha"]
    waiting = [json.loads(line) for line in (tmp_path / "out/alerts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(waiting) == 3 and not any(record["delivered"] for record in waiting)


def _came(predictions, number):
    """Predictions of V4 alone on images that the manifest does not know, all authentic and flagged."""
    fresh = predictions[predictions.label == 0].head(number).drop(columns=[c for c in predictions if c[:2] == "v3"])
    paths = [f"ben_submission_2026/clean/{n}.png" for n in range(number)]
    ids = [f"{n:016x}" for n in range(10**6, 10**6 + number)]
    return fresh.assign(path=paths, sample_id=ids, cover_id=ids, v4_flagged=1)


def test_what_came_since_the_scan_is_judged_and_said(run, tmp_path, predictions):
    """Files that nobody scanned may not stay unseen: they are counted, and a drop of the detector on them is too."""
    (run / "datasets").mkdir(exist_ok=True)
    fresh, asked = _came(predictions, 40), []
    seen = SinceScan(new=(*fresh.path, "ben_submission_2026/clean/broken.png"), gone=("sample/clean/a.png",))

    def predict(path, version, only):
        asked.append(sorted(only))
        return fresh

    how = {"output_dir": tmp_path, "predict": predict, "places": places(run)}
    found = monitor(run / "datasets", "V4", LIMITS, since=lambda path, rows: seen, **how)
    assert asked == [sorted(seen.new)] and "fpr" in {alert.name for alert in found.alerts if alert.level == "alert"}
    came, gone = found.notes
    assert "41 files (ben_submission_2026 41) in" in came and "40 of them judged and counted" in came
    assert "1 file (sample 1) in" in gone and "vanished since the last scan" in gone
    report = json.loads((tmp_path / "monitor.json").read_text(encoding="utf-8"))
    whole = metrics.evaluate(predictions, "v4")
    assert report["metrics"]["fpr_n"] == whole["fpr_n"] + 40 and report["metrics"]["fpr_k"] == whole["fpr_k"] + 40
    assert report["dataset"]["clean"] == 40 + dataset_metrics(manifest.read(places(run).manifest))["clean"]
    assert came in (tmp_path / "monitor.md").read_text(encoding="utf-8")


def test_what_came_and_cannot_be_judged_is_said(run, tmp_path):
    (run / "datasets").mkdir(exist_ok=True)

    def predict(*_):
        raise StarlightError("models/detector.safetensors: no such file")

    how = {"output_dir": tmp_path, "predict": predict, "places": places(run)}
    seen = SinceScan(new=("ben_submission_2026/clean/a.png",))
    found = monitor(run / "datasets", "V4", LIMITS, since=lambda path, rows: seen, **how)
    assert "none of them could be judged (models/detector.safetensors: no such file)" in found.notes[0]
    how["predict"] = lambda *_: pd.DataFrame()
    found = monitor(run / "datasets", "V4", LIMITS, since=lambda path, rows: seen, **how)
    assert "none of them could be judged;" in found.notes[0]


def test_files_new_changed_and_gone_since_a_scan(tmp_path):
    root = tmp_path / "datasets"
    clean = root / "ben_submission_2026/clean"
    clean.mkdir(parents=True)
    for name in ("a.png", "b.png", "new.png"):
        (clean / name).write_bytes(b"1234")
    rows = [{"path": f"ben_submission_2026/clean/{name}", "bytes": size, "label": 0}
            for name, size in (("a.png", 4), ("b.png", 5), ("gone.png", 4), ("never.png", None))]  # fmt: skip
    found = since_scan(root, manifest.frame(rows))
    place = "ben_submission_2026/clean/{}".format
    assert found == SinceScan((place("new.png"),), (place("b.png"),), (place("gone.png"),))
    nothing = since_scan(tmp_path / "nowhere", manifest.frame(rows))
    assert nothing.gone == tuple(map(place, ("a.png", "b.png", "gone.png"))) and not nothing.new


def test_what_cannot_be_monitored_is_named(run, tmp_path, predictions):
    def nothing(path, version):
        return predictions.iloc[:0]

    how = {"output_dir": tmp_path, "predict": nothing, "places": places(run)}
    with pytest.raises(StarlightError, match="nowhere"):
        monitor(tmp_path / "nowhere", "V4", LIMITS, **how)
    with pytest.raises(StarlightError, match="no image"):
        monitor(tmp_path, "V4", LIMITS, **how)
    with pytest.raises(StarlightError, match="V3, V4"):
        monitor(tmp_path, "V5", LIMITS, **how)
    with pytest.raises(StarlightError, match=r"absent\.json"):
        monitor(tmp_path, "V4", LIMITS, baseline=tmp_path / "absent.json", **how)


def test_baselines_of_every_kind(run, tmp_path, predictions):
    measured = metrics.evaluate(predictions, "v4")
    (tmp_path / "monitor.json").write_text(metrics.dumps({"metrics": measured}), encoding="utf-8")
    line = json.dumps({"metrics": json.loads(metrics.dumps(measured))})
    (tmp_path / "history.jsonl").write_text(f"{{}}\n{line}\n", encoding="utf-8")
    for path in (run / "reports/metrics.json", tmp_path / "monitor.json", tmp_path / "history.jsonl"):
        assert read_baseline(path, "v4")["fpr_n"] == measured["fpr_n"]
    (tmp_path / "odd.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(StarlightError, match=r"odd\.json"):
        read_baseline(tmp_path / "odd.json", "v4")
    (tmp_path / "odd.json").write_text(json.dumps({**json.loads(line)["metrics"], "fpr": "x"}), encoding="utf-8")
    with pytest.raises(StarlightError, match="fpr is no number"):
        read_baseline(tmp_path / "odd.json", "v4")


@pytest.mark.parametrize("given", [{"accuracy_low": 0.5}, {"v4": {"accuracy": 0.6, "accuracy_low": 0.5}}])
def test_half_a_baseline_is_none(tmp_path, given):
    (tmp_path / "half.json").write_text(json.dumps(given), encoding="utf-8")
    with pytest.raises(StarlightError, match=r"half\.json: holds no metrics of v4"):
        read_baseline(tmp_path / "half.json", "v4")


def test_a_baseline_is_of_the_same_model(tmp_path, predictions):
    measured = {model: json.loads(metrics.dumps(metrics.evaluate(predictions, model))) for model in ("v3", "v4")}
    lines = [json.dumps({"version": model, "metrics": measured[model]}) for model in ("v3", "v4")]
    (tmp_path / "history.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert read_baseline(tmp_path / "history.jsonl", "v3") == measured["v3"]
    (tmp_path / "monitor.json").write_text(json.dumps({"model": "v4", "metrics": measured["v4"]}), encoding="utf-8")
    with pytest.raises(StarlightError, match="no metrics of v3, only of v4"):
        read_baseline(tmp_path / "monitor.json", "v3")


def test_a_slow_detector_raises_the_alert_of_latency(run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    latency = tmp_path / "run/reports/bench/latency.json"
    latency.write_text('{"png_256_ms": {"p50": 900, "p95": 5000}}', encoding="utf-8")
    how = {"output_dir": tmp_path / "out", "predict": None, "places": places(tmp_path / "run")}
    found = monitor(tmp_path / "run/datasets", "V4", LIMITS, **how)
    assert [alert.name for alert in found.alerts if alert.level == "alert"] == ["latency"]
    latency.write_text("{", encoding="utf-8")
    with pytest.raises(StarlightError, match=r"latency\.json"):
        monitor(tmp_path / "run/datasets", "V4", LIMITS, **how)


def test_predictions_of_other_images_than_the_manifests_are_named(run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    path = tmp_path / "run/reports/predictions.csv"
    how = {"output_dir": tmp_path / "out", "predict": None, "places": places(tmp_path / "run")}
    frame = metrics.read_predictions(path)
    frame.iloc[1:].to_csv(path, index=False)
    with pytest.raises(StarlightError, match=r"predictions\.csv: .* differ by 1 images"):
        monitor(tmp_path / "run/datasets", "V4", LIMITS, **how)
    pd.concat([frame, frame.iloc[:3]]).to_csv(path, index=False)
    with pytest.raises(StarlightError, match="3 images stand in it more than once"):
        monitor(tmp_path / "run/datasets", "V4", LIMITS, **how)


def test_a_folder_is_read_as_the_pipeline_reads_its_own(monkeypatch):
    """Else its stored streams would not serve, and other crops would be looked at than in training."""
    seen = {}
    monkeypatch.setattr("starlight.monitor.predict_folder.predict_folder", lambda *given, **named: seen.update(named))
    raw = read("params.yaml")
    raw["extract"]["max_tiles"], raw["scan"]["max_pixels"] = 7, 9
    command.predictor(raw, Path("p"))(Path("x"), "V4")
    assert seen["models"] == Path("p/models")
    assert seen["params"].extract.max_tiles == 7 and seen["params"].scan.max_pixels == 9


def test_the_command_as_typed(run, tmp_path):
    script = Path(__file__).parents[1] / "scripts/monitor_performance.py"
    (run / "datasets").mkdir(exist_ok=True)
    blocks = yaml.safe_dump({"alerts": dataclasses.asdict(LIMITS)})
    (run / "params.yaml").write_text(blocks, encoding="utf-8")
    command = [sys.executable, str(script), "--model-version", "V3", "--dataset-path", "datasets", "--output-dir",
               str(tmp_path), "--format", "json,md", "--fail-on-alert"]  # fmt: skip
    environment = {k: v for k, v in os.environ.items() if not k.startswith("STARLIGHT")}
    environment["PYTHONPATH"] = str(script.parents[1])
    done = subprocess.run(command, cwd=run, env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout.startswith("alert fpr: 2.308 %")
    command[3] = "V4"
    assert subprocess.run(command, cwd=run, env=environment, capture_output=True).returncode == 0
    done = subprocess.run(
        [*command, "--baseline", "none.json"], cwd=run, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 2 and done.stderr.startswith("error: none.json") and done.stderr.count("\n") == 1
    command[command.index("--output-dir") + 1] = "params.yaml"
    done = subprocess.run(command, cwd=run, env=environment, capture_output=True, text=True)
    assert done.returncode == 2 and "params.yaml" in done.stderr and done.stderr.count("\n") == 1
