"""Training: it learns, it resumes after a kill, several processes agree, mining and fine-tuning keep their rules."""

import copy
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from starlight.detector.weights import Member, load, write
from starlight.evaluate import EvaluateParams, before_after, hardest, predictions, stream_ablation
from starlight.finetune import EnsembleParams, FinetuneParams, area_weights, finetune, sampling_weights
from starlight.metrics.choice import Choice
from starlight.mine import MineParams, mine
from starlight.params import General
from starlight.techniques import LABELS, OTHER
from starlight.training.build import stego_and_authentic
from starlight.training.calibrate import set_map_bar
from starlight.training.data import TrainingData
from starlight.training.params import TrainParams
from starlight.training.pools import brought_alone, expert_weights, groups, held_back, load_splits
from starlight.training.sampler import NegativeSampler
from starlight.training.selection import Passes, by_experts, forward
from tests.fake_streams import data_set
from tests.imports import ROOT
from tests.knobs import knobs
from tests.train_worker import run

STREAMS = ("pixel", "alpha", "lsb", "palette", "metadata", "format", "palette_lsb", "content", "dct")


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("trained")
    run(out, 4)
    return out


@pytest.fixture(scope="module")
def splits(trained):
    manifest, reader = data_set()
    return load_splits(manifest, reader, STREAMS, reader.crops, trained / "scratch")


def test_it_learns(trained, splits):
    manifest, reader = data_set()
    test = TrainingData(manifest[manifest["split"] == "test"], reader, STREAMS, reader.crops, trained / "scratch")
    table = predictions({"v4": load(trained / "base.safetensors")}, test, knobs(EvaluateParams))
    auc = [table.loc[table["label"] == label, "v4_score"] for label in (1, 0)]
    assert np.mean(auc[0].to_numpy()[:, None] > auc[1].to_numpy()[None]) > 0.95
    flagged = table["v4_flagged"] == 1
    assert (table["v4_rate"][flagged] == 0.0005).all() and not (table["v4_rate"][~flagged] == 0.0005).any()
    assert len(pd.read_csv(trained / "base.csv")) == 4


def test_the_hardest_images_are_the_worst_of_both_kinds(splits):
    data = splits.val
    table = predictions({}, data, knobs(EvaluateParams))
    table["v4_score"] = np.linspace(-5, 5, len(table))
    places, captions = hardest(table, data, 5)
    assert data.labels[places].tolist() == [0, 0, 0, 1, 1]
    scores = table.set_index("path")["v4_score"][data.rows["path"].iloc[places]].to_numpy()
    assert scores[0] == table.loc[table["label"] == 0, "v4_score"].max()
    assert scores[3] == table.loc[table["label"] == 1, "v4_score"].min()
    assert [float(caption.split()[-1]) for caption in captions] == scores.round(2).tolist()


def test_map_target_is_where_stego_and_twin_differ(splits):
    data = splits.train
    stego = np.flatnonzero(data.labels == 1)
    batch = data.batch(stego[:4])
    assert batch.map_target[:, 0, :4, :8].mean() > 0.99 and batch.map_target[:, 0, 4:].sum() == 0
    assert batch.map_valid[0, 0].sum() == 64
    assert data.payload_share()[stego] == pytest.approx(0.5, abs=0.02)


def test_the_same_seed_gives_the_same_weights(trained, tmp_path):
    run(tmp_path, 4)
    assert (tmp_path / "base.safetensors").read_bytes() == (trained / "base.safetensors").read_bytes()


def test_twins_are_not_held_back_and_a_few_others_are(splits):
    data = splits.train
    held, fewer, none = (
        held_back(data, knobs(TrainParams, held_back=s, held_back_negatives=s)) for s in (0.5, 0.2, 0.0)
    )
    assert not held[data.twins[data.twins >= 0]].any() and not held[data.labels == 1].any()
    assert not none.any() and np.all(held[fewer])
    negative = (data.rows["kind"] == "negative").to_numpy()
    every = held_back(data, knobs(TrainParams, held_back=0.0, held_back_negatives=1.0))
    assert np.array_equal(every, negative & ~np.isin(np.arange(len(data)), data.twins))


def test_of_submissions_without_stego_a_share_of_its_own_is_held_back(trained):
    manifest, reader = data_set()
    params = knobs(TrainParams, held_back=0.0, held_back_negatives=0.0, held_back_alone=1.0)
    of = {"negative": "anna", "clean": "a", "stego": "a"}
    data = load_splits(
        manifest.assign(submission=manifest["kind"].map(of)), reader, STREAMS, reader.crops, trained / "scratch"
    ).train  # fmt: skip
    negative = (data.rows["kind"] == "negative").to_numpy()
    assert np.array_equal(held_back(data, params), negative) and np.array_equal(brought_alone(data), negative)


def test_what_base_training_cannot_do_without_is_not_held_back(trained):
    manifest, reader = data_set()
    apart = manifest.assign(submission=np.where(manifest["kind"] == "stego", "a", "anna"))
    data = load_splits(apart, reader, STREAMS, reader.crops, trained / "scratch").train
    assert not brought_alone(data).any()


def test_no_expert_learns_unlisted_stego_that_can_be_read_outright(splits):
    data, other = copy.copy(splits.train), LABELS.index(OTHER)
    data.technique, data.found = data.technique.copy(), data.found.copy()
    unlisted = np.flatnonzero(data.labels == 1)[:6]
    data.technique[unlisted] = other
    data.found[unlisted[:4], 0] = True
    model = SimpleNamespace(config=SimpleNamespace(constraint_mask=True))
    stego, authentic = stego_and_authentic(model, data)
    assert np.flatnonzero(stego[:, other]).tolist() == unlisted[4:].tolist()
    assert not authentic[unlisted].any()


def test_an_expert_gives_nothing_for_what_the_sampler_leaves_out(splits):
    data = splits.train
    kinds = data.rows["kind"].to_numpy(object).copy()
    left = np.flatnonzero(data.labels == 0)[::3]
    kinds[left] = "held back"
    sampler = NegativeSampler(0.33, [], kinds=kinds, groups=groups(data), twins=data.twins)
    weights = expert_weights(data, sampler)
    assert not weights[left].any() and np.all(weights[(data.labels == 0) & (kinds != "held back")] > 0)
    assert not np.isin(np.concatenate(list(sampler.epoch(1))), left[~np.isin(left, data.twins)]).any()


def test_negatives_count_for_an_expert_by_their_share_and_a_small_category_by_a_little_more(splits):
    data = splits.train
    negatives = np.flatnonzero(data.rows["kind"] == "negative")
    names = groups(data)
    names[negatives] = np.where(np.arange(len(negatives)) < 4, "small", "large")
    weights = {}
    for ratio in (0.0, 1 / 3):
        sampler = NegativeSampler(ratio, [], kinds=data.rows["kind"], groups=names, twins=data.twins)
        weights[ratio] = expert_weights(data, sampler)
    clean = (data.rows["kind"] == "clean").to_numpy()
    assert not weights[0.0][negatives].any() and np.all(weights[0.0][clean] == 1.0)
    small, large = (weights[1 / 3][negatives[names[negatives] == name]] for name in ("small", "large"))
    assert small[0] / large[0] == pytest.approx(np.sqrt(len(large) / len(small)), rel=1e-3)
    assert large.max() < data.weight[negatives].max()  # the share, not many times a clean image


def worker(*words: str) -> subprocess.Popen:
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, *words], cwd=ROOT, env=env, stderr=subprocess.PIPE, start_new_session=True)


def test_killed_training_resumes_to_the_same_weights(trained, tmp_path):
    first = worker("-m", "tests.train_worker", str(tmp_path), "4")
    deadline = time.monotonic() + 120
    while not list((tmp_path / "scratch").glob("*.pt")) and time.monotonic() < deadline and first.poll() is None:
        time.sleep(0.01)
    assert first.poll() is None, "it ended before it could be killed"
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert not (tmp_path / "base.safetensors").exists()
    again = worker("-m", "tests.train_worker", str(tmp_path), "4")
    assert again.wait(120) == 0, again.stderr.read()
    assert (tmp_path / "base.safetensors").read_bytes() == (trained / "base.safetensors").read_bytes()


def test_two_processes_under_torchrun(tmp_path):
    both = worker("-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "29731", "-m",
                  "tests.train_worker", str(tmp_path), "1")  # fmt: skip
    assert both.wait(180) == 0, both.stderr.read()[-2000:]
    assert load(tmp_path / "base.safetensors").calibration.authentic > 0


ALL_SEEN = knobs(TrainParams, held_back=0.0, held_back_negatives=0.0)


def test_mining_keeps_its_rule_and_counts_itself(trained, splits):
    stored = load(trained / "base.safetensors")
    mined = mine(stored, splits.train, knobs(MineParams, min_fp_ratio=0.0, threshold=0.0), ALL_SEEN)
    assert len(mined.hard_negatives) == mined.audit["scanned_authentic"] == (splits.train.labels == 0).sum()
    assert mined.hard_negatives["score"].is_monotonic_decreasing
    few = mine(stored, splits.train, knobs(MineParams, min_fp_ratio=0.0, threshold=0.0, max_samples=5), ALL_SEEN)
    assert len(few.hard_negatives) == 5 and few.audit["dropped_over_max_samples"] > 0
    none = mine(stored, splits.train, knobs(MineParams, min_fp_ratio=1.0, threshold=1.0, share=0.0), ALL_SEEN)
    if not len(none.hard_negatives):
        assert "mine.threshold" in none.audit["advice"]


def test_mining_takes_the_share_of_unseen_images_that_score_highest(trained, splits):
    stored, training = load(trained / "base.safetensors"), knobs(TrainParams, held_back_negatives=0.8)
    unseen = set(splits.train.rows["path"][held_back(splits.train, training)])
    every = mine(stored, splits.train, knobs(MineParams, min_fp_ratio=0.0, threshold=0.0), training).hard_negatives
    strict = mine(stored, splits.train, knobs(MineParams, min_fp_ratio=1.0, threshold=1.0, share=0.0), training)
    near = mine(stored, splits.train, knobs(MineParams, min_fp_ratio=1.0, threshold=1.0, share=0.2), training)
    count = len(near.hard_negatives)
    assert set(every["path"]) == unseen and near.audit["scanned_authentic"] == len(unseen)
    assert count >= len(strict.hard_negatives) and abs(count - 0.2 * len(every)) <= 1
    assert near.hard_negatives["score"].tolist() == every["score"].tolist()[:count]
    assert near.audit["by_rule"]["near_only"] == count - len(strict.hard_negatives)


def test_photographs_without_stego_are_mined_learnt_and_have_their_say(trained, tmp_path):
    """What a person does who brings clean images alone: they are mined first, and their validation images decide."""
    manifest, reader = data_set()
    of = {"negative": "anna", "clean": "a", "stego": "a"}
    brought = manifest.assign(submission=manifest["kind"].map(of))
    splits = load_splits(brought, reader, STREAMS, reader.crops, trained / "scratch")
    training = knobs(TrainParams, held_back_alone=1.0)
    mined = mine(load(trained / "base.safetensors"), splits.train, knobs(MineParams, share=0.3), training)
    assert mined.audit["first"]["scanned"] == (brought["split"].eq("train") & brought["kind"].eq("negative")).sum()
    assert len(mined.hard_negatives) and (mined.hard_negatives["kind"] == "negative").all()
    tune(trained, splits, tmp_path, mined.hard_negatives, control=False)
    choice = json.loads((tmp_path / "choice.json").read_text())
    assert set(choice["alarms"]["0.05"]) == {"base", "tuned", "base_own", "tuned_own"}
    assert "submissions without stego" in choice["reason"] or "beyond chance" in choice["reason"]


def test_models_are_compared_where_they_find_as_much():
    """A model that ranks one more authentic image under all stego has one false alarm less, at the same detection."""
    n = 100
    label = np.repeat([0, 1], n)
    base = np.concatenate([np.linspace(-5, 0, n), np.linspace(-1, 4, n)])
    tuned = base.copy()
    tuned[n - 1] = -5.0
    table = pd.DataFrame({"path": [f"{i}.png" for i in range(2 * n)], "label": label, "kind": "clean", "category": "",
                          "technique": np.where(label, "lsbr", "")})  # fmt: skip
    for name, score in (("v4_base", base), ("v4", tuned)):
        table[f"{name}_score"], table[f"{name}_flagged"] = score, score >= 3.0
    rows = before_after(table, ("v4_base", "v4")).set_index(["group", "model"])
    for rate, alarms in ((0.01, 1), (0.05, 5)):
        found = rows[rows["base_fpr"] == rate].loc["authentic"]
        assert found["k"].to_dict() == {"v4_base": alarms, "v4": alarms - 1}
        assert (found["n"] == n).all()
    precise = rows[rows["base_fpr"] == 0.05].loc["flagged", "value"]
    assert precise["v4"] > precise["v4_base"]


def test_sampling_weights(splits):
    data = splits.train
    clean = data.rows[data.rows["kind"] == "clean"].iloc[:3]
    params = knobs(FinetuneParams, hard_negative_weight=4.0, large_weight=1.5)
    weights = sampling_weights(data, clean, clean.iloc[:0], params)
    hard = clean.index.to_numpy()
    assert np.all(weights[hard] == 4.0)
    paired = np.isin(data.twins, hard)
    assert np.all(weights[paired] == 6.0) and paired.sum() == 3
    assert np.all(area_weights(data, params)[data.labels == 1] == 1.5)


def tune(trained: Path, splits, out: Path, hard, **kw) -> None:
    base, params = load(trained / "base.safetensors"), knobs(FinetuneParams, epochs=1, **kw)
    finetune(base, splits, hard, hard.iloc[:0], knobs(General), params, knobs(TrainParams), knobs(EnsembleParams),
             models=out, reports=out, scratch=out)  # fmt: skip


def test_the_bar_of_the_map_is_as_low_as_validation_allows(trained, splits):
    model = copy.deepcopy(load(trained / "base.safetensors").members[0].model)
    torch.nn.init.constant_(model.map_head[-1].bias, 9.0)  # which marks every cell of every image
    authentic = splits.val.labels == 0

    def ratio() -> float:
        counts = forward(model, splits.val, torch.device("cpu")).counts[authentic]
        return float((counts[:, 1] / counts.sum(axis=1)).mean())

    for allowed in (0.0, 0.3, 1.0):
        set_map_bar(model, splits.val, allowed)
        assert allowed - 1 / authentic.sum() < ratio() <= allowed + 1e-6  # of float32
    assert model.config.map_bar is None


def test_nothing_mined_passes_the_base_through(trained, splits, tmp_path):
    tune(trained, splits, tmp_path, splits.train.rows.iloc[:0])
    base, tuned = load(trained / "base.safetensors"), load(tmp_path / "detector.safetensors")
    assert len(tuned.members) == 1
    states = [s.members[0].model.state_dict() for s in (base, tuned)]
    assert all(np.array_equal(states[0][k], states[1][k]) for k in states[0])


def chosen(monkeypatch, use_tuned: bool) -> None:
    """As if validation images had shown harm, or none."""
    monkeypatch.setattr("starlight.finetune.choose", lambda *words: Choice(use_tuned, "so", {}))


def test_fine_tuning_that_does_harm_on_validation_is_not_used(trained, splits, tmp_path, monkeypatch):
    chosen(monkeypatch, False)
    tune(trained, splits, tmp_path, splits.train.rows[splits.train.labels == 0].iloc[:6], control=False)
    kept = load(tmp_path / "detector.safetensors")
    base = load(trained / "base.safetensors")
    states = [s.members[0].model.state_dict() for s in (base, kept)]
    assert len(kept.members) == 1 and all(np.array_equal(states[0][k], states[1][k]) for k in states[0])
    assert kept.calibration == base.calibration
    assert json.loads((tmp_path / "choice.json").read_text())["use_tuned"] is False


def test_fine_tuning_writes_ensemble_and_control(trained, splits, tmp_path, monkeypatch):
    chosen(monkeypatch, True)
    hard = splits.train.rows[splits.train.labels == 0].iloc[:6]
    tune(trained, splits, tmp_path, hard)
    stored = load(tmp_path / "detector.safetensors")
    assert [m.weight for m in stored.members] == [1.0, 1.2]
    names = {"v4_base": trained / "base.safetensors"} | {n: tmp_path / f"{f}.safetensors" for n, f in
             (("v4", "detector"), ("control", "control"))}  # fmt: skip
    table = predictions({n: load(p) for n, p in names.items()}, splits.val, knobs(EvaluateParams))
    effect = before_after(table)
    assert set(effect["model"]) == set(names) and (effect["n"] > 0).any()
    blanked = stream_ablation(stored, splits.val).set_index("blanked")
    assert blanked.loc["content", "auc"] < blanked.loc["(none)", "auc"]


def test_fine_tuning_without_a_control(trained, splits, tmp_path, monkeypatch):
    chosen(monkeypatch, True)
    tune(trained, splits, tmp_path, splits.train.rows[splits.train.labels == 0].iloc[:6], control=False)
    assert len(load(tmp_path / "detector.safetensors").members) == 2
    assert len(load(tmp_path / "control.safetensors").members) == 1


def test_the_mined_images_move_the_experts(trained, splits, tmp_path):
    """What mining finds must reach the experts, which alone decide."""
    hard = splits.train.rows[splits.train.labels == 0].iloc[:6]
    tune(trained, splits, tmp_path, hard, hard_negative_weight=50.0, control=False)
    base, tuned = (load(p).members[0].model for p in (trained / "base.safetensors",
                                                      tmp_path / "hard_negative_best.safetensors"))  # fmt: skip
    weights = [m.encoders["content"].layers[1].weight for m in (base, tuned)]
    assert not torch.equal(*weights)


def test_held_back_images_that_were_not_mined_stay_out(trained, splits, tmp_path, monkeypatch):
    from starlight import finetune as module

    data, params = splits.train, knobs(TrainParams, held_back=0.5, held_back_negatives=0.5)
    held = held_back(data, params)
    hard = data.rows.iloc[[*np.flatnonzero(held)[:2], *np.flatnonzero((data.labels == 0) & ~held)[:3]]]
    seen = []
    monkeypatch.setattr(module, "refit", lambda model, data, weight, **kw: seen.append(weight))
    tuning, here = knobs(FinetuneParams, epochs=1, only_mined=True), {"models": tmp_path, "reports": tmp_path}
    base = load(trained / "base.safetensors")
    finetune(
        base,
        splits,
        hard,
        hard.iloc[:0],
        knobs(General),
        tuning,
        params,
        knobs(EnsembleParams),
        **here,
        scratch=tmp_path,
    )
    mined, control = seen
    assert np.array_equal(np.flatnonzero(mined[held]), np.flatnonzero(np.isin(np.flatnonzero(held), hard.index)))
    assert np.count_nonzero(control[held]) == 2 and np.all(control[~held & (data.labels == 0)] > 0)


def test_a_model_passes_once_and_again_when_it_has_changed(trained, splits, monkeypatch):
    from starlight.training import selection

    runs = []
    monkeypatch.setattr(selection, "forward", lambda *words, **knobs: runs.append(words) or forward(*words, **knobs))
    model = load(trained / "base.safetensors").members[0].model
    passes = Passes(splits.val)
    first = passes.of(model)
    assert passes.of(copy.deepcopy(model)) is first and len(runs) == 1
    with torch.no_grad():
        model.encoders["content"].layers[1].weight.add_(1.0)
    assert not np.array_equal(passes.of(model).logits, first.logits) and len(runs) == 2


def test_experts_alone_say_what_the_whole_detector_says(trained, splits):
    model = load(trained / "base.safetensors").members[0].model
    whole = Passes(splits.val).of(model)
    assert by_experts(model, splits.val) is None  # a technique without an expert
    model.has_expert.fill_(True)
    quick, whole = (Passes(splits.val, maps=maps).of(model) for maps in (False, True))
    assert quick.logits == pytest.approx(whole.logits, abs=1e-4)
    assert quick.unlike == pytest.approx(whole.unlike, abs=1e-6)
    assert not quick.counts.any() and np.isnan(quick.confidence).all() and whole.counts.any()


def test_damaged_weights_are_named(tmp_path, trained):
    path = tmp_path / "broken.safetensors"
    path.write_bytes((trained / "base.safetensors").read_bytes()[:1000])
    from starlight.errors import StarlightError

    with pytest.raises(StarlightError, match=r"broken\.safetensors"):
        load(path)
    stored = load(trained / "base.safetensors")
    write(path, [Member(*stored.members[0])], stored.calibration, stored.meta)
    assert path.read_bytes() == (trained / "base.safetensors").read_bytes()
