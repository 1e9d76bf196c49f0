"""One reader: what it reads decides the verdict, what it explains raises no alarm, and `extract` writes the same."""

import io
import zipfile
import zlib

import numpy as np
import pytest
import tiny
from PIL import Image, PngImagePlugin

from starlight import Detector
from starlight.cli import main
from starlight.detector.calibration.calibration import SPEAKS, Calibration, Row
from starlight.detector.calibration.judgement import judge, named
from starlight.findings.reading.reader import read
from starlight.images import image as images
from starlight.techniques import LABELS


def _png(note: str = "") -> bytes:
    info = PngImagePlugin.PngInfo()
    if note:
        info.add_text("Description", note)
    out = io.BytesIO()
    Image.fromarray(tiny.pixels()).save(out, "png", pnginfo=info)
    return out.getvalue()


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("plan.txt"), "over the wall at nine")
    return out.getvalue()


@pytest.fixture(scope="module")
def unmoved(tmp_path_factory):
    """A detector that no statistic moves."""
    return Detector.load(tiny.weights(tmp_path_factory.mktemp("reading") / "none.safetensors", threshold=3.0))


def test_what_is_read_decides_the_verdict_and_says_what_where_and_from_which_byte(unmoved):
    data = _png("Sunset over the bay") + _zip()
    answer = unmoved.detect(data)
    assert (answer.verdict, answer.technique) == ("stego", "raw") and answer.probability > 0.99
    assert answer.reason == f"zip archive after the end of the image, from byte {len(data) - len(_zip())}"
    assert answer.payload_preview.startswith("PK")
    assert answer.notes == ["text of 19 bytes in the text chunk 'Description': Sunset over the bay"]


def test_a_note_alone_is_no_verdict(unmoved):
    answer = unmoved.detect(_png("Sunset over the bay"))
    assert answer.verdict == "clean" and len(answer.notes) == 1 and "raw" not in answer.techniques


def _calibration() -> Calibration:
    everywhere = Row((3.0,) * len(LABELS), (SPEAKS,) * len(LABELS), 1000)
    return Calibration(LABELS, {"all": everywhere}, 1.0, 0.0, 0.001, 1000)


def test_bytes_are_a_fact_not_a_statistic():
    logits, found = np.full((1, len(LABELS)), -9.0), np.zeros((1, len(LABELS)), bool)
    logits[0, LABELS.index("raw")] = logits[0, LABELS.index("exif")] = 50.0
    said = (np.zeros((1, 0, 32, 32)), np.zeros(1), ["png"], _calibration(), 0.5)
    assert judge(logits, *said).score[0] > 0  # what statistics alone say
    assert judge(logits, *said, found).score[0] < 0
    found[0, LABELS.index("raw")] = True
    answer = judge(np.full_like(logits, -9.0), *said, found)
    assert answer.score[0] > 0 and named(answer.technique_scores, LABELS)[0] == "raw"
    unlike = judge(np.full_like(logits, -9.0), said[0], np.ones(1), *said[2:], found)
    assert not unlike.abstain[0]


def test_techniques_that_were_read_stand_in_the_order_of_the_registry():
    reading = read(images.decode(_png() + _zip()))
    assert [name for name, seen in zip(LABELS, reading.techniques, strict=True) if seen] == ["raw"]
    assert not read(images.decode(_png())).techniques.any()
    assert sum(span.length for span in reading.spans) == len(_png() + _zip())


def test_extract_writes_each_of_several_payloads_whole(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = b"Meet me at the old bridge at seven, and bring the second key."
    data = _png()
    at = data.index(b"IDAT") - 4
    chunk = len(text).to_bytes(4, "big") + b"stEg" + text
    data = data[:at] + chunk + zlib.crc32(chunk[4:]).to_bytes(4, "big") + data[at:] + _zip()
    (tmp_path / "two.png").write_bytes(data)
    assert main(["extract", "two.png", "--list"]) == 0
    listed = capsys.readouterr().err
    assert "1: " in listed and "2: zip archive" in listed.replace("1: zip archive", "2: zip archive")
    written = set()
    for number in ("1", "2"):
        assert main(["extract", "two.png", "--number", number, "-o", number]) == 0
        written.add((tmp_path / number).read_bytes())
    assert written == {text, _zip()}
    assert main(["extract", "two.png", "--number", "3"]) == 2
