"""`starlight extract`: the payload's bytes, and nothing overwritten by accident."""

import io
import os
from pathlib import Path

import pytest
import tiny
from PIL import Image

from starlight.cli import main
from starlight.techniques import get

TEXT = b"The quick brown fox jumps over the lazy dog, and the dog does not mind at all. " * 2


def png(pixels):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "png")
    return out.getvalue()


def jpeg():
    out = io.BytesIO()
    Image.fromarray(tiny.pixels()).save(out, "jpeg", quality=85)
    return out.getvalue()


CARRIERS = {
    "alpha": lambda: png(get("alpha").embed(tiny.pixels(channels=4), TEXT)),
    "rgb": lambda: png(get("lsb.rgb").embed(tiny.pixels(), TEXT)),
    "rgb-lsb-first": lambda: png(get("lsb.rgb").embed(tiny.pixels(), TEXT, bit_order="lsb-first", mark=True)),
    "stegano": lambda: png(get("lsb.rgb").embed(tiny.pixels(), TEXT, tool="stegano")),
    "stego-lsb": lambda: png(get("lsb.rgb").embed(tiny.pixels(), TEXT, tool="stego-lsb")),
    "exif": lambda: get("exif").embed(jpeg(), TEXT),
    "raw": lambda: get("raw").embed(jpeg(), TEXT),
}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", CARRIERS)
def test_payload_comes_back_byte_for_byte(name):
    Path("in.dat").write_bytes(CARRIERS[name]())
    assert main(["extract", "in.dat", "-o", "out.bin"]) == 0
    assert Path("out.bin").read_bytes() == TEXT


def test_bytes_that_are_no_text_come_back_from_behind_the_image(capsys):
    blob = b"PK\x03\x04" + bytes(range(256))
    Path("in.jpg").write_bytes(jpeg() + blob)
    assert main(["extract", "in.jpg", "-o", "out.bin"]) == 0
    assert Path("out.bin").read_bytes() == blob
    assert "260 random-looking bytes after the end of the image" in capsys.readouterr().err


def test_nothing_to_read_is_1(capsys):
    Path("in.jpg").write_bytes(jpeg())
    assert main(["extract", "in.jpg", "-o", "out.bin"]) == 1
    assert not os.path.exists("out.bin")


def test_existing_file_is_kept_unless_forced(capsys):
    Path("in.jpg").write_bytes(CARRIERS["raw"]())
    Path("out.bin").write_bytes(b"precious")
    assert main(["extract", "in.jpg", "-o", "out.bin"]) == 2
    assert Path("out.bin").read_bytes() == b"precious" and "--force" in capsys.readouterr().err
    assert main(["extract", "in.jpg", "-o", "out.bin", "--force"]) == 0
    assert Path("out.bin").read_bytes() == TEXT
    assert sorted(os.listdir()) == ["in.jpg", "out.bin"]


def test_the_evidence_itself_is_never_overwritten():
    Path("in.jpg").write_bytes(CARRIERS["raw"]())
    os.link("in.jpg", "same.jpg")
    for out in ("in.jpg", "same.jpg"):
        assert main(["extract", "in.jpg", "-o", out, "--force"]) == 2
    assert Path("in.jpg").read_bytes() == CARRIERS["raw"]()


def test_preview_cannot_steer_the_terminal(capsys):
    Path("in.jpg").write_bytes(get("raw").embed(jpeg(), b"look \x1b]0;owned\x07 at this plain English text here"))
    assert main(["extract", "in.jpg"]) == 0
    assert "\x1b" not in capsys.readouterr().err and os.listdir() == ["in.jpg"]


def test_standard_output_takes_bytes_unless_a_terminal(capfdbinary, monkeypatch):
    Path("in.jpg").write_bytes(CARRIERS["raw"]())
    assert main(["extract", "in.jpg", "-o", "-"]) == 0
    assert capfdbinary.readouterr().out == TEXT
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["extract", "in.jpg", "-o", "-"]) == 2
    assert capfdbinary.readouterr().out == b""


def test_unreadable_file_is_one_line(capsys):
    Path("in.jpg").write_bytes(b"junk")
    assert main(["extract", "in.jpg"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
