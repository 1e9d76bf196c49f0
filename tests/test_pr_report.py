"""What a pull request shows: the figures that changed, the dashboard's diff, and a line where there is nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/headline.json").write_text('{"fpr": 0.25}', encoding="utf-8")
    (tmp_path / "reports/dashboard.md").write_text("FPR 25 %\n", encoding="utf-8")
    name = ("-c", "user.name=a", "-c", "user.email=a@b")
    for command in (
        ["git", "init", "--quiet"],
        [sys.executable, "-m", "dvc", "init", "--quiet"],
        ["git", "add", "."],
        ["git", *name, "commit", "--quiet", "--message", "a"],
    ):
        subprocess.run(command, cwd=tmp_path, check=True)
    return tmp_path


def said(repository, base):
    environment = os.environ | {"PATH": "/usr/bin:/bin"}  # not that of a virtual environment that somebody activated
    command = [sys.executable, str(ROOT / "scripts/tools/pr_report.py"), base]
    return subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True)


def test_nothing_changed(repository):
    assert "No figure changed." in (text := said(repository, "HEAD").stdout)
    assert "| Path" not in text and "The dashboard is the same." in text


def test_what_changed(repository):
    (repository / "reports/headline.json").write_text(json.dumps({"fpr": 0.5}), encoding="utf-8")
    (repository / "reports/dashboard.md").write_text("FPR 50 %\n", encoding="utf-8")
    text = said(repository, "HEAD").stdout
    assert "| fpr      | 0.25   | 0.5         | 0.25     |" in text and "-FPR 25 %\n+FPR 50 %" in text


def test_an_unknown_revision_is_named(repository):
    done = said(repository, "nowhere")
    assert done.returncode == 2 and done.stderr == "error: nowhere: no such revision\n"


def test_the_verdict_comes_first(repository):
    text = "# Starlight dashboard\n\n**V4 is better than V3**: 2 alerts.\n\nMore.\n"
    (repository / "reports/dashboard.md").write_text(text, encoding="utf-8")
    assert said(repository, "HEAD").stdout.startswith(
        "### Verdict\n\n**V4 is better than V3**: 2 alerts.\n\n### Figures"
    )
    (repository / "reports/dashboard.md").unlink()
    assert "(reports/dashboard.md: No such file or directory)" in said(repository, "HEAD").stdout
