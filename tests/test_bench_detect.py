"""The detection benchmark: figures of planted scores, rules and peers on small files, and what the report admits."""

import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scenes
from knobs import knobs
from PIL import Image
from submission_factory import TEXT, picture, save

from starlight import manifest
from starlight.errors import StarlightError
from starlight.lab.peers import compare, ensembles, images, measures, peers, report, rules
from starlight.lab.peers.peers import Peer
from starlight.lab.peers.programs import with_programs
from starlight.metrics import auc, clopper_pearson, detection_at_fpr
from starlight.sample.build import SampleParams
from starlight.sample.tools import submission
from starlight.sample.tools.tool import Tool
from starlight.techniques import get

RATES = measures.FPRS
KINDS = ("png", "png", "png", "gif")


def _images(n: int = 100) -> pd.DataFrame:
    """`n` authentic images and as many stego of each of two kinds, from two sources."""
    kinds = [(0, "", ""), (1, "lsbr", "0.1"), (1, "raw", "")]
    rows = [
        (f"{label}{technique}{i:03}", label, technique, level, f"c{i}", ("a", "b")[i % 2], "")
        for label, technique, level in kinds
        for i in range(n)
    ]
    return pd.DataFrame(rows, columns=list(images.COLUMNS))


def _planted(path: Path) -> float:
    """Authentic images score 0 to 99; `lsbr` 90 higher; `raw` as the authentic ones, but half of it fails."""
    if path.name.startswith("1raw") and int(path.name[-3:]) % 2:
        raise RuntimeError("planted")
    return int(path.name[-3:]) + 90.0 * path.name.startswith("1lsbr")


def _only_lsbr(path: Path) -> float | None:
    return None if path.name.startswith("1raw") else float(path.name.startswith("1lsbr"))


PEERS = [Peer("planted", "a ladder", _planted, 95.0), Peer("sure", "knows one", _only_lsbr)]


@pytest.fixture(scope="module")
def scored() -> pd.DataFrame:
    return compare.score(_images(), PEERS)


def _cell(measured: pd.DataFrame, detector: str, technique: str) -> pd.Series:
    return measured[(measured.detector == detector) & (measured.technique == technique)].iloc[0]


def test_planted_scores_give_planted_figures(scored):
    row = _cell(measures.by_technique(scored, PEERS), "planted", "lsbr")
    assert (row.n, row.judged, row.authentic, row.level) == (100, 100, 100, "0.1")
    assert row.detection_at_fpr01 == 0.91  # one false alarm allowed: over the score 98
    assert row.detection_at_fpr001 == 0.9  # none: over 99
    assert row.detection_at_fpr05 == 0.95
    assert row.detection_at_own == 0.95 and row.low_own == clopper_pearson(95, 100)[0]
    pairs = np.subtract.outer(np.arange(100) + 90, np.arange(100))
    assert row.auc == pytest.approx(((pairs > 0) + (pairs == 0) / 2).mean())
    assert row.ms >= 0


def test_no_technique_is_told_by_the_format_of_its_files():
    """All JPEG files score higher than all others, whether they carry a payload or not."""
    rows = [(f"{label}{i}.{kind}", label, "f5" * label, "0.1" * label, "planted", i + 100.0 * (kind == "jpg"), 1.0)
            for label, kind in ((0, "png"), (0, "jpg"), (1, "jpg")) for i in range(20)]  # fmt: skip
    columns = ["path", "label", "technique", "level", "detector", "score", "ms"]
    measured = measures.by_technique(pd.DataFrame(rows, columns=columns), PEERS[:1])
    assert measured.auc.tolist() == [0.5] and measured.authentic.tolist() == [40]


@pytest.mark.parametrize("seed", range(5))
def test_thresholds_flag_as_the_metrics_do(seed):
    rng = np.random.default_rng(seed)
    authentic, stego = rng.integers(0, 40, 230) / 4, rng.integers(10, 50, 50) / 4  # with many ties
    label, score = np.r_[np.zeros(230), np.ones(50)], np.r_[authentic, stego]
    for fpr in (*RATES.values(), 0.0, 0.3):
        limit = measures.threshold_at(authentic, fpr)
        assert (authentic > limit).mean() <= fpr
        assert (stego > limit).mean() == pytest.approx(detection_at_fpr(label, score, fpr)[0])
    assert math.isnan(measures.threshold_at([], 0.01))


def test_one_failing_image_is_counted_and_ends_nothing(scored):
    measured, summary = measures.by_technique(scored, PEERS), measures.summary(scored, PEERS)
    row = _cell(measured, "planted", "raw")
    assert (row.n, row.judged) == (100, 50)
    assert row.detection_at_fpr05 == 0.02  # 96 and 98 of all 100: what failed was not found
    assert summary.failed.tolist() == [50, 0] and summary.outside.tolist() == [0, 100]
    assert "RuntimeError: planted" in set(scored.reason)


def test_what_a_detector_does_not_judge_is_undefined(scored):
    row = _cell(measures.by_technique(scored, PEERS), "sure", "raw")
    assert row.judged == 0
    assert row[["auc", "ms", *(f"detection_at_{name}" for name in (*RATES, "own"))]].isna().all()


def test_one_source_left_out(scored):
    table = measures.by_source(scored, PEERS).set_index(["source", "detector"])
    assert table.loc[("b", "planted"), "fpr"] == 0.02  # of 1, 3, ... 99 only 99 lies over 98, the highest of the others
    assert table.loc[("a", "sure"), "detection"] == 1.0
    assert measures.by_source(scored.assign(source="a"), PEERS).empty


def test_the_mean_counts_each_method_once_and_leaves_out_what_few_images_show(scored):
    measured = measures.by_technique(scored, PEERS)
    few = measured.assign(n=3, technique="rare", auc=0.0)  # as many rows again, of three images each
    found = measures.together(pd.concat([measured, few])).set_index("detector")
    lsbr, raw = (_cell(measured, "planted", name) for name in ("lsbr", "raw"))
    assert found.methods.to_dict() == {"planted": 2, "sure": 1}  # one judges no image of `raw`
    for column in ("detection_at_own", "detection_at_fpr001", "auc"):
        assert found.loc["planted", column] == pytest.approx((lsbr[column] + raw[column]) / 2)
    assert found.loc["planted", "gap"] == pytest.approx(
        found.loc["planted", "auc"] - found.loc["planted", "detection_at_own"]
    )
    assert math.isnan(found.loc["sure", "gap"]) and found.loc["sure", "auc"] == 1.0  # it has no threshold of its own


def test_files_of_programs_join_the_test_set(tmp_path, monkeypatch):
    def toy(cover, out, payload, seed):
        if cover.stem == "1":
            raise StarlightError("refused")
        out.write_bytes(cover.read_bytes() + payload)

    tool = Tool("toy", ".png", "png", lambda: True, toy, lambda c, o, _: o.write_bytes(c.read_bytes()), lambda _: 40)
    monkeypatch.setattr(submission, "TOOLS", {"toy": tool})
    paths = [save(tmp_path / f"c{i}.{kind}", picture(np.random.default_rng(i))) for i, kind in enumerate(KINDS)]
    rows = [(str(path), 0, "", "", f"id{i}", "lake", "") for i, path in enumerate(paths)]
    test = images.ImageSet(pd.DataFrame(rows, columns=list(images.COLUMNS)), "mine")
    joined = with_programs(test, tmp_path / "made", 3, seed=1)
    more = joined.table.iloc[len(rows) :]
    stego, authentic = more[more.label == 1], more[more.label == 0]
    assert set(stego.technique) == {"toy (program)"} and set(stego.level) == {""} and joined.origin.endswith("toy")
    assert stego.cover_id.tolist() == ["id0", "id2"]  # the second was refused, the GIF was not offered
    assert stego.twin.tolist() == authentic.path.tolist() and set(more.source) == {"lake"}
    assert all(
        Path(s).read_bytes().startswith(Path(c).read_bytes()) for s, c in zip(stego.path, stego.twin, strict=True)
    )
    assert with_programs(test, tmp_path / "none", 0, seed=1) is test


def test_report(tmp_path, scored):
    text = compare.write(tmp_path, scored, PEERS, ["Test set: planted."])
    assert (tmp_path / "detect.md").read_text() == text and text.startswith(
        "# Detection beside peers\n\n- Test set: pl"
    )
    text = text.replace("\u00a0", " ")  # values do not break
    assert "| `lsbr` | 0.1 | 100 | 91.00 % | **100.00 %** |" in text
    assert "| `raw` |  | 100 | **2.00 %** | – |" in text
    assert "| planted | 2 | 48.50 % | 45.00 % |" in text and "| sure | 1 | – | 100.00 % |" in text
    assert "| `lsbr` | 0.1 | 100 | 95.00 % | 88.72 to 98.36 % | 90.00 % |" in text
    assert "planted: 100 images, a true rate of up to 3.62 %" in text  # 0.1 % cannot be seen on 100
    assert "| planted | a ladder | 100 | 0 | 50 |" in text and "| 5.00 % | 1.64 to 11.28 % |" in text
    table = pd.read_csv(tmp_path / "detect.csv")
    assert len(table) == 4 and list(table.detector) == ["planted", "sure"] * 2
    assert (tmp_path / "detect_sources.csv").is_file()


def test_enough_images_need_no_warning():
    scored = compare.score(_images(1000), PEERS[1:])
    assert "cannot be seen" not in report.to_markdown(
        measures.by_technique(scored, PEERS[1:]), measures.summary(scored, PEERS[1:]), pd.DataFrame(), []
    )


def test_a_missing_folder_of_covers_is_one_line(tmp_path):
    with pytest.raises(StarlightError, match=r"^\S*nowhere: no such folder of photographs$"):
        compare.image_sets(
            compare.Plan(), knobs(SampleParams), tmp_path, manifest=tmp_path / "none.csv", datasets=tmp_path,
            covers=tmp_path / "nowhere",
        )  # fmt: skip
    (tmp_path / "empty").mkdir()
    with pytest.raises(StarlightError, match="empty: no image file to use as a cover"):
        images.made(tmp_path / "out", knobs(SampleParams), 1, covers=tmp_path / "empty")


def test_a_test_set_from_photographs_alone(tmp_path):
    for place, count in (("lake", 3), ("town", 1)):
        for i in range(count):
            save(tmp_path / f"mine/{place}/{place}{i}.png", picture(np.random.default_rng(i), size=200))
    params = images.test_params(knobs(SampleParams, largest_side=80), 16, 1)
    small = {"smallest_side": 64, "largest_side": 80, "adaptive_side": 80, "covers": 16}
    table = images.made(tmp_path / "out", replace(params, **small), 3, covers=tmp_path / "mine").table
    authentic, stego = table[table.label == 0], table[table.label == 1]
    assert images.ImageSet(table, "").composition.startswith("16 authentic files (sources: lake ")
    assert len(authentic) == 16 and set(table.source) <= {"lake", "town"}
    assert set(table.cover_id) <= {f"user/{name}.png" for name in ("lake0", "lake1", "lake2", "town0")}
    assert set(stego.twin) <= set(authentic.path)
    assert set(stego.level[stego.technique == "hill"]) == {"0.4"} and set(stego.level[stego.technique == "exif"]) == {
        ""
    }
    pairs = images.training_pairs(images.ImageSet(table, ""), "jpeg", 4, seed=0)
    assert len(pairs) == 4 and all(twin.endswith(".jpg") and stego.endswith(".jpg") for twin, stego, _ in pairs)


def test_the_test_split_of_a_manifest(tmp_path):
    shared = {"submission": "a", "split": "test", "status": "ok", "cover_id": "c"}
    rows = [
        {"sample_id": "1", "path": "a/clean/x.png", "kind": "clean", "label": 0, **shared},
        {"sample_id": "2", "path": "a/stego/y.png", "kind": "stego", "label": 1, "technique": "wow",
         "payload_rate": 0.4, "twin_id": "1", **shared},
        {"sample_id": "3", "path": "a/stego/z.png", "kind": "stego", "label": 1, "technique": "other",
         "tool": "encrypted.raw", "payload_rate": 0.1, **shared},
        {"sample_id": "4", "path": "a/negatives/flat/n.png", "kind": "negative", "label": 0, **shared},
        {"sample_id": "5", "path": "a/clean/t.png", "kind": "clean", "label": 0, **shared, "split": "train"},
    ]  # fmt: skip
    manifest.write(manifest.frame(rows), tmp_path / "manifest.csv")
    with pytest.raises(StarlightError, match=r"x\.png, which is not there; run `dvc repro`"):
        images.of_manifest(tmp_path / "manifest.csv", tmp_path, "test")
    for row in rows[:3]:
        save(tmp_path / row["path"], picture(np.random.default_rng(0)))
    table = images.of_manifest(tmp_path / "manifest.csv", tmp_path, "test").table
    assert table.technique.tolist() == ["", "wow", "encrypted.raw"] and table.level.tolist() == ["", "0.4", ""]
    assert table.twin.tolist() == ["", str(tmp_path / "a/clean/x.png"), ""]


def test_rules(tmp_path):
    pixels, exif = picture(np.random.default_rng(1)), get("exif")
    clean = save(tmp_path / "clean.png", pixels)
    stego = save(tmp_path / "stego.png", get("lsb.rgb").embed(pixels, TEXT, bit_order="msb-first"))
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(scenes.file(scenes.scene(1, 64, 64), "JPEG"))
    said = tmp_path / "said.jpg"
    said.write_bytes(exif.embed(photo.read_bytes(), TEXT))
    longer = tmp_path / "longer.png"
    longer.write_bytes(clean.read_bytes() + b"x")
    assert [rules.lsb_text(p) for p in (clean, stego, photo)] == [0.0, 1.0, None]
    assert [rules.beside_the_image(p) for p in (clean, photo, said, longer)] == [0.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"hidden words", True), (b"hidden words\0\xff\xfe", True), (b"short\0" + b"\xff" * 58, False),
     ("Grüße an alle".encode()[:-1] + "ü".encode()[:1], True), (bytes(range(64)), False), (b"", False)],
)  # fmt: skip
def test_text(data, expected):
    assert rules.is_text(data) is expected


def test_votes_come_first_and_projections_break_ties():
    most, fewer, nearer = [1e-3, 1e-3, -5.0], [9.0, -1e-3, -1e-3], [1e-3, 2e-3, -5.0]
    assert np.argsort(ensembles.vote(np.array([most, fewer, nearer]).T)).tolist() == [1, 0, 2]


def test_missing_peers_are_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "sealwatch", None)
    peers.sealwatch.cache_clear()
    with pytest.raises(StarlightError, match="make bench-detect"):
        peers.sealwatch()
    assert hasattr(sys.modules.get("torchvision"), "__file__") or "torchvision" not in sys.modules  # no stand-in stays


def test_too_few_training_pairs_are_one_line():
    kind = ensembles.Ensemble("none", "samples", "", lambda path: np.zeros(3))
    with pytest.raises(StarlightError, match="none: 2 training pairs are too few"):
        ensembles.train(kind, [("a", "b", "c")] * 2, seed=0)


def test_sealwatch_tells_stego_from_cover(tmp_path):
    _peers()
    rng = np.random.default_rng(3)
    pixels = np.asarray(Image.fromarray(picture(rng)).resize((256, 256), Image.Resampling.BICUBIC))
    clean = save(tmp_path / "clean.png", pixels)
    stego = save(tmp_path / "stego.png", get("lsbr").embed(np.ascontiguousarray(pixels), 1.0, seed=1))
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(scenes.file(scenes.scene(1, 64, 64), "JPEG"))
    spa, ws, chi_square, f5 = peers.attacks()
    for attack in (spa, ws, chi_square):
        assert attack.score(stego) > attack.score(clean) and attack.score(photo) is None
    assert f5.score(clean) is None and math.isfinite(f5.score(photo))
    assert ensembles.spam(clean).shape == (686,) and ensembles.spam(photo) is None
    assert ensembles.dctr(photo).shape == (8000,) and ensembles.dctr(clean) is None


def test_ensemble_learns_a_shift():
    _peers()
    rng = np.random.default_rng(0)
    covers = rng.normal(size=(60, 20))
    groups = [str(i // 4) for i in range(60)]
    learners = ensembles.fit(covers[:40], covers[:40] + 1, groups[:40], seed=1)
    unseen = np.r_[covers[40:], covers[40:] + 1]
    scores = ensembles.vote(np.array([learner.predict(unseen) for learner in learners]))
    assert auc(np.repeat([0, 1], 20), scores)[0] > 0.95


def _peers() -> None:
    """Skip where sealwatch is not installed."""
    try:
        peers.sealwatch()
    except StarlightError as error:
        pytest.skip(str(error))
