"""`starlight watch`: each file once, whatever happens to the watch; figures that a collector can read."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny

from starlight.telemetry.answers import Answers

ROOT = Path(__file__).parents[1]


class Watched:
    """A folder, the file of answers about it, and the command as typed."""

    def __init__(self, home: Path) -> None:
        self.home, self.inbox, self.out, self.prom = home, home / "inbox", home / "a.jsonl", home / "m/starlight.prom"
        self.inbox.mkdir()
        self.model = str(tiny.weights(home / "w.safetensors", threshold=3.0))

    def start(self, *more: str) -> subprocess.Popen:
        options = ["--workers", "1", "--interval", "0.2", "--settle", "0", "--model", self.model, *more]
        command = [sys.executable, "-m", "starlight", "watch", "inbox", "-o", "a.jsonl", *options]
        command += ["--metrics-file", "m/starlight.prom"]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(command, cwd=self.home, env=environment, stderr=subprocess.PIPE, text=True)

    def once(self, *more: str) -> tuple[int, str]:
        process = self.start("--once", *more)
        return process.wait(60), process.stderr.read()

    def records(self) -> list[dict]:
        lines = self.out.read_bytes().split(b"\n") if self.out.exists() else [b""]
        return [json.loads(line) for line in lines[:-1]]

    def names(self) -> list[str]:
        return sorted(os.path.basename(record["path"]) for record in self.records())

    def wait(self, count: int) -> None:
        end = time.monotonic() + 60
        while len(self.records()) < count:
            assert time.monotonic() < end, self.names()
            time.sleep(0.02)


@pytest.fixture
def watched(tmp_path):
    return Watched(tmp_path)


def test_once_judges_what_is_new_and_nothing_twice(watched):
    names = [path.name for path in tiny.images(watched.inbox, 3)]
    assert watched.once()[0] == 0 and watched.names() == names
    (watched.inbox / "broken.png").write_bytes(b"no image")
    assert watched.once()[0] == 0 and watched.names() == [*names, "broken.png"]
    before = watched.out.read_bytes()
    assert watched.once()[0] == 0 and watched.out.read_bytes() == before
    record = watched.records()[0]
    assert os.path.isabs(record["path"]) and record["size"] > 0 and abs(record["at"] - time.time()) < 120


def test_a_changed_file_is_judged_again_and_a_young_one_later(watched):
    path = tiny.images(watched.inbox, 1)[0]
    assert watched.once("--settle", "3600")[0] == 0 and not watched.names()
    watched.once()
    tiny.images(watched.inbox / "other", 1, side=80)[0].replace(path)
    watched.once()
    first, second = watched.records()
    assert first["path"] == second["path"] and first["sample_id"] != second["sample_id"]


def test_a_torn_record_is_dropped_and_its_file_judged_again(watched):
    names = [path.name for path in tiny.images(watched.inbox, 3)]
    watched.once()
    content = watched.out.read_bytes()
    watched.out.write_bytes(content[:-20])
    watched.once()
    assert watched.names() == names


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(watched, number):
    names = [path.name for path in tiny.images(watched.inbox, 2)]
    process = watched.start()
    watched.wait(2)
    late = tiny.images(watched.home / "late", 3)[2]
    late.rename(watched.inbox / late.name)
    watched.wait(3)
    process.send_signal(number)
    assert process.wait(20) == 0 and watched.names() == sorted([*names, late.name])


def test_killed_again_and_again_it_loses_nothing_and_doubles_nothing(watched):
    paths = tiny.images(watched.inbox, 18)
    for kills in range(2):
        process = watched.start("--quiet")
        watched.wait(3 + 6 * kills)
        process.kill()
        process.wait()
    assert watched.once()[0] == 0
    assert watched.names() == sorted(path.name for path in paths)


def test_two_watches_do_not_share_a_file(watched):
    tiny.images(watched.inbox, 1)
    process = watched.start()
    watched.wait(1)
    status, said = watched.once()
    process.terminate()
    assert status == 2 and said == "starlight watch: a.jsonl: another watch writes to it\n" and process.wait(20) == 0


def test_what_is_no_folder_and_no_file_of_answers(watched):
    (watched.home / "notes.txt").write_text("my notes\n")
    status, said = watched.once("-o", "notes.txt")
    assert status == 2 and "no answer of" in said and (watched.home / "notes.txt").read_text() == "my notes\n"
    watched.inbox.rmdir()
    status, said = watched.once()
    assert status == 2 and said.count("inbox': no such file") == 1


def _samples(text):
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}


def test_figures_last_over_restarts(watched):
    tiny.images(watched.inbox, 2)
    watched.once()
    (watched.inbox / "broken.png").write_bytes(b"no image")
    watched.once()
    found = _samples(watched.prom.read_text())
    assert found['starlight_files_total{verdict="clean"}'] == 2
    assert found['starlight_files_total{verdict="unreadable"}'] == 1
    assert found['starlight_latency_seconds_bucket{le="+Inf"}'] == found["starlight_latency_seconds_count"] == 2
    assert abs(found["starlight_last_success_timestamp_seconds"] - time.time()) < 120
    assert any(name.startswith("starlight_build_info{") and 'version="' in name for name in found)


def test_the_text_is_what_prometheus_reads():
    parser = pytest.importorskip("prometheus_client.parser")
    answers = Answers()
    for verdict, technique, ms in (("stego", "raw", 3.0), ("stego", 'odd"\n', 700.0), ("clean", None, 5.0)):
        answers.add({"verdict": verdict, "technique": technique, "ms": ms})
    text = answers.text(version="1", detector='the "released" one\n', success=12.5)
    families = {family.name: family for family in parser.text_string_to_metric_families(text)}
    assert {s.labels["technique"]: s.value for s in families["starlight_found"].samples} == {"raw": 1, 'odd"\n': 1}
    buckets = [s.value for s in families["starlight_latency_seconds"].samples if s.name.endswith("_bucket")]
    assert families["starlight_latency_seconds"].type == "histogram" and buckets[0] == 2 and buckets[-1] == 3
    assert buckets == sorted(buckets)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
def test_systemd_understands_every_line_of_the_unit(tmp_path):
    unit = (ROOT / "docs/starlight-watch.service").read_text(encoding="utf-8")
    assert "ExecStart=/opt/starlight/bin/starlight watch " in unit
    there = unit.replace("/opt/starlight/bin/starlight", "/bin/true")  # it has to be there to be verified
    (tmp_path / "starlight-watch.service").write_text(there, encoding="utf-8")
    command = ["systemd-analyze", "verify", str(tmp_path / "starlight-watch.service")]
    done = subprocess.run(command, capture_output=True, text=True)
    told = [line for line in (done.stdout + done.stderr).splitlines() if "starlight-watch" in line]
    assert done.returncode == 0 and not told, told
