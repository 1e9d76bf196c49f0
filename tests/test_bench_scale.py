"""The images of the scale benchmark are what it says they are."""

import subprocess
import sys

import pandas as pd
import pytest
from knobs import knobs

from starlight.lab.speed.scale import FIELDS, generate, measure
from starlight.params import read
from starlight.scan.scan import ScanParams, scan
from tests.imports import ROOT


def test_generated_images_scan_without_fault(tmp_path):
    generate(tmp_path, 0, 40, 0, 1)
    table, report = scan(tmp_path, knobs(ScanParams, workers=1), 0)
    assert report["quarantined"]["total"] == 0
    assert report["kinds"] == {"clean": 36, "stego": 4, "negative": 0, "forged": 0, "authentic": 0}
    assert report["stego_with_twin"] == 4 and report["covers"]["total"] == 36
    assert set(table["format"]) == {"png", "jpeg"}


def test_phases_and_their_share_of_the_time_from_nothing(tmp_path):
    rows = measure(tmp_path, 30, read("params.yaml"), workers=1)
    assert all(tuple(row) == FIELDS for row in rows)
    phases = [row["phase"] for row in rows]
    assert phases == [f"{w}{s}" for s in ("", ", nothing new", ", renamed", ", 1 % new") for w in ("scan", "extract")]
    assert [row["share"] for row in rows[:2]] == [1, 1]
    assert [row["images"] for row in rows] == [30] * 6 + [40] * 2
    assert len(pd.read_csv(tmp_path / "artifacts/streams/index.csv")) == 40


@pytest.mark.parametrize(("arguments", "status"), [(["--help"], 0), (["3"], 2), (["many"], 2)])
def test_the_command_answers_in_words(arguments, status):
    command = [sys.executable, "-m", "scripts.tools.bench_scale", *arguments]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == status and "usage" in said.stdout + said.stderr and "Traceback" not in said.stderr
