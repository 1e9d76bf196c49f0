"""The bench by size: parts keep a photograph's coefficients, twins differ in the payload alone, figures are planted."""

import io
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from starlight.errors import StarlightError
from starlight.images.image import decode
from starlight.images.jpeg.io import read_coefficients
from starlight.lab.sizes import measure, pictures, report
from starlight.lab.sizes.pictures import METHODS, Method, Plan
from tests.scenes import scene

FEW = Plan((3, 2, 1, 0, 0), seed=5)
QUICK = (Method("lsbr", 0.05, math.inf), Method("nsf5", 0.2, 0.25))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("photographs")
    for name, (height, width) in {"large": (720, 1120), "middle": (480, 640), "small": (240, 320)}.items():
        Image.fromarray(scene(len(name), height, width)).save(root / f"{name}.jpg", quality=90, subsampling=2)
    Image.fromarray(scene(3, 240, 320)).save(root / "not_jpeg.png")
    (root / "broken.jpg").write_bytes(b"\xff\xd8 no image")
    return root


class Planted:
    """A detector that says stego of every PNG file whose lowest bits are odd more often than not."""

    predictor = SimpleNamespace(techniques=("lsbr", "nsf5"))

    def judge(self, data, *, maps):
        image = decode(data)
        score = float((image.pixels & 1).mean()) - 0.5
        logits = np.array([[score, -np.inf if image.container.lossless else score]])
        prediction = SimpleNamespace(logits=logits, score=np.array([score]))
        return SimpleNamespace(
            prediction=prediction, detection=SimpleNamespace(verdict="stego" if score > 0 else "clean")
        )


def test_photographs_serve_for_every_size_that_they_have(folder):
    work = [(size, one.name) for size, one in pictures.chosen(folder, FEW)]
    assert len(work) == 6
    assert {name for size, name in work if size == 0.06} == {"large.jpg", "middle.jpg", "small.jpg"}
    assert {name for size, name in work if size == 0.25} == {"large.jpg", "middle.jpg"}
    assert work == [(size, one.name) for size, one in pictures.chosen(folder, FEW)]
    with pytest.raises(StarlightError, match="no JPEG photograph"):
        (folder / "empty").mkdir()
        Image.fromarray(scene(1, 64, 64)).save(folder / "empty" / "a.png")
        pictures.chosen(folder / "empty", FEW)


def test_a_part_is_of_the_size_asked_for_and_keeps_its_coefficients(folder):
    one = next(one for _, one in pictures.chosen(folder, FEW) if one.name == "large.jpg")
    cut = pictures.part(one, 0.25, seed=1)
    assert cut == pictures.part(one, 0.25, seed=1) != pictures.part(one, 0.25, seed=2)
    with Image.open(io.BytesIO(cut.jpeg)) as image:
        assert 0.9 < image.width * image.height / 250_000 <= 1
        assert abs(image.width / image.height - 1120 / 720) < 0.1
    whole, kept = read_coefficients(one.path.read_bytes()), read_coefficients(cut.jpeg)
    blocks = {block.tobytes() for block in whole.y.reshape(-1, 64)}
    assert all(block.tobytes() in blocks for block in kept.y.reshape(-1, 64))
    assert np.array_equal(whole.qt, kept.qt)


def test_twins_come_first_and_differ_in_the_payload_alone(folder):
    one = next(one for _, one in pictures.chosen(folder, FEW) if one.name == "small.jpg")
    made = list(pictures.files(pictures.part(one, 0.06, seed=1), 0.06))
    assert [name.technique for _, name, _ in made if name] == [
        m.technique for carrier in ("samples", "jpeg") for m in METHODS if _carrier(m) == carrier
    ]
    twins = {carrier: decode(data) for carrier, method, data in made if method is None}
    assert list(twins) == ["samples", "jpeg"]
    for carrier, method, data in made:
        if method is None:
            continue
        stego, twin = decode(data), twins[carrier]
        assert [s for s, _, _ in stego.container.segments if s != "IDAT"] == [
            s for s, _, _ in twin.container.segments if s != "IDAT"
        ]
        assert (stego.pixels != twin.pixels).any()
    assert np.array_equal(twins["samples"].pixels, twins["jpeg"].pixels)


def _carrier(method):
    return "jpeg" if method.technique in ("f5", "nsf5", "juniward", "uerd", "outguess", "steghide") else "samples"


def test_slow_methods_are_left_out_of_large_pictures(folder):
    cut = pictures.part(next(one for _, one in pictures.chosen(folder, FEW) if one.name == "large.jpg"), 0.25, seed=1)
    for size, wanted in ((0.25, {"lsbr", "nsf5"}), (1.0, {"lsbr"})):
        assert {m.technique for _, m, _ in pictures.files(cut, size, QUICK) if m} == wanted


def test_figures_follow_the_judgements(folder, tmp_path):
    judged = measure.judged(folder, Planted(), FEW, QUICK)
    again = measure.judged(folder, Planted(), FEW, QUICK)
    pd.testing.assert_frame_equal(judged, again)
    table = measure.measure(judged).set_index(["technique", "size"])
    row = table.loc[("lsbr", 0.06)]
    assert row["n"] == 3 and row["low"] <= row["share"] <= row["high"]
    assert ("nsf5", 1.0) not in table.index and ("lsbr", 1.0) in table.index
    text = report.write(tmp_path, measure.measure(judged), judged, "Planted.")
    assert text == (tmp_path / "sizes.md").read_text(encoding="utf-8")
    assert "0.06 Mpx" in text and "12 Mpx" not in text
    assert len(pd.read_csv(tmp_path / "sizes.csv")) == len(table)


def test_auc_and_own_auc_are_told_apart():
    rows = [
        {"size": 0.06, "photograph": str(i), "carrier": "jpeg", "technique": name, "rate": 0.2,
         "label": int(bool(name)), "flagged": 0, "score": 0.0, "own_f5": float(i + 10 * bool(name))}
        for i in range(8) for name in ("", "f5")
    ]  # fmt: skip
    found = measure.measure(pd.DataFrame(rows)).set_index("technique").loc["f5"]
    assert found["auc"] == 0.5 and found["own_auc"] == 1.0 and found["share"] == 0
