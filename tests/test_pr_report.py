"""What a pull request shows: the figures that changed, the dashboard's diff, and a line where there is nothing."""

import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import ClassVar

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/headline.json").write_text('{"fpr": 0.25}', encoding="utf-8")
    (tmp_path / "reports/dashboard.md").write_text("FPR 25 %\n", encoding="utf-8")
    (tmp_path / "params.yaml").write_text("seed: 1\n", encoding="utf-8")
    (tmp_path / "reports/plots").mkdir()
    (tmp_path / "reports/plots/roc.png").write_bytes(b"one")
    name = ("-c", "user.name=a", "-c", "user.email=a@b")
    for command in (
        ["git", "init", "--quiet"],
        [sys.executable, "-m", "dvc", "init", "--quiet"],
        ["git", "add", "."],
        ["git", *name, "commit", "--quiet", "--message", "a"],
    ):
        subprocess.run(command, cwd=tmp_path, check=True)
    return tmp_path


def said(repository, base, *options):
    environment = os.environ | {"PATH": "/usr/bin:/bin"}  # not that of a virtual environment that somebody activated
    command = [sys.executable, str(ROOT / "scripts/tools/pr_report.py"), base, *options]
    return subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True)


def test_nothing_changed(repository):
    assert "No figure changed." in (text := said(repository, "HEAD").stdout)
    assert "| Path" not in text and "The dashboard is the same." in text
    assert "No parameter changed." in text and "No plot changed." in text


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
    assert (
        said(repository, "HEAD")
        .stdout.partition("\n\n")[2]
        .startswith("### Verdict\n\n**V4 is better than V3**: 2 alerts.\n\n### Figures")
    )
    (repository / "reports/dashboard.md").unlink()
    assert "(reports/dashboard.md: No such file or directory)" in said(repository, "HEAD").stdout


def test_figures_and_params_first_plots_folded_the_dashboard_last(repository):
    (repository / "params.yaml").write_text("seed: 2\n", encoding="utf-8")
    (repository / "reports/plots/roc.png").write_bytes(b"two")
    text = said(repository, "HEAD", "--files", "https://x/new", "--base-files", "https://x/old").stdout
    titles = [line for line in text.splitlines() if line.startswith("### ")]
    assert titles == ["### Verdict", "### Figures against `HEAD`", "### Params", "### Plots", "### Dashboard"]
    assert "| seed" in text and text.startswith("<!-- starlight")
    folded = text.partition("<details>")[2].partition("</details>")[0]
    assert "![before](https://x/old/reports/plots/roc.png) ![now](https://x/new/reports/plots/roc.png)" in folded
    assert "- `reports/plots/roc.png`" in said(repository, "HEAD").stdout


class Service(http.server.BaseHTTPRequestHandler):
    """As much of GitHub's comments as is used: 150 of them by others, a hundred to a page."""

    comments: ClassVar[list] = []
    asked: ClassVar[list] = []

    def _said(self):
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")

    def _answer(self, content):
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        page = int(self.path.rpartition("page=")[2])
        self._answer(self.comments[100 * (page - 1) : 100 * page])

    def do_POST(self):
        self.comments.append({"id": 1000 + len(self.comments), **self._said()})
        self.asked.append(("POST", self.path, self.headers["Authorization"]))
        self._answer(self.comments[-1])

    def do_PATCH(self):
        next(c for c in self.comments if c["id"] == int(self.path.rpartition("/")[2])).update(self._said())
        self.asked.append(("PATCH", self.path, self.headers["Authorization"]))
        self._answer({})

    def log_message(self, *_):
        pass


@pytest.fixture
def service():
    Service.comments = [{"id": n, "body": "well done"} for n in range(150)]
    Service.asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def commented(server, text):
    environment = os.environ | {
        "GITHUB_TOKEN": "secret",
        "GITHUB_API_URL": f"http://127.0.0.1:{server.server_address[1]}",
    }
    command = [sys.executable, str(ROOT / "scripts/tools/pr_comment.py"), "ann/starlight", "7"]
    return subprocess.run(command, input=text, env=environment, capture_output=True, text=True)


def test_the_comment_is_one_that_is_replaced(service):
    for text in ("<!-- mark -->\n\none", "<!-- mark -->\n\ntwo " + "x" * 70_000):
        assert commented(service, text).returncode == 0
    own = [c["body"] for c in Service.comments if c["body"].startswith("<!-- mark -->")]
    assert len(own) == 1 and own[0].startswith("<!-- mark -->\n\ntwo") and len(own[0]) <= 65_536
    assert Service.asked == [
        ("POST", "/repos/ann/starlight/issues/7/comments", "Bearer secret"),
        ("PATCH", "/repos/ann/starlight/issues/comments/1150", "Bearer secret"),
    ]


def test_a_service_that_does_not_answer_is_one_line(service):
    service.server_close()
    service.shutdown()
    done = commented(service, "x")
    assert done.returncode == 2 and done.stderr.startswith("error: ann/starlight#7: ") and done.stderr.count("\n") == 1
