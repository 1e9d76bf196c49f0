"""`starlight detect` as it is typed."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import tiny

from starlight.cli import main


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("command")
    tiny.weights(folder / "all.safetensors", threshold=-3.0)
    tiny.weights(folder / "none.safetensors", threshold=3.0)
    tiny.images(folder / "in")
    (folder / "in" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    (folder / os.fsdecode(b"in/two\nlines \xe9.jpg")).write_bytes((folder / "in" / "004-photo.jpg").read_bytes())
    return folder


@pytest.fixture
def detect(place, monkeypatch, capfdbinary):
    monkeypatch.chdir(place)

    def run(*arguments, model="none", form="jsonl"):
        options = ["--model", f"{model}.safetensors", "--workers", "1", *(["--format", form] if form else [])]
        status = main(["detect", *options, *map(str, arguments)])
        out, err = capfdbinary.readouterr()
        records = [json.loads(line) for line in out.splitlines()] if form == "jsonl" else out
        return status, records, err.decode()

    return run


def test_a_folder_every_file_one_line_in_order(detect, place):
    status, records, err = detect("in")
    names = sorted(os.listdir(place / "in"))
    assert [r["path"] for r in records] == [f"in/{name}" for name in names]
    assert [r["verdict"] for r in records].count("unreadable") == 1
    assert status == 0 and "8 files: 0 stego, 7 clean, 0 cannot tell, 1 unreadable" in err
    assert "given detector 'tiny'" in err


def test_found_is_1_and_wins_over_unreadable(detect):
    status, records, _ = detect("in", model="all")
    assert status == 1 and sum(r["verdict"] == "stego" for r in records) == 7


def test_missing_path_is_2_and_a_line(detect):
    status, records, _ = detect("in/000-rgb.png", "gone.png", model="all")
    assert status == 2
    assert [(r["path"], r["verdict"]) for r in records] == [("in/000-rgb.png", "stego"), ("gone.png", "unreadable")]


def test_another_rate_is_judged_at_where_there_are_thresholds_for_it(detect):
    status, records, err = detect("in", "--fpr", "0.01")
    judged = [r for r in records if r["verdict"] != "unreadable"]
    assert status == 1 and all(r["verdict"] == "stego" and r["fpr"] == 0.01 for r in judged) and "FPR of 0.01" in err
    status, _, err = detect("in", "--fpr", "0.02")
    assert status == 2 and err.splitlines()[-1].endswith("thresholds for: 0.001, 0.01")
    status, _, err = detect("in", "--task", "forgery", "--fpr", "0.01")
    assert status == 2 and "--fpr: forged images are judged at one rate" in err


def test_nothing_readable_is_2(detect):
    assert detect("in/broken.png")[0] == 2


def test_bad_usage_is_2(place):
    with pytest.raises(SystemExit) as exit_:
        main(["detect", "--workers", "0", "x.png"])
    assert exit_.value.code == 2


def test_missing_detector_is_one_line(detect):
    status, records, err = detect("in", model="gone")
    assert (status, records) == (2, []) and err.count("\n") == 1 and "gone.safetensors" in err


def test_resume_skips_what_is_answered_and_appends(detect, place):
    out = place / "out.jsonl"
    status, records, _ = detect("in/000-rgb.png", "in/broken.png", "--resume", out, form=None, model="all")
    assert status == 1 and records == b""
    torn = out.read_bytes()[:-30]
    out.write_bytes(torn)
    status, _, err = detect("in", "--resume", out, form=None)
    lines = [json.loads(line) for line in out.read_bytes().splitlines()]
    assert sorted(r["path"] for r in lines) == sorted(f"in/{name}" for name in os.listdir(place / "in"))
    assert status == 1 and "1 answered before" in err  # the earlier run found something


def test_resume_refuses_other_formats(detect):
    assert detect("in", "--resume", "x.jsonl", form="csv")[0] == 2


def test_table_is_one_line_a_file(detect):
    _, out, _ = detect("in", form=None)
    assert len(out.splitlines()) == 9 and b"two\\nlines \\xe9.jpg" in out


def start(place, *arguments, **options):
    command = [sys.executable, "-m", "starlight", "detect", "--model", str(place / "none.safetensors")]
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return subprocess.Popen(
        [*command, "--format", "jsonl", "--workers", "1", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}, **options,
    )  # fmt: skip


def test_interrupt_writes_what_is_done_and_leaves_no_process(place):
    reader, writer = os.pipe()  # a list that stays open: the run waits for more
    os.write(writer, b"in/000-rgb.png\nin/003-grey.png\n")
    with start(place, "-", stdin=reader, cwd=place, start_new_session=True) as process:
        lines = [process.stdout.readline(), process.stdout.readline()]
        os.killpg(process.pid, signal.SIGINT)
        rest, err = process.communicate(timeout=20)
    os.close(reader)
    os.close(writer)
    assert [json.loads(line)["path"] for line in lines] == ["in/000-rgb.png", "in/003-grey.png"]
    assert rest == b"" and process.returncode == 130
    assert b"Traceback" not in err and b"stopped" in err
    with pytest.raises(ProcessLookupError):  # workers went with it
        for _ in range(50):
            os.killpg(process.pid, 0)
            time.sleep(0.1)


def test_reader_that_goes_away_is_quiet(place):
    with start(place, *["in"] * 300, cwd=place) as process:
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait(20) == 141
    assert b"Traceback" not in err and b"BrokenPipe" not in err
