"""Reports: equal to the golden files, the same bytes twice, a small diff for a small change, right for odd runs."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from knobs import knobs
from PIL import Image
from synthetic_predictions import make_predictions
from synthetic_run import PARAMS, ROADMAP, make_run

from starlight import manifest, markdown, metrics
from starlight.errors import StarlightError
from starlight.monitor.alerts import AlertParams
from starlight.plots import style, tables
from starlight.plots.contact_sheet import contact_sheet
from starlight.reports import inputs, measures
from starlight.reports.against import against
from starlight.reports.baseline_tables import before_after
from starlight.reports.dashboard import main_figures
from starlight.reports.dataset import own_alarms, submissions
from starlight.reports.inputs import ReportParams
from starlight.reports.roadmap import relative_gap
from starlight.reports.targets import Goal, cell, goals, status
from starlight.reports.write import write

GOLDEN = Path(__file__).parent / "golden"
TEXTS = ("dashboard.md", "baseline_report.md", "research_roadmap.md")
HASHES = {"params_hash": "0" * 16, "code_hash": "1" * 16}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("run")
    reports, table = make_run(root)
    write(reports, table, PARAMS, **HASHES)
    return reports, table


@pytest.fixture
def without_plots(monkeypatch):
    """Drawing takes most of the time: not where only words are looked at."""
    monkeypatch.setattr("starlight.reports.write.draw", lambda run: {})


def read(path):
    """A text with plain spaces, where values of a table have some that do not break."""
    return path.read_text(encoding="utf-8").replace("\u00a0", " ")


def everything(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def copied(run, tmp_path):
    shutil.copytree(run[0].parent, tmp_path / "copy")
    return tmp_path / "copy/reports", tmp_path / "copy/artifacts/manifest.csv"


def diff(before, after):
    """Lines that one text has and the other has not."""
    a, b = before.splitlines(), after.splitlines()
    return [line for line in a if line not in set(b)] + [line for line in b if line not in set(a)]


@pytest.mark.parametrize("name", TEXTS)
def test_texts_equal_the_golden_files(run, name):
    """After a wanted change: `python tests/synthetic_run.py FOLDER`, look at the texts, copy them to tests/golden."""
    assert (run[0] / name).read_text(encoding="utf-8") == (GOLDEN / name).read_text(encoding="utf-8")


def test_submissions_are_told_apart_and_ones_own_come_first(run):
    loaded = inputs.load(*run, PARAMS)
    of_anna = loaded.predictions[loaded.predictions.submission == "anna_submission_2026"]
    authentic = of_anna[of_anna.label == 0]
    row = next(line for line in "\n".join(submissions(loaded)).splitlines() if "anna_submission_2026" in line)
    assert f"| {int(authentic.v4_flagged.sum())} of {len(authentic)} |" in row.replace("\u00a0", " ")
    assert f"of {len(of_anna) - len(authentic)} |" in row.replace("\u00a0", " ")
    assert f"{int(authentic.v4_flagged.sum())} of {len(authentic)}" in own_alarms(loaded).replace("\u00a0", " ")
    one = {name: part for name, part in loaded.dataset["submissions"].items() if name.startswith("anna")}
    assert not list(submissions(dataclasses.replace(loaded, dataset={**loaded.dataset, "submissions": one})))
    assert own_alarms(dataclasses.replace(loaded, predictions=of_anna)) == ""  # all figures are of one's own


def test_a_value_breaks_before_its_interval_and_nowhere_else():
    text = markdown.table(["a b", "c d"], [["left one", "1.20 % (0.40 to 2.80 %)"]], "lr")
    assert text.splitlines()[-1] == "| left one | 1.20\u00a0% (0.40\u00a0to\u00a02.80\u00a0%) |"
    long = "12,120 (3,000 clean, 2,500 negative, 6,520 stego)"
    assert long in markdown.table(["a"], [[long]], "r")


def test_twice_gives_the_same_bytes(run, tmp_path):
    reports, table = copied(run, tmp_path)
    before = everything(reports)
    shutil.rmtree(reports / "plots")
    for name in TEXTS:
        (reports / name).unlink()
    write(reports, table, PARAMS, **HASHES)
    assert everything(reports) == before


def test_every_file_that_the_pipeline_makes_for_the_reports_is_read_under_its_name():
    """A name that no stage writes would only ever say "not measured"."""
    outs = (Path(__file__).parents[1] / "dvc.yaml").read_text(encoding="utf-8")
    by_hand = {"ablations.csv", "ladder.csv", "evidence.csv", "bench/latency.json", "served.json"}
    for name in {*inputs.TABLES.values(), *inputs.DOCUMENTS.values(), "hardest.png", "mining/worst.png"} - by_hand:
        assert f"- reports/{name}:" in outs, name


def test_links_are_relative_and_lead_somewhere(run):
    for name in TEXTS:
        text = read(run[0] / name)
        for link in re.findall(r"\]\(([^)]+)\)", text):
            root = Path(__file__).parents[1] / "reports" if link.startswith("../") else run[0]
            assert (root / link.partition("#")[0]).is_file(), link
        assert str(run[0]) not in text and "nan" not in text.lower().split()


def test_one_changed_image_changes_a_handful_of_lines(run, tmp_path, without_plots):
    reports, table = copied(run, tmp_path)
    write(reports, table, PARAMS, **HASHES)
    before = read(reports / "dashboard.md")
    frame = metrics.read_predictions(reports / "predictions.csv")
    frame.loc[frame.index[(frame.technique == "f5") & (frame.v4_flagged == 0)][0], "v4_flagged"] = 1
    frame.to_csv(reports / "predictions.csv", index=False)
    (reports / "metrics.json").write_text(metrics.dumps(metrics.evaluate_all(frame)), encoding="utf-8")
    write(reports, table, PARAMS, **HASHES)
    assert 5 <= len(diff(before, read(reports / "dashboard.md"))) <= 34


def test_figures_of_the_dashboard_can_be_recomputed(run):
    text = read(run[0] / "dashboard.md")
    frame = pd.read_csv(run[0] / "predictions.csv", keep_default_na=False)
    stego = frame[frame.label == 1]
    assert f"| Detection, all stego (recall) | {100 * stego.v4_flagged.mean():.2f} % (" in text
    for name, rows in stego.groupby("technique"):
        assert f"| `{name}` | {100 * rows.v4_flagged.mean():.2f} % (" in text
        assert f"| {rows.v4_flagged.sum()} of {len(rows)} |" in text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda f: f.assign(v4_flagged=((1 - f.label) | (f.technique == "raw")).astype(int)),
            "**V4 fine-tuned flags authentic images more often than stego**",
        ),
        (lambda f: f[f.label == 0], "raises fewer false alarms than V3; no stego to judge by**"),
        (lambda f: f[f.label == 1], "finds more stego than V3; no authentic image to judge by**"),
    ],
)
def test_the_verdict_of_an_odd_run_says_what_is_odd(tmp_path, without_plots, change, says):
    reports, table = make_run(tmp_path, change(make_predictions()), optional=False)
    write(reports, table, PARAMS, **HASHES)
    verdict = read(reports / "dashboard.md").splitlines()[2]
    assert says in verdict and "–" not in verdict


def test_a_difference_that_may_be_chance_is_no_difference_and_both_figures_stand():
    frame = make_predictions()
    authentic = frame.index[frame.label == 0]
    frame["v3_flagged"], frame["v4_flagged"] = frame.label, frame.label
    frame.loc[authentic[:5], "v3_flagged"] = 1
    frame.loc[authentic[4:6], "v4_flagged"] = 1  # four and one that the other leaves alone: p = 0.375
    said = against(frame, "v3", "v4").replace("\xa0", " ")
    assert said.startswith("**No difference shown between V4 fine-tuned and V3 in false alarms and stego found**")
    assert "fewer" not in said and "better" not in said
    n = len(authentic)
    assert f"2 of {n} authentic images, {200 / n:.2f} % (V3: 5, {500 / n:.2f} %; p = 0.375)" in said
    frame.loc[frame.index[frame.label == 1][:40], "v3_flagged"] = 0
    said = against(frame, "v3", "v4").replace("\xa0", " ")
    assert said.startswith("**V4 fine-tuned finds more stego than V3; no difference shown in false alarms**")


def test_the_history_keeps_how_long_an_image_took(run):
    line = json.loads((run[0] / "history.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert line["metrics"]["latency_p95_ms"] == 48.0


def test_a_worse_evaluation_is_said_to_be_worse(run, tmp_path, without_plots):
    reports, table = copied(run, tmp_path)
    frame = metrics.read_predictions(reports / "predictions.csv")
    frame.loc[frame.technique == "raw", "v4_flagged"] = 0
    frame.loc[frame.category == "tiny", "v4_flagged"] = 1
    frame.to_csv(reports / "predictions.csv", index=False)
    (reports / "metrics.json").write_text(metrics.dumps(metrics.evaluate_all(frame)), encoding="utf-8")
    found = write(reports, table, PARAMS, params_hash="2" * 16, code_hash="1" * 16)
    dashboard, baseline = (read(reports / name) for name in TEXTS[:2])
    assert "raises more false alarms than V3" in dashboard or "raises more false alarms and finds less" in dashboard
    assert "`raw` detection worse (-100.00 points)" in dashboard and "`tiny` FPR worse" in dashboard
    assert "detection of `raw`" in baseline.partition("## Where V4 is worse")[2].partition("##")[0]
    assert {"fpr", "fpr.tiny", "accuracy", "accuracy_drop", "detection.raw"} <= {a.name for a in found.alerts}
    assert len((reports / "history.jsonl").read_text(encoding="utf-8").splitlines()) == 2
    assert "missed" in main_figures(found)
    again = write(reports, table, PARAMS, params_hash="2" * 16, code_hash="1" * 16)
    assert again.alerts == found.alerts and again.place == 1


def next_evaluation(run, tmp_path, change):
    """The dashboard's verdict and its rows after an evaluation with other predictions."""
    reports, table = copied(run, tmp_path)
    frame = change(metrics.read_predictions(reports / "predictions.csv"))
    rows = manifest.read(table)
    manifest.write(rows[(rows.split != "test") | rows.sample_id.isin(frame.sample_id)], table)
    frame.to_csv(reports / "predictions.csv", index=False)
    (reports / "metrics.json").write_text(metrics.dumps(metrics.evaluate_all(frame)), encoding="utf-8")
    write(reports, table, PARAMS, params_hash="2" * 16, code_hash="1" * 16)
    lines = read(reports / "dashboard.md").splitlines()
    return lines[4], lines


def test_evidence_is_of_the_released_detector_and_has_the_target(run, tmp_path, without_plots):
    reports, table = copied(run, tmp_path)
    found = pd.read_csv(reports / "evidence.csv").iloc[-1]
    write(reports, table, PARAMS, **HASHES)
    section = read(reports / "dashboard.md").partition("## Evidence")[2].partition("\n## ")[0]
    low, high = metrics.clopper_pearson(found.flagged, found.images)
    rate = f"{100 * found.flagged / found.images:.3f} % ({100 * low:.3f} to {100 * high:.3f} %)"
    assert (
        "not that of this run" in section and f"| `all generated` | {rate} | 9 of 9,000 | ❔ too few images" in section
    )
    first = read(reports / "dashboard.md").splitlines()[2]
    assert "1 of 400, 0.25 % (0.01 to 1.39 %)" in first and "neither kept nor broken beyond chance" in first
    assert "| `look-alikes, new ones` |" in section and "❌ missed | 2 | 0 |" in section
    (reports / "evidence.csv").unlink()
    write(reports, table, PARAMS, **HASHES)
    assert "## Evidence" not in read(reports / "dashboard.md")


def test_which_detector_is_served_and_why(run, tmp_path, without_plots):
    reports, table = copied(run, tmp_path)

    def section():
        write(reports, table, PARAMS, **HASHES)
        return read(reports / "dashboard.md").partition("## Which detector is served")[2].partition("\n## ")[0]

    assert "The released one" in section() and "promoted" in section()
    one, two = ({"origin": o, "name": n, "weights": 16 * n} for o, n in (("released", "a"), ("promoted", "b")))
    duel = {"group": "stego", "images": 40, "champion": 20, "challenger": 30, "only_champion": 2,
            "only_challenger": 12, "p": 0.013}  # fmt: skip
    told = two | {"why": "It keeps its promise.", "replaces": one, "duel": [duel]}
    (reports / "served.json").write_text(json.dumps(told), encoding="utf-8")
    text = section()
    assert "The promoted detector `b` (bbbbbbbb), trained here and promoted over the released detector `a`" in text
    assert "It keeps its promise." in text
    assert "| stego of the test split | 40 | 20 of 40 | 30 of 40 | 2 | 12 | 0.013 |" in text
    (reports / "served.json").write_text(json.dumps({"origin": "released", "taken_back": two}), encoding="utf-8")
    assert "The promoted detector `b` (bbbbbbbb) was promoted and taken back" in section()


def test_what_is_no_longer_measured_is_said(run, tmp_path, without_plots):
    verdict, lines = next_evaluation(run, tmp_path, lambda f: f[(f.category != "tiny") & (f.technique != "raw")])
    assert "`raw` detection no longer measured and `tiny` FPR no longer measured." in verdict
    assert any(line.startswith("| `tiny` FPR | 0.00 % | – |") for line in lines)


def test_a_ranking_that_is_lost_is_said(run, tmp_path, without_plots):
    verdict, lines = next_evaluation(run, tmp_path, lambda f: f.assign(v4_probability=0.5))
    assert "AUC worse (-0.4845)" in verdict
    assert any(
        re.match(r"\| AUC \| 0\.9845 \| 0\.5000 \| -0\.4845 \| -0\.\d{4} to -0\.\d{4} \| worse", x) for x in lines
    )


def test_a_handful_of_images_shows_no_change(run, tmp_path, without_plots):
    def three(frame):
        return pd.concat([frame[frame.label == 0].head(2), frame[frame.technique == "alpha"].head(1)])

    verdict, lines = next_evaluation(run, tmp_path, three)
    assert " better" not in verdict and " worse" not in verdict and "`exif` detection no longer measured" in verdict
    assert any(re.match(r"\| AUC .* too few covers to tell \|$", line) for line in lines)


def test_a_detector_that_flags_everything_is_summed_up(run, tmp_path, without_plots):
    verdict, _ = next_evaluation(run, tmp_path, lambda f: f.assign(v4_flagged=1))
    assert verdict.startswith("**V4 fine-tuned flags every image**")
    assert "missed (false-positive rate (FPR)" in verdict
    assert re.search(r"alerts \(fpr, \d of fpr\.\*, accuracy, accuracy_drop\)", verdict)


def test_a_detector_that_finds_nothing_is_not_better(run, tmp_path, without_plots):
    verdict, _ = next_evaluation(run, tmp_path, lambda f: f.assign(v4_flagged=0))
    assert verdict.startswith("**V4 fine-tuned finds no stego at all**") and "fewer" not in verdict
    verdict, _ = next_evaluation(
        run, tmp_path / "more", lambda f: f.assign(v4_flagged=f.v4_flagged.where(f.technique == "alpha", 0))
    )
    assert verdict.startswith("**V4 fine-tuned raises fewer false alarms and finds less stego than V3**")


@pytest.mark.parametrize(
    "kept",
    [
        lambda f: f[~f.technique.isin(["f5", "hill"])],
        lambda f: f[f.technique != "alpha"],
        lambda f: f[f.kind != "negative"],
        lambda f: f[(f.label == 0) | (f.sample_id.str[0] < "4")],
    ],
)
def test_the_same_detector_on_other_images_is_neither_better_nor_worse(run, tmp_path, without_plots, kept):
    verdict, _ = next_evaluation(run, tmp_path, lambda f: kept(f).reset_index(drop=True))
    told = verdict.partition("Since the last evaluation")[2].partition(" Targets:")[0]
    assert told and "better" not in told and "worse" not in told


def test_an_evaluation_without_figures_is_nothing_to_compare_with(run, tmp_path, without_plots):
    reports, table = copied(run, tmp_path)
    line = {"version": "v4", "params": "", "data": "", "code": "", "alerts": [], "metrics": {}}
    (reports / "history.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    write(reports, table, PARAMS)
    text = read(reports / "dashboard.md")
    assert "The last evaluation has no figures that these could be compared with." in text


def test_a_run_with_only_what_is_needed(tmp_path):
    reports, table = make_run(tmp_path, make_predictions(4), optional=False)
    write(reports, table, PARAMS, **HASHES)
    text = read(reports / "dashboard.md")
    assert "Not measured in this run: `make bench`" in text and "plots/curves.png" not in text
    assert "Not run: `make ablations`" in read(reports / "baseline_report.md")


@pytest.mark.parametrize("kept", ["label == 0", "label == 1", "kind != 'negative'"])
def test_a_test_split_without_stego_or_clean_or_negatives(tmp_path, kept):
    frame = make_predictions(4).query(kept).reset_index(drop=True)
    reports, table = make_run(tmp_path, frame, optional=False)
    write(reports, table, PARAMS, **HASHES)
    for name in TEXTS:
        for link in re.findall(r"\]\((plots/[^)]+)\)", read(reports / name)):
            assert (reports / link).is_file()


def test_models_that_were_not_measured_are_left_out(tmp_path, without_plots):
    reports, table = make_run(tmp_path, make_predictions(4), optional=False)
    found = json.loads((reports / "metrics.json").read_text(encoding="utf-8"))
    (reports / "metrics.json").write_text(metrics.dumps({"v4": found["v4"]}), encoding="utf-8")
    write(reports, table, PARAMS, **HASHES)
    assert "V4 base" not in read(reports / "baseline_report.md")


@pytest.mark.parametrize("name", ["metrics.json", "predictions.csv", "ablations.csv", "bench/latency.json"])
def test_a_broken_input_is_named(run, tmp_path, name):
    reports, table = copied(run, tmp_path)
    (reports / name).write_bytes(b"\xff\xfe{")
    with pytest.raises(StarlightError, match=Path(name).name):
        write(reports, table, PARAMS, **HASHES)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("metrics.json", '{"v4": 3}', "v4 is of a wrong type"),
        ("metrics.json", '{"v4": {"fpr": "low"}}', "v4.fpr is of a wrong type"),
        ("evidence.csv", "a,b\n1,2\n", "no column group"),
        (
            "evidence.csv",
            "group,source,images,flagged,abstained,unreadable,fpr,low,high\nreal,a,,,,,,,\n",
            "empty cell",
        ),
        ("ablations.csv", "seed,fpr\n1,0.1\n", "no column experiment"),
        ("stream_ablation.csv", "blanked,fpr,detection.raw\n(none),x,y\n", "column fpr holds something that is no"),
        (
            "finetune/before_after.csv",
            "model,group,measure,value,low,high,p_against_base\nv4,a,b,x,0,1,1\n",
            "no number",
        ),
        ("bench/latency.json", '{"png": {"p95": "fast"}}', "png.p95 is 'fast'"),
        ("served.json", '{"origin": "promoted", "name": "a", "weights": "b"}', r"served\.json: lacks 'replaces'"),
    ],
)
def test_an_input_of_another_shape_is_named(run, tmp_path, name, text, said):
    reports, table = copied(run, tmp_path)
    (reports / name).write_text(text, encoding="utf-8")
    with pytest.raises(StarlightError, match=said):
        write(reports, table, PARAMS, **HASHES)


def test_files_of_two_evaluations_are_not_mixed(run, tmp_path):
    reports, table = copied(run, tmp_path)
    frame = metrics.read_predictions(reports / "predictions.csv")
    frame.assign(v4_flagged=1).to_csv(reports / "predictions.csv", index=False)
    with pytest.raises(StarlightError, match=r"v4\.accuracy is 0\.925397, in predictions\.csv it is 0\.380952"):
        write(reports, table, PARAMS, **HASHES)
    frame.assign(sample_id="f" * 16).to_csv(reports / "predictions.csv", index=False)
    with pytest.raises(StarlightError, match="the manifest's test split differ by 631 images"):
        write(reports, table, PARAMS, **HASHES)
    frame.iloc[3:].to_csv(reports / "predictions.csv", index=False)
    with pytest.raises(StarlightError, match="the manifest's test split differ by 3 images"):
        write(reports, table, PARAMS, **HASHES)


def test_names_from_outside_stay_text(tmp_path, without_plots):
    frame = make_predictions(4)
    odd = "a|b`<img src=x>`\n# head"
    frame.loc[frame.category == "tiny", "category"] = odd
    reports, table = make_run(tmp_path, frame, optional=False)
    write(reports, table, PARAMS, **HASHES)
    text = read(reports / "dashboard.md")
    assert "`a\\|b'<img src=x>' # head`" in text and "\n# head" not in text


@pytest.mark.filterwarnings("error")
def test_any_name_can_be_drawn(tmp_path):
    frame = make_predictions(4)
    frame.loc[frame.category == "tiny", "category"] = "$x^{$ 投稿\t" + "long " * 60
    frame.loc[frame.technique == "f5", "technique"] = "$\\frac$"
    reports, table = make_run(tmp_path, frame)
    write(reports, table, PARAMS, **HASHES)
    assert style.label("a$ 投\t") == r"a\$ U+6295U+0009" and style.label("lsb.rgb ö") == "lsb.rgb ö"
    assert markdown.code("a\u202eb\u2028c") == "`a b c`"


def test_numbers_in_words():
    nan = float("nan")
    assert markdown.percent(nan) == markdown.number(nan) == markdown.counts(1, None) == "–"
    assert markdown.points(-0.000001) == "0.00 points" and markdown.points(0.0123) == "+1.23 points"
    assert markdown.table(["a"], []) == "None."
    with pytest.raises(ValueError, match="2 cells"):
        markdown.table(["a", "b"], [["1"]])


def test_a_rate_is_rounded_once():
    """112 of 113 is 99.115 04 %; the six digits of the file, rounded again, would say 99.11 %."""
    low, high = (round(end, 6) for end in metrics.clopper_pearson(112, 113))
    assert cell(metrics.Figure(0.99115, low, high, 112, 113), "recall") == "99.12 % (95.17 to 99.98 %)"
    row = {"model": "v4", "group": "a", "measure": "b", "value": 0.99115, "low": low, "high": high, "k": 112, "n": 113}
    assert "99.12 % (95.17 to 99.98 %)" in before_after(pd.DataFrame([{**row, "p_against_base": 1.0}])).replace(
        "\u00a0", " "
    )


def test_status_says_what_it_would_take():
    goal = Goal("", "fpr", 0.0005, "<=")
    few = metrics.Figure(0.0, *metrics.clopper_pearson(0, 600), 0, 600)
    assert status(few, goal) == "❔ too few images to tell: it takes 7,376 without an error"
    low = metrics.Figure(0.0002, *metrics.clopper_pearson(1, 5000), 1, 5000)
    assert re.search(r"7,376 without an error, about \d\d,000 at the rate seen$", status(low, goal))
    high = metrics.Figure(1 / 600, *metrics.clopper_pearson(1, 600), 1, 600)
    assert status(high, goal).endswith(
        "it takes 7,376 without an error; the rate seen is beyond the target, maybe by chance"
    )
    many = metrics.Figure(9 / 9000, *metrics.clopper_pearson(9, 9000), 9, 9000)
    assert status(many, goal) == "❔ too few images to tell: the rate seen is beyond the target, maybe by chance"
    near = metrics.Figure(3 / 9000, *metrics.clopper_pearson(3, 9000), 3, 9000)
    assert re.search(r"tell: it takes about \d\d,000 at the rate seen$", status(near, goal))
    assert status(metrics.Figure(float("nan")), goal) == "not measured"
    assert status(metrics.Figure(0.6), Goal("", "map.mcc", 0.5, ">=")) == "✅ met (judged without an interval)"
    assert status(metrics.Figure(1.0, *metrics.clopper_pearson(99, 99), 99, 99), Goal("", "x", 0.9, ">=")) == "✅ met"


def test_the_roadmap_is_ordered_by_gap(run):
    rows = [line for line in read(run[0] / TEXTS[2]).splitlines() if "| `v4." in line]
    shares = [float(re.search(r"([\d.]+) % \| [✅❌❔]", row).group(1)) for row in rows]
    assert shares == sorted(shares, reverse=True) and shares[0] > 0
    assert relative_gap(0.001, Goal("", "fpr", 0.0005, "<=")) == pytest.approx(1)
    assert relative_gap(0.9, Goal("", "x", 0.5, ">=")) == 0


def test_a_wrong_goal_is_named():
    with pytest.raises(StarlightError, match=r"roadmap\[0\]"):
        goals([{"goal": "x"}])
    with pytest.raises(StarlightError, match=r"roadmap\[1\]\.direction"):
        goals([ROADMAP[0], {**ROADMAP[0], "direction": "<"}])


def test_protocol_or_all_accuracy_has_the_target(run, tmp_path, without_plots):
    reports, table = copied(run, tmp_path)
    write(reports, table, ReportParams(alerts=knobs(AlertParams, accuracy_over="all"), roadmap=ROADMAP), **HASHES)
    rows = read(reports / "dashboard.md").splitlines()
    assert any(row.startswith("| Accuracy |") and "❌ missed" in row for row in rows)


def test_plots_are_opaque_and_carry_no_metadata(run):
    names = {p.name for p in (run[0] / "plots").iterdir()}
    assert names == {
        f"{n}.png" for n in ("calibration", "confusion", "curves", "negatives", "roc", "techniques", "trend")
    }
    for path in (run[0] / "plots").iterdir():
        with Image.open(path) as picture:
            assert set(picture.info) <= {"dpi"}
            assert np.asarray(picture.convert("RGBA"))[..., 3].min() == 255


def test_tables_for_dvc_plots(run, tmp_path):
    frame = metrics.read_predictions(run[0] / "predictions.csv")
    written = tables.write(frame, tmp_path)
    assert len(written) == 12
    roc = pd.read_csv(tmp_path / "roc/v4.csv")
    assert roc.fpr.is_monotonic_increasing and roc.detection.is_monotonic_increasing and len(roc) <= 400
    pairs = pd.read_csv(tmp_path / "confusion/v4.csv")
    assert len(pairs) == len(frame) and (pairs.actual == "authentic").sum() == (frame.label == 0).sum()
    first = {p: p.read_bytes() for p in written}
    tables.write(frame.sample(frac=1, random_state=0), tmp_path)
    assert {p: p.read_bytes() for p in written} == first


def test_a_contact_sheet_shows_images_and_maps(tmp_path):
    picture = np.full((40, 80, 3), 200, np.uint8)
    cells = np.zeros((5, 10))
    cells[0, 0] = 1.0
    contact_sheet([picture] * 4, [cells] * 4, ["long " * 60, "b", "tab\there", ""], tmp_path / "a.png")
    contact_sheet([picture] * 4, [cells] * 4, ["long " * 60, "b", "tab\there", ""], tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    sheet = np.asarray(Image.open(tmp_path / "a.png")).astype(int)
    red = (sheet[..., 0] - sheet[..., 1]) > 80
    assert 4 * 100 < red.sum() < 4 * 400  # one of fifty cells of each map, and nothing of the pictures
    with pytest.raises(ValueError, match="do not match"):
        contact_sheet([picture], [], [], tmp_path / "c.png")
    contact_sheet([], [], [], tmp_path / "c.png")
    assert (tmp_path / "c.png").stat().st_size > 0


def test_what_a_run_counts_is_named_in_words():
    document = {"kept": 3, "advice": "", "machine": {"cpu": "a|b"}, "stego_score_quantiles": {"q0.25": -1.5}, "new": 1}
    assert list(measures.rows(document)) == [
        ["hard negatives kept", "3"],
        ["processor", r"`a\|b`"],
        ["`new`", "1"],
        ["score of stego images, 25 % quantile", "-1.5"],
    ]
