"""`starlight explain`: one page, complete in itself, in which nothing from the file is alive."""

import base64
import io
import re
from types import SimpleNamespace

import numpy as np
import pytest
import tiny
from PIL import Image

from starlight.cli import main
from starlight.detector.detector import Detector
from starlight.detector.explain import explain, pictures
from starlight.detector.explain.contributions import contributions, nearest_category
from starlight.detector.explain.whole_map import whole_map
from starlight.detector.explain.words import sentences
from starlight.streams.tiles import padded
from starlight.techniques import get
from starlight.techniques.shown import speaking

TEXT = b"<script>alert(1)</script> meet me at the old bridge when the clock strikes twelve tonight"


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    return Detector.load(tiny.weights(tmp_path_factory.mktemp("explain") / "w.safetensors", threshold=-3.0))


@pytest.fixture
def stego(tmp_path):
    path = tmp_path / "<img src=x onerror=alert(2)>.png"
    Image.fromarray(get("alpha").embed(tiny.pixels(channels=4), TEXT)).save(path)
    return str(path)


def test_page_needs_nothing_else_and_runs_nothing(detector, stego):
    page = explain(detector, stego)
    assert "<script" not in page and "onerror=alert(2)>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert not re.search(r'(src|href)="(?!data:image/png;base64,)', page)
    assert "http://" not in page and "https://" not in page
    assert "default-src 'none'" in page


def test_page_shows_the_picture_planes_map_and_streams(detector, stego):
    page = explain(detector, stego)
    for caption in ("The image", "LSB of alpha", "LSB of red", "Where payload may lie"):
        assert f"<figcaption>{caption}" in page
    told, section = speaking(detector.predictor.streams), page.partition("What each stream contributed")[2]
    others = section.partition("serve the map")[2].partition("</p>")[0]
    for stream in detector.predictor.streams:
        assert (f"<td>{stream}</td>" in section) == (stream in told)
        assert (re.search(rf"\b{stream}\b", others) is not None) == (stream not in told)
    assert "Something is hidden here" in page and "Text of 89 bytes in bit 0" in page
    for uri in re.findall(r'src="data:image/png;base64,([^"]+)"', page):
        Image.open(io.BytesIO(base64.b64decode(uri))).verify()


def test_unreadable_file_gets_a_page_that_says_so(detector, tmp_path):
    (tmp_path / "x.png").write_bytes(b"junk")
    page = explain(detector, str(tmp_path / "x.png"))
    assert "Cannot be read" in page and "<img" not in page


@pytest.mark.parametrize("kind", range(6))
def test_every_container_has_a_page(detector, tmp_path, kind):
    path = tiny.images(tmp_path, 6)[kind]
    assert explain(detector, str(path)).count("<figure") >= 4


def test_contribution_is_the_fall_of_the_score(detector, stego):
    judged = detector.judge(stego)
    changes = contributions(detector.predictor, judged)
    assert {c.stream for c in changes} == set(speaking(detector.predictor.streams))
    best = int(judged.prediction.technique_scores[0].argmax())
    first = changes[0]
    without = detector.predictor.predict([judged.record], judged.classes, blank=first.stream).technique_scores[0, best]
    assert first.change == pytest.approx(judged.prediction.technique_scores[0, best] - without)
    assert [abs(c.change) for c in changes] == sorted((abs(c.change) for c in changes), reverse=True)


def test_nearest_category_is_left_out_where_nothing_is_known(detector, stego):
    judged = detector.judge(stego)
    assert nearest_category(detector.predictor, judged) is None

    class Knows:
        def __init__(self):
            self.meta = {"centroids": {"scan": [0.0, 0.0], "camera": [3.0, 4.0]}}

        def embed(self, records):
            return np.array([[3.0, 3.0]])

    assert nearest_category(Knows(), judged) == ("camera", 1.0)


def test_words_follow_the_image(detector):
    clean, full = tiny.pixels(256), tiny.pixels(256)
    full = (full & 0xFE) | np.random.default_rng(0).integers(0, 2, full.shape, np.uint8)
    said = {}
    for name, pixels in (("clean", clean), ("full", full)):
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "png")
        said[name] = sentences(detector.judge(out.getvalue() + b"x" * 7).image)
    assert "7 bytes follow the end of the image" in said["clean"][1]
    rate = [float(re.search(r"weighted stego ([+-][\d.]+) %", s[-1])[1]) for s in said.values()]
    assert abs(rate[0]) < 20 and abs(rate[1] - 100) < 20
    assert "all of them high" in said["full"][-1]


def test_map_marks_cells_where_they_lie():
    pixels = np.full((256, 300, 3), 100, np.uint8)
    cells = np.zeros((32, 38), np.float32)
    cells[2, 5] = cells[31, 37] = 1.0
    shown = np.asarray(pictures.heat(pixels, cells))
    red = (shown[:, :, 0] > 200) & (shown[:, :, 1] < 60)
    rows, columns = np.nonzero(red[:200, :200])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (16, 23, 40, 47)
    assert red[255, 299] and red.sum() == 64 + 8 * 4  # the last cell is cut short by the edge


class Bright:
    """A predictor whose map is the mean of each cell; it notes how many tiles it holds at a time."""

    streams = ("pixel", "alpha", "lsb", "content")

    def __init__(self):
        self.most = 0

    def predict(self, records, classes, maps=True):
        self.most = max(self.most, sum(r["pixel"].shape[0] for r in records))
        tiles = [padded(r["pixel"][0], 3)[0].reshape(32, 8, 32, 8).mean((1, 3)) / 255 for r in records]
        return SimpleNamespace(cells=np.stack(tiles)[:, None])


@pytest.mark.parametrize(("height", "width"), [(40, 90), (256, 256), (300, 520), (777, 1301), (1536, 2048)])
def test_the_map_covers_the_whole_image_a_few_tiles_at_a_time(height, width):
    rng = np.random.default_rng(height)
    pixels = np.repeat(rng.integers(0, 256, (height, width, 1), dtype=np.uint8), 3, axis=2)
    image = SimpleNamespace(pixels=pixels, alpha=None, indices=None)
    judged = SimpleNamespace(image=image, record={"content": np.zeros(3)}, classes=["photo"])
    found = whole_map((bright := Bright()), judged)
    assert found.shape == (-(-height // 8), -(-width // 8)) and bright.most <= 16
    h, w = height // 8, width // 8
    wanted = pixels[: 8 * h, : 8 * w, 0].reshape(h, 8, w, 8).mean((1, 3)) / 255
    assert np.allclose(found[:h, :w], wanted, atol=1e-6) and np.all(found > 0)


def test_command_writes_the_page_and_keeps_what_is_there(tmp_path, stego, capsys):
    model = tiny.weights(tmp_path / "w.safetensors")
    out = tmp_path / "report.html"
    arguments = ["explain", stego, "-o", str(out), "--model", str(model)]
    assert main(arguments) == 0 and out.read_text().startswith("<!doctype html>")
    assert main(arguments) == 2 and "--force" in capsys.readouterr().err
    assert main([*arguments, "--force"]) == 0
    assert main(["explain", "gone.png", "-o", str(out), "--force", "--model", str(model)]) == 2
