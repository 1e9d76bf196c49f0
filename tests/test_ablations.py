"""Ablations: every ingredient is varied, rows come from an experiment's own figures, changes are paired by seed."""

import itertools
import json
import subprocess

import numpy as np
import pandas as pd
import pytest

from starlight.lab.ablations.ablations import MEASURES, SEEDS, rows, summary, variations
from starlight.lab.ablations.experiments import beside, climbed, collect
from starlight.lab.ablations.ladder import RUNGS, ladder, rung_rows
from starlight.reports.baseline_tables import ablations
from starlight.reports.ladder import ladder as report_ladder

CATEGORIES = ("flat", "tiny")


def metrics(fpr: float) -> dict:
    return {"fpr": fpr, "negative": {"fpr": fpr / 2}, "recall": 0.9, "map": {"mcc": 0.5}}


def test_every_ingredient_is_varied():
    todo = variations(CATEGORIES)
    assert len({v.experiment for v in todo}) == len(todo)
    by_group = {g: {v.name for v in todo if v.group == g} for g in {v.group for v in todo}}
    assert by_group["without"] == set(CATEGORIES)
    assert by_group["streams"] == {"six", "eight"} and by_group["mask"] == {"off"}
    assert by_group["ratio"] == {"0.0", "0.2", "0.5"} and by_group["hard"] == {"1.0", "1.5", "3.0", "4.0"}
    assert {v.overrides["seed"] for v in todo if v.group == "full"} == set(SEEDS)
    left = next(v for v in todo if v.name == "flat")
    assert left.overrides["negative_categories"] == ["tiny"]


def test_where_streams_are_missing_the_network_is_trained_as_it_is():
    cut = {v.group for v in variations(CATEGORIES) if "train.max_steps" in v.overrides}
    assert "streams" not in cut and "mask" in cut


def ladder_run(flagged: dict[str, list[int]], scores: list[float]) -> pd.DataFrame:
    """Six images: clean, twin, look-alike, two of the protocol, one of another technique."""
    table = pd.DataFrame({
        "path": list("abcdef"), "sample_id": [f"{i:016x}" for i in range(6)], "submission": "s",
        "cover_id": list("123456"), "twin_of": ["", "alpha", "", "", "", ""],
        "kind": ["clean", "clean", "negative", "stego", "stego", "stego"], "category": ["", "", "flat", "", "", ""],
        "technique": ["", "", "", "alpha", "raw", "lsbm"], "label": [0, 0, 0, 1, 1, 1],
        "payload_bits": 8.0, "payload_rate": np.nan, "format": "png", "mode": "RGB", "width": 8, "height": 8,
    })  # fmt: skip
    for model, says in flagged.items():
        of_model = {"probability": 0.5, "score": scores, "flagged": says, "technique": "", "ood": 0,
                    "map_fp_ratio": 0.0, "map_tp": 0, "map_fp": 0, "map_fn": 0, "map_tn": 0}  # fmt: skip
        table = table.assign(**{f"{model}_{name}": value for name, value in of_model.items()})
    return table


def test_a_rung_is_measured_at_its_own_threshold_and_at_the_alarms_of_v4():
    first, *others = ladder([7])
    scores = [0.1, 0.9, 0.2, 0.8, 0.95, 0.3]
    run = ladder_run({"v3": [0, 1, 1, 1, 1, 0], "v4_base": [0, 0, 0, 1, 1, 1], "v4": [0, 0, 0, 1, 1, 1]}, scores)
    found = {row["rung"]: row for row in rung_rows(first, run, run)}
    assert set(found) == {"v3", "reading", "mining"} and {v.name for v in others} == set(RUNGS) - set(found)
    v3 = found["v3"]
    assert [v3[f"{part}_k"] for part in ("clean", "twins", "lookalikes", "protocol", "stego")] == [0, 1, 1, 2, 2]
    assert v3["v4_alarms"] == 0 and v3["protocol_at_v4"] == 1 and v3["stego_at_v4"] == 1  # above 0.9, the twin's score


def test_each_rung_adds_one_thing_and_keeps_those_before():
    rungs = [v.overrides for v in ladder([7]) if v.name in ("v3", "twins", "negatives", "mask")]
    assert all(set(a.items()) < set(b.items()) and len(b) == len(a) + 1 for a, b in itertools.pairwise(rungs))


def test_the_report_says_what_a_rung_bought_and_nothing_that_may_be_chance():
    of = ("clean", "twins", "lookalikes", "protocol", "stego")
    counts = {f"{part}_n": 200 for part in of}
    shared = counts | {"seed": 7, "commit": "g1234567", "protocol_at_v4": 5, "stego_at_v4": 5}
    shares = {"v3": (8, 90, 60, 180, 90), "twins": (4, 4, 55, 178, 88), "mining": (4, 4, 55, 178, 88)}
    table = pd.DataFrame([
        shared | {"rung": rung} | {f"{part}_k": k for part, k in zip(of, found, strict=True)}
        for rung, found in shares.items()
    ])  # fmt: skip
    said = "\n".join(report_ladder(table)).replace("\xa0", " ")
    assert "- payload-free twins: false alarms on twins 45.00 % → 2.00 % (-43.00 points)." in said
    assert "- mining and fine-tuning: nothing changes beyond chance." in said and "commit 1234567" in said
    assert "Not run" in "\n".join(report_ladder(None))


def test_the_full_experiment_has_the_rows_without_mining():
    full = next(v for v in variations(CATEGORIES) if v.group == "full")
    found = rows(full, {"v4": metrics(0.01), "v4_base": metrics(0.04), "control": metrics(0.03)})
    assert [(r["group"], r["experiment"], r["fpr"]) for r in found] == [
        ("full", "all", 0.01), ("mining", "off", 0.04), ("mining", "random", 0.03),
    ]  # fmt: skip
    assert found[0]["negative.fpr"] == 0.005 and np.isnan(found[0]["auc"])
    mask = next(v for v in variations(CATEGORIES) if v.group == "mask")
    assert len(rows(mask, {"v4": metrics(0.02), "v4_base": metrics(0.04)})) == 1


def test_mining_is_shown_where_each_detector_finds_as_much_as_its_base():
    unseen = next(v for v in variations(CATEGORIES) if v.group == "unseen")
    assert unseen.overrides["finetune.control"] and unseen.overrides["train.held_back_negatives"] == 1.0
    effect = pd.DataFrame([
        {"model": model, "group": what, "base_fpr": rate, "value": 0.9, "k": k, "n": 1310,
         "p_against_base": p}
        for model, k, p in (("v4_base", 13, 1.0), ("v4", 6, 0.03), ("control", 12, 0.9))
        for rate in (0.01, 0.05) for what in ("authentic", "flagged")
    ])  # fmt: skip
    found = rows(unseen, {n: metrics(0.0) for n in ("v4", "v4_base", "control")}, effect=effect)
    assert [(r["experiment"], r["base1_k"], r["base5_p"]) for r in found] == [
        ("mined", 6, 0.03), ("off", 13, 1.0), ("random", 12, 0.9)
    ]  # fmt: skip
    said = "\n".join(ablations(pd.DataFrame([*found, *[r | {"seed": 2026, "base1_k": 5} for r in found]])))
    said = said.replace("\xa0", " ")
    assert "| `unseen: mined` | 6, 5 | 0.030, 0.030 | 90.00 % |" in said and "1,310 authentic" in said
    assert "flags 1 %" not in "\n".join(ablations(pd.DataFrame(found).drop(columns=["base1_k", "base5_k"])))


def judged(flagged: list[int]) -> pd.DataFrame:
    paths = [f"{k}.png" for k in range(20)]
    return pd.DataFrame({"path": paths, "sample_id": paths, "label": [0] * 10 + [1] * 10, "v4_flagged": flagged})


def test_errors_are_set_against_those_of_the_full_detector_on_the_same_images():
    full, off = judged([0] * 10 + [1] * 10), judged([1] * 8 + [0] * 2 + [1] * 9 + [0])
    mask = next(v for v in variations(CATEGORIES) if v.group == "mask")
    row = rows(mask, {"v4": metrics(0.8)}, off.iloc[::-1], full)[0]
    assert (row["authentic_n"], row["authentic_only_here"], row["authentic_only_full"]) == (10, 8, 0)
    assert (row["stego_n"], row["stego_only_here"], row["stego_only_full"]) == (10, 1, 0)
    assert row["authentic_p"] == pytest.approx(2 / 2**8, abs=1e-6) and row["stego_p"] == 1
    said = "\n".join(ablations(pd.DataFrame([rows(full_of(), {"v4": metrics(0.0)}, full, full)[0], row])))
    assert "`mask: off`, seed 2025: flags authentic images that `full` does not, 8 of 10" in said
    assert "misses stego that" not in said


def full_of():
    return next(v for v in variations(CATEGORIES) if v.group == "full")


def test_changes_are_against_the_full_detector_with_the_same_seed():
    table = pd.DataFrame([
        {"group": group, "experiment": name, "seed": seed, **dict.fromkeys(MEASURES, 0.0), "fpr": base + extra}
        for seed, base in ((1, 0.1), (2, 0.3))
        for group, name, extra in (("full", "all", 0.0), ("mask", "off", 0.05))
    ])  # fmt: skip
    found = summary(table).set_index("group")
    assert found.loc["mask", "fpr_change"] == 0.05 and found.loc["full", "fpr_change"] == 0
    assert found.loc["mask", "fpr"] == 0.25 and found.loc["mask", "fpr_sd"] == round(np.std([0.15, 0.35], ddof=1), 6)


def test_what_varies_another_commit_is_told_apart():
    here, there = (pd.DataFrame([
        {"group": group, "experiment": name, "seed": 1, **dict.fromkeys(MEASURES, 0.0), "fpr": fpr, "commit": commit}
        for group, name, fpr in (("full", "all", base), ("mask", "off", base + 0.1))
    ]) for commit, base in (("gaaaaaaa", 0.1), ("gbbbbbbb", 0.5)))  # fmt: skip
    both = pd.concat([here, there], ignore_index=True)
    found = summary(both).set_index(["commit", "group"])
    assert found.loc[("gaaaaaaa", "mask"), "fpr_change"] == found.loc[("gbbbbbbb", "mask"), "fpr_change"] == 0.1
    said = "\n".join(ablations(both))
    assert said.index("commit aaaaaaa.") < said.index("0.2000") < said.index("commit bbbbbbb.") < said.index("0.6000")


def test_the_same_change_with_every_seed_is_not_called_real():
    """One image of a thousand, each time: three seeds have no spread that it could be held against."""

    def said(changes: tuple[float, ...]) -> str:
        return "\n".join(ablations(pd.DataFrame([
            {"group": group, "experiment": name, "seed": seed, **dict.fromkeys(MEASURES, 0.5), "fpr": fpr}
            for seed, change in enumerate(changes)
            for group, name, fpr in (("full", "all", 0.001), ("mask", "off", 0.001 + change))
        ])))  # fmt: skip

    assert "- `mask: off`" not in said((-0.001, -0.001, -0.001))
    assert "- `mask: off`" in said((0.101, 0.1, 0.102))


def test_a_commit_that_nobody_noted_is_not_left_out():
    table = pd.DataFrame([{"group": "full", "experiment": "all", "seed": 1, **dict.fromkeys(MEASURES, 0.25),
                           "commit": None}])  # fmt: skip
    assert len(summary(table)) == 1 and "0.2500" in "\n".join(ablations(table))


def test_experiments_that_have_run_are_collected_and_the_others_named(tmp_path, monkeypatch, capsys):
    todo = variations(CATEGORIES)[:2]
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/metrics.json").write_text(json.dumps({"v4": metrics(0.01), "v4_base": metrics(0.04)}))
    who = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    for words in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "--message", "run"),
                  ("update-ref", f"refs/exps/ab/cdef/{todo[0].experiment}", "HEAD")):  # fmt: skip
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    table = collect(todo)
    assert table["experiment"].tolist() == ["all", "off"] and table["fpr"].tolist() == [0.01, 0.04]
    assert (table["commit"] == "gabcdef").all()
    assert "They vary commit abcdef." in "\n".join(ablations(table))
    assert todo[1].experiment in capsys.readouterr().out


def test_the_rungs_that_have_run_are_collected_in_their_order(tmp_path, monkeypatch, capsys):
    todo = ladder([7])
    who = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / "reports").mkdir()
    for variation in (v for v in todo if v.name in ("mask", "v3")):
        says = {"v3": [int(variation.name == "v3")] * 3 + [1, 1, 0]}
        run = ladder_run(says | {name: [0, 0, 0, 1, 1, 1] for name in ("v4_base", "v4")}, [0.0] * 6)
        run.to_csv(tmp_path / "reports/predictions.csv", index=False)
        for words in (("add", "."), (*who, "commit", "--quiet", "--message", variation.name),
                      ("update-ref", f"refs/exps/ab/cdef/{variation.experiment}", "HEAD")):  # fmt: skip
            subprocess.run(["git", *words], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    found = climbed(todo)
    assert found["rung"].tolist() == ["v3", "mask", "reading", "mining"]
    assert found["twins_k"].tolist() == [1, 0, 0, 0] and set(found["commit"]) == {"gabcdef"}
    assert "ladder-twins-7: no predictions" in capsys.readouterr().out


def test_what_ran_before_is_kept_beside_what_ran_now(tmp_path):
    before = pd.DataFrame({"rung": ["v3", "mask", "v3"], "seed": [1, 1, 2], "twins_k": [9, 8, 7]})
    now = pd.DataFrame({"rung": ["mask", "v3"], "seed": [2, 2], "twins_k": [5, 4]})
    before.to_csv(tmp_path / "ladder.csv", index=False)
    both = beside(now, tmp_path / "ladder.csv", ["rung", "seed"])
    assert both.to_numpy().tolist() == [["v3", 1, 9], ["v3", 2, 4], ["mask", 1, 8], ["mask", 2, 5]]
    assert beside(now, tmp_path / "none.csv", ["rung", "seed"]) is now
