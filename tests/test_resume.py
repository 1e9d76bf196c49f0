"""An interrupted run goes on: nothing twice, nothing lost, nothing of anybody else's overwritten."""

import json
import os

import pytest

from starlight.cli.resume import open_resumed
from starlight.errors import StarlightError


def line(path, verdict="clean"):
    return json.dumps({"path": path, "verdict": verdict}).encode() + b"\n"


def resumed(path):
    stream, answered = open_resumed(str(path))
    with stream:
        stream.write(b"NEW\n")
    return answered, path.read_bytes()


def test_starts_a_file_that_is_not_there(tmp_path):
    answered, content = resumed(tmp_path / "out.jsonl")
    assert len(answered) == 0 and content == b"NEW\n"


def test_keeps_whole_lines_and_knows_their_paths(tmp_path):
    odd = os.fsdecode(b"caf\xe9.png")
    (tmp_path / "out.jsonl").write_bytes(line("a.png") + line(odd, "stego"))
    answered, content = resumed(tmp_path / "out.jsonl")
    assert content == line("a.png") + line(odd, "stego") + b"NEW\n"
    assert "a.png" in answered and odd in answered and "b.png" not in answered
    assert answered.verdicts == {"clean": 1, "stego": 1}


@pytest.mark.parametrize("kept", range(1, len(line("b.png"))))
def test_line_torn_anywhere_is_dropped(tmp_path, kept):
    (tmp_path / "out.jsonl").write_bytes(line("a.png") + line("b.png")[:kept])
    answered, content = resumed(tmp_path / "out.jsonl")
    assert content == line("a.png") + b"NEW\n" and "b.png" not in answered
    (tmp_path / "first.jsonl").write_bytes(line("b.png")[:kept])
    assert resumed(tmp_path / "first.jsonl")[1] == b"NEW\n"


def test_zeros_that_a_power_cut_left_are_dropped(tmp_path):
    (tmp_path / "out.jsonl").write_bytes(line("a.png") + bytes(9))
    assert resumed(tmp_path / "out.jsonl")[1] == line("a.png") + b"NEW\n"


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\nxxxx", b"notes\n", line("a") + b"{}\n" + line("b"), b"[1]\n"])
def test_file_of_something_else_is_left_alone(tmp_path, content):
    path = tmp_path / "precious"
    path.write_bytes(content)
    with pytest.raises(StarlightError, match="precious: line"):
        open_resumed(str(path))
    assert path.read_bytes() == content


def test_folder_is_a_clear_error(tmp_path):
    with pytest.raises(StarlightError, match="cannot be opened"):
        open_resumed(str(tmp_path))
