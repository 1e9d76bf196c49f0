"""The bench of richer statistics: what they count is known, twins differ in the payload alone, planted gains show."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from starlight.errors import StarlightError
from starlight.images.image import decode
from starlight.images.jpeg.blocks import DCT
from starlight.images.jpeg.io import read_coefficients
from starlight.lab.features import bias, files, heads, measure, report
from starlight.lab.features.files import AS_THEY_LIE, SAVED_AGAIN, Method, Plan, Read
from starlight.lab.features.kept import kept
from starlight.lab.features.sets import SETS, Luma, cooccurrences, luma, phase_histograms, shifted_estimates
from starlight.lab.peers.peers import sealwatch
from starlight.streams.jpeg import planes
from starlight.streams.jpeg.estimates import f5_rate
from starlight.techniques import get
from tests.scenes import scene

FEW = Plan(learnt=4, judged=1, clean=2, seed=3)


def jpeg(seed=1, height=256, width=320, quality=90):
    buffer = io.BytesIO()
    Image.fromarray(scene(seed, height, width)).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def image():
    return decode(jpeg())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("covers")
    for source in ("first", "second"):
        (root / source).mkdir()
        for seed in range(3):
            (root / source / f"{seed}.jpg").write_bytes(jpeg(seed + 1))
    Image.fromarray(scene(9, 200, 200)).save(root / "second" / "lossless.png")
    (root / "first" / "broken.jpg").write_bytes(b"\xff\xd8 no image")
    return root


def test_residuals_are_those_of_a_plain_convolution(image):
    y = luma(image)
    pixels = y.phases.transpose(2, 0, 3, 1).reshape(8 * y.phases.shape[2], -1)
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (8, 8))[4:-4:8, 4:-4:8]  # across four blocks
    steps = np.abs([np.einsum("ijrc,r,c->ij", windows, DCT[u], DCT[v]) / y.step for u, v in ((2, 1), (1, 2))])
    share = [(steps < 0.5).mean(), *(((k - 0.5 <= steps) & (steps < k + 0.5)).mean() for k in (1, 2, 3))]
    found = phase_histograms(image, y).reshape(36, 25, 4)[4, 24] ** 2  # kernel (2, 1) and its transpose
    np.testing.assert_allclose(found, share, atol=2e-3)


def test_a_picture_and_its_mirror_image_have_the_same_statistics(image):
    y, turned = luma(image), luma(image)
    turned.modes, turned.table = np.ascontiguousarray(y.modes.transpose(1, 0, 3, 2)), y.table.T.copy()
    turned.phases = planes.phase_planes(turned.modes, turned.table)
    np.testing.assert_allclose(cooccurrences(image, turned), cooccurrences(image, y), atol=0.02)
    np.testing.assert_allclose(phase_histograms(image, turned), phase_histograms(image, y), atol=0.02)


def test_cooccurrences_are_shares_of_each_relation_and_mode(image):
    own = cooccurrences(image, luma(image)).reshape(2, 5, 35, 16)[0] ** 2
    total = own.sum(axis=2)
    assert np.all(np.isclose(total, 1, atol=1e-5) | (total == 0))


def test_the_estimate_of_f5_rises_with_what_is_embedded_at_every_shift(image):
    data = jpeg()
    cover = read_coefficients(data)
    rates = [
        shifted_estimates(image, Luma(get("nsf5").embed(cover, rate) if rate else cover)).reshape(7, 2, 6, 2)[
            :, :, 0, 0
        ]
        for rate in (0, 0.4, 0.8)
    ]
    assert np.all(rates[1] > rates[0]) and np.all(rates[2] > rates[1])


def test_stego_files_differ_from_their_twin_in_the_payload_alone(folder):
    covers = files.judged(folder, FEW, (Method("nsf5", 0.4),))
    found = files.read(covers)
    rows = found.rows
    assert set(rows["kind"]) == {AS_THEY_LIE, SAVED_AGAIN} and set(rows["source"]) == {"first", "second"}
    assert len(rows[rows["technique"] == "nsf5"]) == 4 and not rows["cover"].str.contains("broken").any()
    for at in rows.index[rows["technique"] == "nsf5"]:  # the twin comes first
        twin, stego = rows.loc[at - 1], rows.loc[at]
        assert twin["technique"] == "" and twin[["kind", "cover", "step"]].equals(stego[["kind", "cover", "step"]])
        a, b = (found.sets["stream"][place] for place in (at - 1, at))
        assert np.array_equal(a[:3], b[:3]) and not np.array_equal(a, b, equal_nan=True)
    assert rows[(rows["source"] == "second") & (rows["kind"] == AS_THEY_LIE)]["cover"].str.endswith(".jpg").all()


def test_what_is_learnt_carries_techniques_in_turn(tmp_path):
    (tmp_path / "clean").mkdir()
    table = pd.DataFrame({"filename": [f"clean/{i}.jpg" for i in range(8)] + ["negatives/x/1.jpg"], "cover_id": "one"})
    table.to_csv(tmp_path / "sources.csv", index=False)
    covers = files.learnt([tmp_path], Plan(8, 0, 0))
    assert [cover.methods[0] for cover in covers[:4]] == [Method(t, r) for r in (0.2, 0.4) for t in ("f5", "nsf5")]
    assert {cover.photograph for cover in covers} == {"one"} and len({cover.path for cover in covers}) == 8


def planted(n, seed, gain, kind="learnt"):
    """Pairs of which one statistic of a set tells, and nothing else does."""
    rng = np.random.default_rng(seed)
    technique = np.tile(["", "nsf5"], n)
    rows = pd.DataFrame({
        "kind": kind, "source": "here", "photograph": np.repeat(np.arange(n), 2).astype(str),
        "cover": np.repeat(np.arange(n), 2).astype(str), "step": 2.0, "technique": technique, "rate": 0.4,
    })  # fmt: skip
    rows.loc[rows["technique"] == "", "rate"] = 0.0
    sets = {name: rng.normal(size=(2 * n, size)).astype(np.float32) for name, size in SIZES.items()}
    sets["phases"][:, 2] += gain * (technique == "nsf5")
    return Read(rows, sets)


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("&nbsp;", " ")


SIZES = {"stream": 5, "phases": 40, "cooccurrences": 30, "shifts": 4}


def test_a_planted_statistic_is_found_by_the_heads_that_read_it_and_by_no_other(monkeypatch):
    assert set(SIZES) == set(SETS)
    monkeypatch.setattr(measure, "FAMILIES", (("f5", "nsf5"),))
    monkeypatch.setattr(measure, "said", lambda members, vectors: np.zeros((len(vectors), 2)))
    names = type("", (), {"config": type("", (), {"techniques": ("f5", "nsf5")})})
    stored = type("", (), {"members": [type("", (), {"model": names})]})
    data = measure.scored(planted(150, 1, 2.5), planted(120, 2, 2.5, AS_THEY_LIE), stored)
    found = measure.measure(data)
    whole = found[found["quality"] == ""].set_index("head")["auc"]
    for head, sets in (measure.HEADS | measure.NETWORKS | {measure.BY_QUALITY: ("phases",)}).items():
        assert whole[head] > 0.75 if "phases" in sets else abs(whole[head] - 0.5) < 0.15, head
    assert whole[measure.TODAY] == 0.5
    text = plain(
        report.to_markdown(found, measure.origin(planted(3, 1, 0.0), planted(2, 1, 0.0, AS_THEY_LIE), "covers"))
    )
    assert "| network, all |" in text and "120 of 120" in text and "`nsf5` 0.4" in text
    assert "## Files as they lie" in text and "## Photographs" not in text and "## Bias" not in text
    assert "pairs of 3 JPEG files" in text and "here (2)" in text


def test_stego_files_are_ranked_against_their_own_twins_and_all_clean_files_set_thresholds():
    data = planted(40, 6, 0.0, AS_THEY_LIE)
    alone = data.rows[:40].assign(technique="", rate=0.0, cover=[f"other {i}" for i in range(40)])
    rows = pd.concat([data.rows, alone], ignore_index=True)
    label = (rows["technique"] != "").to_numpy()
    score = np.where(np.arange(len(rows)) < 80, label * 1.0, 2.0)  # stego over its twins, under all other clean files
    found = measure.measure(measure.Scored(rows, {("head", ("f5", "nsf5")): score})).iloc[0]
    assert found["auc"] == 1 and found["n"] == 40 and found["clean"] == 80
    assert found["found_percent"] == 0 and found["high_permille"] < 0.1


def test_bias_is_told_from_sampling_error(folder, monkeypatch):
    monkeypatch.setattr(bias, "_LEAST", 60_000)
    found = bias.biases(folder)
    assert len(found) == 6 * 3 and not found["photograph"].str.contains("broken|lossless").any()
    told = bias.summary(found).set_index("estimate")
    assert (told["shift_0.4"] > told["shift_0.2"]).all() and (told["shift_0.2"] > 0.005).all()
    assert (told["error"] > 0).all() and (told["n"] == 6).all()
    some = pd.DataFrame({"technique": ["f5"], "rate": [0.4], "kind": [""], "quality": [""]})
    assert "| free scale in each cell | 6 |" in plain(report.to_markdown(some, "", bias.summary(found)))


def test_a_cell_that_is_wider_is_no_embedding():
    rng = np.random.default_rng(8)
    magnitudes = np.abs(rng.laplace(scale=[[0.6], [1.0], [1.6]], size=(3, 400_000)))
    signs = rng.choice([-1, 1], magnitudes.shape)
    cover, wider = (_cells(np.rint(scale * magnitudes) * signs) for scale in (1.0, 1.05))
    stego = np.rint(magnitudes)
    stego -= (stego > 0) & (rng.random(stego.shape) < 0.05)
    rate, error = bias.free_scale_rate(_cells(stego * signs), cover)
    assert abs(rate - 0.05) < 0.01 and 0 < error < 0.005
    assert abs(bias.free_scale_rate(wider, cover)[0]) < 0.015 < abs(f5_rate(wider, cover)[0])


def _cells(values):
    return np.stack([np.bincount(np.clip(row, -6, 6).astype(int) + 6, minlength=13) for row in values]).astype(float)


def test_a_ridge_keeps_more_statistics_than_images_from_being_learnt_by_heart():
    rng = np.random.default_rng(4)
    values, stego = rng.normal(size=(60, 400)).astype(np.float32), np.arange(60) % 2 == 1
    values[stego, 0] += 4
    values[0, 1] = np.nan
    head = heads.fit(heads.prepared(values, stego), [str(i // 2) for i in range(60)])
    more = rng.normal(size=(200, 400)).astype(np.float32)
    assert (head.score(more + 4 * (np.arange(400) == 0)) - head.score(more)).mean() > 0
    assert np.isfinite(head.score(values)).all() and head.ridge in heads.RIDGES


def test_statistics_are_kept_and_those_of_other_files_refused(tmp_path):
    data = planted(3, 5, 0.0)
    assert kept(tmp_path, "learnt", lambda: data) is data
    again = kept(tmp_path, "learnt", lambda: pytest.fail("read again"))
    assert np.array_equal(again.sets["phases"], data.sets["phases"]) and again.rows["technique"].tolist()[0] == ""
    np.save(tmp_path / "learnt_phases.npy", data.sets["phases"][:2])
    with pytest.raises(StarlightError, match="do not belong together"):
        kept(tmp_path, "learnt", lambda: data)


def test_residuals_are_those_that_were_published(image):
    try:
        peer = sealwatch()
    except StarlightError:
        pytest.skip("needs the benchmark extra")
    y = luma(image)
    y.step *= 1.013  # so that no multiple of a step lies on the end of a bin, where rounding would decide
    pixels = y.phases.transpose(2, 0, 3, 1).reshape(8 * y.phases.shape[2], -1)
    counts = np.array(list(peer.dctr.extract(pixels[:-1, :-1], y.step).values())).reshape(8, 8, 5, 5, 5)
    share = counts / counts.sum(axis=-1, keepdims=True)
    both = (share + share.transpose(1, 0, 3, 2, 4)) / 2  # a kernel and its transpose
    kernels = [both[u, v].reshape(25, 5)[:, :4] for u in range(8) for v in range(u + 1)]
    np.testing.assert_allclose(phase_histograms(image, y).reshape(36, 25, 4) ** 2, kernels, atol=2e-3)
