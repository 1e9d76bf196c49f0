"""The release: what the card says comes from the run, and evidence is counted as people would count it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny
from PIL import Image as Pillow
from scipy.stats import binomtest

from starlight.detector.calibration.thresholds import fit
from starlight.detector.detector import Detector
from starlight.detector.installed import PROMOTED, find_weights
from starlight.errors import StarlightError
from starlight.fanout import Engine
from starlight.images.image import decode
from starlight.metrics import clopper_pearson
from starlight.metrics.promise import GENERATED, REAL, promise
from starlight.release import card as release
from starlight.release import collected
from starlight.release.champion import HIDDEN, beaten, duel
from starlight.release.evidence import Counted, File, by_class, by_source, gather, judge, own
from starlight.release.promote import objections, promote, undo
from starlight.release.refit import Scores, log_odds
from starlight.release.reset import left_out
from starlight.release.views import views

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
    release.refigure(tmp_path / "release", FIGURES, "images of now")
    assert "of the experts before" not in (tmp_path / "release" / release.CARD).read_text()


def test_new_weights_drop_old_evidence_and_the_real_figure_stands_first(run, tmp_path):
    out = tmp_path / "release"
    release.take(run, out)
    row = {"group": "real", "source": "all real", "images": 7, "flagged": 0, "abstained": 0, "unreadable": 0}
    pd.DataFrame([row | {"fpr": 0.0, "low": 0.0, "high": 0.4}]).to_csv(out / release.EVIDENCE)
    release.write_card(out)
    card = (out / release.CARD).read_text()
    assert "Not measured yet" not in card and "0 of 7, 0.00 % (0.00 to 40.00 %)" in card.splitlines()[2]
    release.take(run, out)
    assert "Not measured yet" in (out / release.CARD).read_text()
    assert "not measured" in (out / release.CARD).read_text().splitlines()[2]


def photograph(path, size=(300, 300), maker=""):
    pixels = np.random.default_rng(len(str(path))).integers(0, 256, (*size, 3), dtype=np.uint8)
    exif = Pillow.Exif()
    if maker:
        exif[0x010F] = maker
    Pillow.fromarray(pixels).save(path, quality=90, exif=exif)
    return path


def test_false_alarms_are_counted_by_source_and_make_real_files_first(tmp_path):
    clean = tiny.images(tmp_path / "images", count=4)
    (tmp_path / "holiday").mkdir()
    for i, maker in enumerate(["NIKON CORPORATION", "Canon", "Canon"]):
        photograph(tmp_path / f"holiday/{i}.jpg", maker=maker)
    (tmp_path / "holiday/broken.png").write_bytes(b"no image")
    files = [*(File(GENERATED, "a", path) for path in clean), *own([tmp_path / "holiday"])]
    weights = tiny.weights(tmp_path / "all.safetensors", threshold=-3.0)
    counted = judge(weights, files, HERE)
    table = by_source(counted)
    assert table["source"].tolist() == [
        "all real", "holiday", "holiday: Canon", "holiday: Nikon", "holiday: no make named", "all generated", "a",
    ]  # fmt: skip
    table = table.set_index("source")
    assert table["images"].tolist() == [3, 3, 2, 1, 0, 4, 4] and table["flagged"].tolist() == [3, 3, 2, 1, 0, 4, 4]
    assert table.loc["all real", "unreadable"] == 1
    assert table.loc["all real", "low"] == round(clopper_pearson(3, 3)[0], 6)
    coverage = by_class(counted, 0.5)
    assert coverage["group"].tolist() == sorted(coverage["group"], reverse=True)
    assert coverage["images"].sum() == 7 and coverage["promised"].sum() == 3.5 and coverage["flagged"].sum() == 7
    none = by_source(judge(tiny.weights(tmp_path / "none.safetensors", threshold=3.0), files, HERE))
    assert none["flagged"].sum() == 0


@pytest.mark.parametrize(
    ("k", "n", "said"), [(0, 10_000, "is kept"), (1, 300, "neither kept nor broken"), (9, 300, "not kept")]
)
def test_the_promise_is_judged_by_the_whole_interval(k, n, said):
    low, high = clopper_pearson(k, n)
    row = {"source": "all real", "images": n, "flagged": k, "fpr": k / n, "low": low, "high": high}
    assert said in promise(pd.DataFrame([row]), 0.0005)
    assert "not measured" in promise(pd.DataFrame(), 0.0005)


def evidence(*rows):
    table = []
    for group, k, n in rows:
        low, high = clopper_pearson(k, n)
        table.append({"group": group, "source": f"all {group}", "images": n, "flagged": k, "low": low, "high": high})
    return pd.DataFrame(table)


def test_a_detector_is_promoted_only_when_it_passes(tmp_path):
    good, bad = {"protocol": {"detection": 0.995}}, {"protocol": {"detection": 0.7}}
    enough = (GENERATED, 1, 20_000)
    for table, metrics, said in (
        (evidence(enough), bad, "70.00 % of the readable payloads"),
        (evidence((GENERATED, 0, 300)), good, "too few images"),
        (evidence((REAL, 3, 100), enough), good, "more than the 0.05 % promised"),
        (evidence((REAL, 0, 100)), good, "no generated images"),
    ):
        why = objections(table, metrics, 0.0005)
        assert len(why) == 1 and said in why[0]
    assert not objections(evidence((REAL, 1, 400), enough), good, 0.0005)


def counted(group, flags):
    return [Counted(group, "x", "", "", {1: "stego", 0: "clean", None: "unreadable"}[flag], "") for flag in flags]


def test_two_detectors_are_compared_on_the_same_images():
    first = counted(GENERATED, [1, 0, 0, None]) + counted(HIDDEN, [1] * 9 + [0, 0, 1])
    second = counted(GENERATED, [0, 0, 1, 0]) + counted(HIDDEN, [0] * 9 + [0, 1, 1])
    table = duel(first, second)
    assert table.to_dict("records") == [
        {"group": GENERATED, "images": 3, "champion": 1, "challenger": 1, "only_champion": 1, "only_challenger": 1,
         "p": 1.0},
        {"group": HIDDEN, "images": 12, "champion": 10, "challenger": 2, "only_champion": 9, "only_challenger": 1,
         "p": pytest.approx(2 * binomtest(1, 10).pvalue, abs=1e-4)},
    ]  # fmt: skip
    assert beaten(table) == [
        "stego of the test split: 2 of 12 called stego, 10 by the detector that is served (p = 0.043)"
    ]
    assert not beaten(duel(second, first)) and not beaten(duel(first, first))


def test_a_promotion_is_taken_back_step_by_step(tmp_path, monkeypatch):
    """The weights that `detect` takes are those before, whatever was promoted in between."""
    monkeypatch.chdir(tmp_path)
    Path("dvc.yaml").touch()
    told, evident, pair = [], evidence((GENERATED, 1, 20_000)), duel(counted(HIDDEN, [1, 0]), counted(HIDDEN, [1, 1]))

    def offer(name, why_not=()):
        champion, origin = find_weights()
        path = tiny.weights(tmp_path / "models/detector.safetensors", name=name)
        found = promote(
            path, PROMOTED, evident, why_not, duel=pair, champion=champion, origin=origin, target_fpr=0.0005
        )
        assert Detector.load().predictor.meta["name"] == found["name"] == name
        told.append(found)

    (tmp_path / "models").mkdir()
    with pytest.raises(StarlightError, match=r"stays out.*false alarms"):
        offer("bad", ["3 false alarms"])
    assert find_weights()[1] == "released"
    with pytest.raises(StarlightError, match="nothing was promoted"):
        undo(PROMOTED)
    offer("one")
    offer("two")
    assert told[1]["replaces"]["weights"] == told[0]["weights"] and told[0]["replaces"]["origin"] == "released"
    assert undo(PROMOTED)["taken_back"]["name"] == "two"
    assert Detector.load().description.startswith("promoted detector 'one'")
    assert undo(PROMOTED) == {
        "origin": "released",
        "taken_back": {k: told[0][k] for k in ("origin", "name", "weights")},
    }
    assert find_weights()[1] == "released" and not PROMOTED.exists()


@pytest.mark.parametrize(("name", "mode"), [("a.png", "RGB"), ("a.png", "L"), ("a.jpg", "RGB")])
def test_no_view_is_the_file_itself_nor_another_view(tmp_path, name, mode):
    """What sets thresholds counts each view: a picture that were there twice would count twice."""
    path = photograph(tmp_path / name, (256, 256))
    Pillow.open(path).convert(mode).save(path)
    shown = [
        (image.container.format == "jpeg", image.pixels.tobytes()) for image in map(decode, views(path.read_bytes()))
    ]
    assert len(set(shown)) == len(shown) > 5


def test_views_of_a_photograph_are_clean_files_of_all_classes_and_the_same_each_time(tmp_path):
    data = photograph(tmp_path / "a.jpg", (600, 700)).read_bytes()
    made = list(views(data))
    assert made[0] == data and made == list(views(data)) and len(set(made)) == len(made)
    images = [decode(one) for one in made]
    shapes = {(i.container.format, i.pixels.shape[0]) for i in images[1:]}
    assert shapes == {(stored, height) for stored in ("bmp", "jpeg") for height in (160, 256, 384, 512)}
    assert {i.container.quant_tables for i in images[-3:]} == {images[0].container.quant_tables}
    blocks = images[-1].coefficients.y
    whole = images[0].coefficients.y
    rows, columns = whole.shape[0] - blocks.shape[0], whole.shape[1] - blocks.shape[1]
    assert any(
        np.array_equal(blocks, whole[y : y + blocks.shape[0], x : x + blocks.shape[1]])
        for y in range(rows + 1)
        for x in range(columns + 1)
    )


def test_log_odds_of_clean_images_are_those_that_the_detector_judges_by(tmp_path):
    clean = tiny.images(tmp_path / "images", count=3)
    (tmp_path / "broken.png").write_bytes(b"no image")
    real = photograph(tmp_path / "a.jpg", maker="Canon")
    weights = tiny.weights(tmp_path / "w.safetensors", experts=True)
    files = [File(GENERATED, "a", p) for p in [*clean, tmp_path / "broken.png"]] + [File(REAL, "mine", real)]
    kept, streams = tmp_path / "seen.npz", Detector.load(weights).predictor.quick_streams
    scores = log_odds(weights, lambda: files, engine=HERE)
    for made in (lambda: files, list):  # read and kept, then used again
        again = log_odds(weights, made, kept, HERE)
        assert np.allclose(again.logits, scores.logits, atol=1e-5) and np.array_equal(again.groups, scores.groups)
    assert set(collected.load(kept, streams).vectors) == set(streams)
    with pytest.raises(StarlightError, match=r"seen.npz: holds no clean images"):
        collected.load(tmp_path / "seen.npz", ("pixel",))
    judged = [Detector.load(weights).judge(path) for path in [*clean, real]]
    assert scores.groups[:4].tolist() == ["", "", "", "mine: Canon"] and scores.whole[:4].all()
    assert len(scores.logits) > 4 and not scores.whole[4:].any()
    assert scores.classes[:4].tolist() == [one.classes[0] for one in judged]
    assert scores.logits[:4] == pytest.approx(np.vstack([one.prediction.logits for one in judged]), abs=1e-5)


def test_a_make_is_judged_by_thresholds_that_it_had_no_part_in():
    """One make is unlike the others: what sets thresholds with it would not flag it."""
    rng, name = np.random.default_rng(3), "photograph, lossless, to 0.1 M"
    groups = np.array(["", "a", "b"], object)[np.repeat([0, 1, 2], 60)]
    logits = rng.exponential(0.3, (180, 2)) - 2
    logits[groups == "b"] += 30.0
    scores = Scores(
        logits, np.zeros(180), np.zeros((180, 2), bool), np.full(180, name, object), groups, np.arange(180) % 2 == 0
    )

    def set_by(further):
        known = rng.exponential(0.3, (50, 2)) - 2, np.full(50, -1), [name] * 50
        return fit(*known, techniques=("lsbr", "lsbm"), target_fpr=0.001, further=(further.logits, further.classes))

    assert not (set_by(scores).score(logits, scores.classes) >= 0).any()
    table = left_out(set_by, scores, 1.0).set_index(["what", "source"])
    assert table.loc[("files", "b"), "flagged"] == 30 and table.loc[("files", "a"), "flagged"] == 0
    assert table.loc[("made from them", "all"), "images"] == 60 and table.loc[("files", "all"), "fpr"] == 0.5


def test_sources_of_the_evidence(tmp_path):
    (tmp_path / "made").mkdir()
    rows = [("clean/a.png", "photo"), ("clean/b.png", "camera"), ("negatives/c.png", "negative")]
    pd.DataFrame(rows, columns=["filename", "source"]).to_csv(tmp_path / "made/sources.csv", index=False)
    photographs = tiny.images(tmp_path / "own", count=2)
    found = [*gather(tmp_path / "made"), *own([tmp_path / "own"])]
    assert [one.path for one in found[3:]] == sorted(photographs)
    assert [one.source.split()[0] for one in found] == ["packaged", "camera", "look-alikes,", "own", "own"]
