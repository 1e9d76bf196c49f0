"""Broken inputs of the reports end in one line that names file, column and row, or file and key."""

import json
import shutil

import pandas as pd
import pytest
from synthetic_run import PARAMS, make_run

from starlight.errors import StarlightError
from starlight.monitor import Places, monitor, read_baseline
from starlight.monitor.runs import history
from starlight.monitor.runs.tables import read_manifest, read_predictions
from starlight.reports.targets import goals
from starlight.reports.write import write

GOAL = {"goal": "a", "metric": "v4.fpr", "target": 0.1, "direction": "<=", "milestone": "m"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("run")
    make_run(root)
    (root / "datasets").mkdir()
    return root


@pytest.fixture
def copied(run, tmp_path):
    return shutil.copytree(run, tmp_path / "copy")


def _broken(path, column, value, row=3):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.loc[row, column] = value
    table.to_csv(path, index=False)


PREDICTIONS = [
    ("width", "99999999999999999999"), ("width", "-5"), ("width", "x"), ("height", "inf"), ("v4_ood", "9" * 23),
    ("v4_ood", "inf"), ("v4_ood", "5"), ("v4_ood", "-1"), ("v4_ood", "x"), ("v3_probability", ""),
    ("v4_probability", "1.5"), ("v4_flagged", ""), ("v4_flagged", "0.5"), ("v4_map_tp", "-4"), ("v4_map_fn", "inf"),
    ("v4_map_fp_ratio", "7"), ("payload_bits", "x"), ("payload_bits", "-3"), ("payload_rate", "1e400"), ("label", "2"),
    ("kind", "forged"), ("cover_id", ""), ("path", " "), ("sample_id", ""),
]  # fmt: skip
MANIFEST = [
    ("width", "99999999999999999999"), ("width", "inf"), ("width", "x"), ("width", "1.5"), ("width", "0"),
    ("bytes", "1e30"), ("bytes", "-1"), ("label", ""), ("label", "9" * 23), ("payload_bits", "x"), ("kind", "odd"),
    ("split", "moon"), ("status", "odd"), ("payload_rate", "1e999"), ("path", ""),
]  # fmt: skip


@pytest.mark.parametrize(("reader", "name", "column", "value"), [
    *((read_predictions, "reports/predictions.csv", *broken) for broken in PREDICTIONS),
    *((read_manifest, "artifacts/manifest.csv", *broken) for broken in MANIFEST),
])  # fmt: skip
def test_a_value_that_cannot_be_is_named(copied, reader, name, column, value):
    path = copied / name
    _broken(path, column, value)
    with pytest.raises(StarlightError) as error:
        reader(path)
    assert str(error.value).startswith(f"{path}: row 4, column {column}: ") and "\n" not in str(error.value)


def test_reports_and_monitor_look_at_every_value(copied):
    for name, column in (("reports/predictions.csv", "v4_ood"), ("artifacts/manifest.csv", "width")):
        whole = (copied / name).read_bytes()
        _broken(copied / name, column, "inf")
        with pytest.raises(StarlightError, match=f"column {column}"):
            write(copied / "reports", copied / "artifacts/manifest.csv", PARAMS)
        places = Places(copied / "datasets", copied / "artifacts/manifest.csv", copied / "reports")
        with pytest.raises(StarlightError, match=f"column {column}"):
            monitor(copied / "datasets", "V4", PARAMS.alerts, output_dir=copied, predict=None, places=places)
        (copied / name).write_bytes(whole)


def test_what_is_no_table_of_predictions_is_named_by_its_file(copied):
    path = copied / "reports/predictions.csv"
    for data in (b"", b"\0" * 9, b"a,b\n1,2\n", b"\xff\xfe\xe9\n1,2", b'a,"b\n1'):
        path.write_bytes(data)
        with pytest.raises(StarlightError) as error:
            read_predictions(path)
        assert str(error.value).startswith(f"{path}: ") and str(error.value).count(str(path)) == 1


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [("goal", None, "goal: None"), ("goal", ["a"], r"goal: \['a'\]"), ("metric", 7, "metric: 7"),
     ("milestone", None, "milestone: None"), ("milestone", 3, "milestone: 3"), ("target", "x", "target: 'x'"),
     ("target", [1], r"target: \[1\]"), ("target", True, "target: True"), ("target", float("nan"), "target: nan"),
     ("target", float("inf"), "target: inf"), ("direction", "<", "direction: is '<'"), ("odd", 1, "odd")],
)  # fmt: skip
def test_a_goal_that_is_none_is_named(key, value, says):
    with pytest.raises(StarlightError, match=rf"params\.yaml: roadmap\[1\].*{says}"):
        goals([GOAL, GOAL | {key: value}])


def test_a_goal_over_what_is_no_number_is_named(copied):
    params = PARAMS.__class__(PARAMS.alerts, ({**GOAL, "metric": "latency.machine"},))
    with pytest.raises(StarlightError, match=r"roadmap\[0\]\.metric: latency\.machine is 'two cores'"):
        write(copied / "reports", copied / "artifacts/manifest.csv", params)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fpr_k", -1),
        ("fpr_k", 1.5),
        ("fpr_n", 10**30),
        ("accuracy", 7.5),
        ("accuracy", -1),
        ("recall_high", 2),
        ("n", -3),
    ],
)
def test_a_history_with_a_count_or_rate_that_cannot_be_is_named(tmp_path, copied, key, value):
    measured = json.loads((copied / "reports/metrics.json").read_text(encoding="utf-8"))["v4"]
    entry = history.make_entry(measured, version="v4", params="a", data="b", code="c")
    history.append(tmp_path / "history.jsonl", entry)
    assert len(history.read(tmp_path / "history.jsonl")) == 1
    entry["metrics"][key] = value
    (tmp_path / "odd.jsonl").write_text(json.dumps(entry), encoding="utf-8")
    with pytest.raises(StarlightError, match=r"odd\.jsonl: line 1 is no evaluation"):
        history.read(tmp_path / "odd.jsonl")
    with pytest.raises(StarlightError, match=r"odd\.jsonl"):
        read_baseline(tmp_path / "odd.jsonl", "v4")


@pytest.mark.parametrize(
    "name", ["reports/history.jsonl", "reports/metrics.json", "reports/bench/latency.json", "reports/mining/audit.json"]
)
def test_json_that_is_nested_without_end_is_named(copied, name):
    (copied / name).write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(StarlightError, match=name.rpartition("/")[2]):
        write(copied / "reports", copied / "artifacts/manifest.csv", PARAMS)


@pytest.mark.parametrize("p95", ["-5", "1e999", "NaN"])
def test_a_latency_that_cannot_be_is_named(copied, p95):
    (copied / "reports/bench/latency.json").write_text(f'{{"png_256_ms": {{"p95": {p95}}}}}', encoding="utf-8")
    with pytest.raises(StarlightError, match=r"latency\.json: png_256_ms\.p95"):
        write(copied / "reports", copied / "artifacts/manifest.csv", PARAMS)
