"""The page of `detect --report`: all in one file, nothing from a file becomes markup, what was found comes first."""

import io
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import tiny
from chromium import BROWSER, Chromium
from PIL import Image

from starlight.cli import detect
from starlight.cli.main import parser
from starlight.cli.page import Page, pictured
from starlight.cli.page import page as page_module
from starlight.cli.page.pictured import thumbnail
from starlight.detector.answer import Detection
from starlight.detector.detector import Detector
from starlight.detector.previews import escape
from starlight.errors import StarlightError

NASTY = '</script><script>document.title="taken"</script><img src=x onerror=alert(1)>\u202e&amp;'
BROWSED = pytest.mark.skipif(BROWSER is None, reason="needs Chromium")


def record(number, verdict="clean", **more):
    found = verdict == "stego"
    made = Detection(
        f"photos/{number:05}.png", verdict, None if verdict == "unreadable" else 0.9 if found else 0.1,
        "lsb.rgb" if found else None, {}, "meet me" if found else None, "because", ms=float(number),
        sample_id=f"{number:016x}",
    )  # fmt: skip
    return {**made.to_dict(), "notes": (), **more}


def written(path, records, detector="a detector"):
    with Page(path) as page:
        page.detector = detector
        for one in records:
            page.add(one)
    return path.read_text(encoding="utf-8")


def answers(text):
    return json.loads(re.search(r'id="answers">\[(.*?)\]</script>', text, re.S)[1].join("[]"))


def test_the_page_holds_all_answers_and_only_its_own_script(tmp_path):
    text = written(tmp_path / "page.html", [record(0), record(1, "stego"), record(2, "unreadable")])
    assert [a["verdict"] for a in answers(text)] == ["clean", "stego", "unreadable"]
    assert json.loads(re.search(r'id="totals">(.*?)</script>', text)[1]) == {"clean": 1, "stego": 1, "unreadable": 1}
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "default-src 'none'" in policy and "unsafe" not in policy and policy.count("'sha256-") == 2
    assert not re.search(r'(src|href)="?(https?:)?//', text)


def test_nothing_from_a_file_becomes_markup(tmp_path):
    odd = record(0, "stego", path=NASTY, reason=NASTY, payload_preview=escape(NASTY), notes=(NASTY,))
    text = written(tmp_path / "page.html", [odd], NASTY)
    assert text.count("<script") == 3 and "<img" not in text and "\u202e" not in text
    assert answers(text)[0]["payload_preview"] == escape(NASTY)


def test_a_page_without_answers_and_one_that_failed(tmp_path):
    assert answers(written(tmp_path / "empty.html", [])) == []
    with pytest.raises(KeyError), Page(tmp_path / "failed.html") as page:
        page.add({})
    assert [p.name for p in tmp_path.iterdir()] == ["empty.html"]
    (photo := tmp_path / "photo.png").write_bytes(b"evidence")
    for out in (photo, tmp_path, tmp_path / "no/such.html"):
        with pytest.raises(StarlightError, match=r"no page|cannot be written"):
            written(out, [record(0)])
    assert photo.read_bytes() == b"evidence"


def test_pictures_are_small_and_those_of_clean_files_are_limited(tmp_path, monkeypatch):
    for path in tiny.images(tmp_path / "images", 6, side=300):
        picture = thumbnail(str(path))
        assert picture[8:12] == b"WEBP" and len(picture) < 8000
        assert max(Image.open(io.BytesIO(picture)).size) == 112
    assert thumbnail(str(tmp_path / "none.png")) is None
    monkeypatch.setattr(page_module, "MOST_PICTURES", 2)
    made = [record(i, "stego" if i == 5 else "clean", picture=b"x") for i in range(6)]
    text = written(tmp_path / "page.html", made)
    assert ["picture" in a for a in answers(text)] == [True, True, False, False, False, True]


def test_workers_give_pictures_and_explanations(tmp_path):
    files = tiny.images(tmp_path / "images", 2)
    (tmp_path / "images/broken.png").write_bytes(b"no image")
    weights = tiny.weights(tmp_path / "w.safetensors", threshold=-3.0)
    load = pictured(lambda: Detector.load(weights), tmp_path / "page_files")
    found, broken = (load().detect(str(p)).to_dict() for p in (files[0], tmp_path / "images/broken.png"))
    assert found["picture"] and found["explained"] == f"page_files/{found['sample_id']}.html"
    assert "</html>" in (tmp_path / found["explained"]).read_text(encoding="utf-8")
    assert broken["picture"] is None and "explained" not in broken


def test_as_typed_with_resume(tmp_path):
    tiny.images(tmp_path / "images", 6)
    command = [sys.executable, "-m", "starlight", "detect", "images", "--resume", "a.jsonl", "--report", "page.html",
               "--quiet", "--workers", "1", "--model", str(tiny.weights(tmp_path / "w.safetensors"))]  # fmt: skip
    for _ in range(2):  # the second time all answers come from the file
        subprocess.run(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": os.getcwd()}, check=False)
        paths = [a["path"] for a in answers((tmp_path / "page.html").read_text(encoding="utf-8"))]
        assert paths == [f"images/{p.name}" for p in sorted((tmp_path / "images").iterdir())]


def test_pages_that_explain_are_those_of_a_report(tmp_path):
    given = parser().parse_args(["detect", str(tmp_path), "--explain"])
    with pytest.raises(StarlightError, match="--explain: goes with --report"):
        detect.run(given)


SHOWN = "[...document.querySelectorAll('li .path')].map(e => e.textContent)"
SETTLED = "new Promise(done => setTimeout(done, 200))"


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Ten thousand answers with pictures; each fifth thousand is found."""
    folder = tmp_path_factory.mktemp("large")
    Image.fromarray(np.full((50, 50, 3), (10, 200, 90), np.uint8)).save(folder / "x.png")
    picture = thumbnail(str(folder / "x.png")).ljust(2000, b"\0")
    made = (
        record(i, "stego" if i % 1000 == 7 else "clean", picture=picture, explained="page_files/a.html")
        for i in range(10_000)
    )
    written(folder / "page.html", [*made, record(10_000, "stego", path=NASTY, notes=("a note",), probability=0.5)])
    (folder / "page_files").mkdir()
    (folder / "page_files/a.html").write_text("<title>explained</title>", encoding="utf-8")
    return folder / "page.html"


@BROWSED
def test_ten_thousand_files_open_at_once_found_first(large, tmp_path):
    with Chromium(tmp_path) as browser:
        browser.ask("Performance.enable", timeDomain="threadTicks")
        browser.open(large.as_uri())
        measured = {metric["name"]: metric["value"] for metric in browser.ask("Performance.getMetrics")["metrics"]}
        shown = browser.value(SHOWN)
        assert measured["TaskDuration"] < 3 and shown[0] == "photos/00007.png" and len(shown) < 200
        assert browser.value("[...document.querySelectorAll('li')].slice(0, 12).map(e => e.className)") == [
            *["stego"] * 11, "clean",
        ]  # fmt: skip
        assert browser.value("document.title") == "Starlight report" and not browser.said
        browser.value("window.scrollTo(0, document.body.scrollHeight)")
        browser.value(SETTLED)
        assert len(browser.value(SHOWN)) > len(shown)


@BROWSED
def test_filter_sort_and_keys(large, tmp_path):
    with Chromium(tmp_path) as browser:
        browser.open(large.as_uri())
        browser.press("/")
        for key in "00042.png":
            browser.press(key)
        browser.value(SETTLED)
        assert browser.value(SHOWN) == ["photos/00042.png"]
        browser.value("const i = document.querySelector('input'); i.value = ''; i.dispatchEvent(new Event('input'))")
        browser.value(SETTLED)
        browser.press("Escape")
        browser.value("document.querySelector('button.stego').click()")
        assert len(browser.value(SHOWN)) == 11
        assert browser.value("document.querySelector('.status').textContent").startswith("11 of 10,001")
        browser.value("const s = document.querySelector('select'); s.value = 'slowest first'")
        browser.value("s.dispatchEvent(new Event('change'))")
        assert browser.value(SHOWN)[1] == "photos/09007.png"
        browser.press("j")
        browser.press("j")
        assert browser.value("document.activeElement.querySelector('.path').textContent") == "photos/09007.png"
        browser.press("Enter")
        browser.value(SETTLED)
        assert browser.value("document.title") == "explained" and not browser.said


@BROWSED
@pytest.mark.parametrize(("dark", "width"), [(False, 1000), (True, 390)])
def test_readable_in_light_and_dark_and_on_a_phone(large, tmp_path, dark, width):
    with Chromium(tmp_path / "profile", width=width, height=800, dark=dark) as browser:
        browser.open(large.as_uri())
        browser.value(SETTLED)
        assert browser.value("document.documentElement.scrollWidth") == width
        shot = np.asarray(Image.open(browser.screenshot(tmp_path / "shot.png")).convert("RGB")).astype(int)
        assert (shot[:4].mean() > 200) != dark
        assert (np.abs(shot - (10, 200, 90)).max(axis=2) < 12).sum() > 4000  # the pictures
