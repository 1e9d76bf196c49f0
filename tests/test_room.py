"""Room on disk: what is said where there is none, links that stay what they were, and the measure of it."""

import errno
import os
import pickle

import pytest

from starlight.errors import StarlightError
from starlight.lab.speed.room import measure
from starlight.params import run_stage
from starlight.system.room import NoRoom, is_full, needs, where_free
from tests.imports import ROOT


def test_what_was_to_come_is_said_with_what_is_free(tmp_path):
    said = str(NoRoom(str(tmp_path), "No space left on device", 45_000.0).before(14_000))
    assert said.startswith(f"{tmp_path}: cannot write to the store: No space left on device; 14,000 more records ")
    assert "take 630 MB, " in said and " MB are free there" in said and "\n" not in said
    assert "take" not in str(NoRoom(str(tmp_path), "No space left on device").before(7)), "nobody knows how much"
    assert "0.0 MB are free" in needs(1e6, tmp_path / "nowhere")


def test_it_comes_back_whole_from_a_worker():
    there = pickle.loads(pickle.dumps(NoRoom("/store", "Disk quota exceeded", 3.5)))
    assert isinstance(there, StarlightError) and (there.folder, there.record) == ("/store", 3.5)
    assert is_full(OSError(errno.EDQUOT, "")) and not is_full(OSError(errno.EACCES, ""))


def test_a_stage_on_a_full_disk_ends_with_one_line(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("STARLIGHT_CACHE", str(tmp_path))

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "models/base.safetensors")

    with pytest.raises(SystemExit) as ended:
        run_stage(full, ROOT / "params.yaml")
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.count("\n") == 1
    assert said.startswith(f"error: models/base.safetensors: {os.strerror(errno.ENOSPC)}; free: ")
    assert said.rstrip().endswith(where_free())

    def refused(_):
        raise OSError(errno.EACCES, "no")

    with pytest.raises(PermissionError):
        run_stage(refused, ROOT / "params.yaml")


def test_each_file_is_counted_once_at_its_first_place(tmp_path):
    project, store = tmp_path / "project", tmp_path / "store"
    (project / "datasets").mkdir(parents=True)
    (project / ".dvc/cache").mkdir(parents=True)
    (project / "datasets/a.png").write_bytes(bytes(100_000))
    (project / ".dvc/cache/1f").hardlink_to(project / "datasets/a.png")
    with pytest.raises(StarlightError, match="store: holds nothing of a run"):
        measure(project, store)
    (store / "scratch/cells@1-aa").mkdir(parents=True)
    (store / "scratch/cells@1-aa/x.shard").write_bytes(bytes(50_000))
    rows = {row["where"]: row for row in measure(project, store)}
    assert rows["datasets"]["files"] == rows["cells"]["files"] == 1 and rows["datasets"]["mb"] >= 0.1
    assert rows[".dvc/cache"]["files"] == rows["vectors"]["files"] == rows["models"]["mb"] == 0
    (project / ".dvc/cache/2a").write_bytes(bytes(9_000))
    assert {row["where"]: row["files"] for row in measure(project, store)}[".dvc/cache"] == 1
