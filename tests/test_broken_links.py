"""Links to nothing are named and hidden from DVC, which stops at them; whatever else is ignored stays."""

import subprocess
import sys

import pytest

from starlight.scan.broken_links import broken_links, ignore


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    clean = tmp_path / "datasets/ann_submission_2026/clean"
    clean.mkdir(parents=True)
    (clean / "a.txt").write_text("x")
    for name in ("b.png", "loop", "odd [x] *.png"):
        (clean / name).symlink_to("loop" if name == "loop" else "/nowhere/x")
    (clean / "works").symlink_to("a.txt")
    (clean / "back").symlink_to(clean)
    (tmp_path / ".dvcignore").write_text("*.pyc\n")
    return tmp_path


def test_only_links_to_nothing_are_found(project):
    root = "datasets/ann_submission_2026/clean"
    assert broken_links(project.relative_to(project) / "datasets") == [
        f"{root}/b.png", f"{root}/loop", f"{root}/odd [x] *.png",
    ]  # fmt: skip


def test_the_list_follows_what_is_there(project):
    ignored = project / ".dvcignore"
    ignore(broken_links(project / "datasets"), ignored)
    assert ignored.read_text().startswith("*.pyc\n# links") and ignored.read_text().count("\n/") == 3
    ignore([], ignored)
    assert ignored.read_text() == "*.pyc\n"


def test_dvc_goes_on(project):
    dvc = [sys.executable, "-m", "dvc"]
    (project / "dvc.yaml").write_text(
        "stages:\n  scan:\n    cmd: ls > out.txt\n    deps: [datasets]\n    outs: [out.txt]\n"
    )
    subprocess.run([*dvc, "init", "--quiet", "--no-scm", "--force"], check=True)
    assert subprocess.run([*dvc, "repro"], capture_output=True).returncode
    ignore(broken_links(project.relative_to(project) / "datasets"), project / ".dvcignore")
    assert subprocess.run([*dvc, "repro"], capture_output=True).returncode == 0
