"""What people read: figures are those of the release, links lead somewhere, commands are ones that there are."""

import re
import shlex
import shutil
import subprocess

import pytest

from starlight.cli.main import parser
from starlight.errors import StarlightError
from starlight.release.readme import BLOCKS, fill, pages
from tests.imports import ROOT

RELEASE = ROOT / "models/release"
PAGES = pages(ROOT)
LONGEST = 150  # lines of the README: about five screens
_FIGURE = re.compile(r"\d[\d.,]* ?%|\b\d[\d,]* of \d[\d,]*\b")
_FREE = {"95 %"}  # a confidence
_COMMAND = re.compile(r"(?:^|\s)(?:\S*/)?starlight ((?:detect|extract|explain|watch) .*)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_figures_are_those_of_the_release(page):
    """`python -m scripts.tools.readme` brings them up to date."""
    text = page.read_text(encoding="utf-8")
    assert fill(text, RELEASE) == text
    outside = re.sub(r"<!-- figures: .*?<!-- end -->", "", text, flags=re.S)
    assert set(_FIGURE.findall(outside)) <= _FREE, "typed by hand"


def test_blocks(tmp_path):
    text = "a\n<!-- figures: techniques -->\nold\n<!-- end -->\nb\n"
    new = fill(text, RELEASE)
    assert new.startswith("a\n<!-- figures: techniques -->\n| Technique |") and new.endswith("|\n<!-- end -->\nb\n")
    assert fill(new, RELEASE) == new
    with pytest.raises(StarlightError, match="techniques, false-alarms"):
        fill(text.replace("techniques", "nonsense"), RELEASE)
    (tmp_path / "figures.json").write_bytes((RELEASE / "figures.json").read_bytes())
    assert "of the test split the released detector flags" in BLOCKS["false-alarms"](tmp_path)


def test_the_readme_is_short_and_shows_the_page():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST and "docs/pictures/report.png" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def commands():
    """Each `starlight …` that stands in a block of code, or in the unit."""
    for page in [*PAGES, ROOT / "docs/starlight-watch.service"]:
        text = page.read_text(encoding="utf-8")
        blocks = re.findall(r"^```\n(.*?)^```", text, re.S | re.M) if page.suffix == ".md" else [text]
        for line in "\n".join(blocks).splitlines():
            if match := _COMMAND.search(line.partition(" #")[0]):
                yield pytest.param(match[1], id=f"{page.name}: {match[1][:40]}")


@pytest.mark.parametrize("command", list(commands()))
def test_commands_are_ones_that_there_are(command):
    words = shlex.split(re.split(r"\|\||&&|>", command)[0])
    assert "PATH…" in words or parser().parse_args(words)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_the_unit_is_one_that_systemd_takes(tmp_path):
    text = (ROOT / "docs/starlight-watch.service").read_text(encoding="utf-8")
    unit = tmp_path / "starlight-watch.service"
    unit.write_text(text.replace("/opt/starlight/bin/starlight", shutil.which("true")), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
