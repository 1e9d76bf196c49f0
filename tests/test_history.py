"""The history grows by one line for each new evaluation, and by none for the same."""

import copy

import pytest
from synthetic_predictions import make_predictions
from synthetic_run import make_manifest

from starlight import metrics
from starlight.errors import StarlightError
from starlight.monitor.runs import history


@pytest.fixture(scope="module")
def measured():
    return metrics.evaluate(make_predictions(6), "v4")


def entry(measured, **hashes):
    return history.make_entry(measured, version="v4", **{"params": "p", "data": "d", "code": "c"} | hashes)


def test_the_same_evaluation_is_written_once(measured, tmp_path):
    path = tmp_path / "history.jsonl"
    assert history.append(path, entry(measured))[1] == 0
    before = path.read_bytes()
    assert history.append(path, entry(measured, weights="others, from another processor"))[1] == 0
    assert path.read_bytes() == before
    for place, key in enumerate(("params", "data", "code"), 1):
        entries, found = history.append(path, entry(measured, **{key: "new"}))
        assert found == place and len(entries) == place + 1
    assert history.append(path, entry(measured, data="new"))[1] == 2
    assert history.read(path) == entries


def test_figures_that_do_not_agree_are_another_evaluation(measured, tmp_path):
    path = tmp_path / "history.jsonl"
    history.append(path, entry(measured))
    broken = copy.deepcopy(measured)
    broken["accuracy"] -= 0.2
    assert history.append(path, entry(broken))[1] == 1


def test_a_line_can_serve_as_baseline(measured):
    kept = entry(measured)["metrics"]
    assert kept["techniques"]["alpha"]["k"] == measured["techniques"]["alpha"]["k"]
    assert "payload" not in kept["techniques"]["alpha"]
    assert metrics.figure(kept, "accuracy").n == measured["n"]


def test_a_missing_newline_at_the_end_is_mended(measured, tmp_path):
    path = tmp_path / "history.jsonl"
    history.append(path, entry(measured))
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n"), encoding="utf-8")
    history.append(path, entry(measured, data="new"))
    assert len(history.read(path)) == 2


@pytest.mark.parametrize(
    "line",
    [
        b"<<<<<<< HEAD",
        b"\xff\xfe",
        b"[1]",
        b'{"metrics": {}}',
        b'{"version": "v4", "params": "", "data": "", "code": "", "alerts": [], "metrics": {"fpr": "x"}}',
        *(
            b'{"version": "v4", "params": "", "data": "", "code": "", "alerts": [], "metrics": %s}' % metrics
            for metrics in (
                b'{"techniques": []}',
                b'{"techniques": {"alpha": 0.5}}',
                b'{"techniques": {"alpha": {"detection": 0.5, "k": 5, "n": 2}}}',
                b'{"techniques": {"alpha": {"detection": 0.5, "k": null, "n": 2}}}',
                b'{"fpr": 0.1, "fpr_low": 0.1}',
                b'{"fpr": Infinity}',
            )
        ),
        b'{"version": "v4", "params": "", "data": "", "code": "", "alerts": [1], "metrics": {}}',
    ],
)
def test_a_broken_line_is_named(tmp_path, line):
    path = tmp_path / "history.jsonl"
    path.write_bytes(line + b"\n")
    with pytest.raises(StarlightError, match=r"history\.jsonl: line 1"):
        history.read(path)


def test_the_data_hash_sees_content_and_split_and_not_order():
    rows = make_manifest(make_predictions(3), 3)
    assert history.data_hash(rows.sample(frac=1, random_state=0)) == history.data_hash(rows)
    moved = rows.copy()
    moved.loc[0, "split"] = "val"
    assert history.data_hash(moved) != history.data_hash(rows)


def test_the_code_hash_sees_what_measures_and_not_what_reports(tmp_path):
    for name in ("model/net.py", "reports/words.py", "markdown.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("a = 1\n", encoding="utf-8")
    first = history.code_hash(tmp_path)
    (tmp_path / "reports/words.py").write_text("a = 2\n", encoding="utf-8")
    (tmp_path / "model/net.py").write_bytes(b"a = 1\r\n")
    assert history.code_hash(tmp_path) == first
    (tmp_path / "model/net.py").write_text("a = 2\n", encoding="utf-8")
    assert history.code_hash(tmp_path) != first


def test_the_params_hash_does_not_depend_on_order():
    assert history.params_hash({"a": 1, "b": {"c": 2}}) == history.params_hash({"b": {"c": 2}, "a": 1})
    assert history.params_hash({"a": 1}) != history.params_hash({"a": 2})
