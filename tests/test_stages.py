"""dvc.yaml tells the truth: each stage lists the modules that its script imports, and the parameters that it reads."""

from pathlib import Path

import pytest
import yaml

from tests.imports import ROOT, listed, transitive

STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


@pytest.mark.parametrize("name", STAGES)
def test_dependencies_are_the_imports(name):
    deps = [d for d in STAGES[name]["deps"] if d.startswith("starlight")]
    wanted = listed(transitive(ROOT / "scripts" / f"{name}.py"))
    assert deps == wanted, "dvc.yaml lists other deps than the scripts import: mend it with `python -m tests.imports`"
    assert f"scripts/{name}.py" in STAGES[name]["deps"]


@pytest.mark.parametrize("name", STAGES)
def test_scripts_are_thin(name):
    assert len((ROOT / "scripts" / f"{name}.py").read_text().splitlines()) <= 60


def test_every_parameter_is_read_by_a_stage():
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    read = {p.split(".")[0] for stage in STAGES.values() for p in stage.get("params", [])}
    assert set(params) - read - {"release"} == set()


def test_library_reads_no_parameters_and_no_arguments():
    for path in (ROOT / "starlight").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "cli" in path.parts or path.name == "__main__.py":
            continue
        assert 'open("params.yaml"' not in text and "sys.argv" not in text, path


def test_no_path_of_one_machine():
    for path in [*(ROOT / "starlight").rglob("*.py"), *(ROOT / "scripts").glob("*.py"), ROOT / "Makefile"]:
        assert str(Path.home()) + "/" not in path.read_text(encoding="utf-8"), path


def test_every_table_that_is_a_plot_says_what_to_draw():
    """Without, `dvc plots show` draws the last column against the row number: some twenty curves of nothing."""
    plots = [plot for stage in STAGES.values() for plot in stage.get("plots", [])]
    for path, how in (item for plot in plots for item in plot.items()):
        if not path.endswith(".png") and path != "reports/plots":
            assert {"x", "y"} <= set(how), path
