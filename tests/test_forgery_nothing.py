"""Without forged images the stages of tampering go through, and say that there was nothing to learn from."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from scripts import evaluate_forgery, extract_forgery, finetune_forgery, mine_forgery, train_forgery
from starlight import manifest
from starlight.errors import StarlightError
from starlight.forgery.verifier import Verifier
from starlight.params import read
from starlight.reports.forgery import forgery_page, forgery_section
from starlight.reports.inputs import read_json
from starlight.training.forgery import nothing
from tests.imports import ROOT

STAGES = (extract_forgery, train_forgery, mine_forgery, finetune_forgery, evaluate_forgery)


@pytest.fixture
def left(tmp_path, monkeypatch):
    """A folder in which all stages ran over a data set without forged images."""
    raw = read(ROOT / "params.yaml")
    monkeypatch.chdir(tmp_path)
    for name in ("artifacts", "models", "reports/forgery/mining"):
        Path(name).mkdir(parents=True)
    manifest.write(manifest.frame([]), Path("artifacts/manifest.csv"))
    for stage in STAGES:
        stage.main(raw)
    return tmp_path


def test_every_output_is_there(left):
    import yaml

    for stage in STAGES:
        said = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"][stage.__name__.split(".")[-1]]
        for kind in ("outs", "metrics", "plots"):
            for out in said.get(kind, []):
                path = left / (out if isinstance(out, str) else next(iter(out)))
                assert path.exists(), path
    for table in left.glob("reports/forgery/**/*.csv"):
        assert len(pd.read_csv(table)) == 0 and len(pd.read_csv(table).columns) > 1


def test_reports_say_so(left):
    run = SimpleNamespace(
        documents={"forgery": read_json(left / "reports/forgery/metrics.json")}, tables={}, directory=left
    )
    for text in (forgery_page(run), "\n".join(forgery_section(run))):
        assert "nothing to learn from" in text and "tampering.enabled: true" in text
    assert "nothing to learn from" in read_json(left / "reports/forgery/mining/audit.json")["advice"]


def test_no_detector_is_made_of_nothing(left):
    with pytest.raises(StarlightError, match="holds no detector; nothing to learn from: the train split"):
        Verifier.load(left / "models/forgery.safetensors")


def test_what_is_there_is_not_called_nothing(tmp_path):
    assert nothing.reason(tmp_path) == ""
