"""Whether alerts were right is counted as people would; and each says where it stands what to do."""

import inspect
import re
from pathlib import Path

import pytest

from starlight.metrics import clopper_pearson
from starlight.monitor.alerts import rules, what_to_do, words
from starlight.monitor.alerts.precision import of_history, of_log
from starlight.monitor.alerts.rules import Alert


def entry(*names, version="v4"):
    return {"version": version, "alerts": list(names)}


def test_an_alert_is_confirmed_by_a_breach_now_or_in_the_next_evaluation_of_the_same_model():
    history = [
        entry("drift.format"),  # confirmed by the next
        entry("fpr"),
        entry("drift.size", "detection.f5"),  # confirmed at once
        entry("drift.mode", "latency"),  # the next one of v4 has none
        entry("accuracy", version="v3"),
        entry(),
        entry("fpr.tiny"),
    ]
    table = of_history(history).set_index("kind")
    assert table.loc["drift", ["raised", "confirmed"]].tolist() == [3, 2]
    assert table.loc["latency", ["raised", "confirmed"]].tolist() == [1, 0]
    assert (table.loc["drift", "low"], table.loc["drift", "high"]) == clopper_pearson(2, 3)
    assert list(table.index) == ["drift", "latency"] and of_history([]).empty


def record(name, when, over="", model="v4", source="inbox"):
    return {"name": name, "when": when, "over": over, "model": model, "source": source}


@pytest.mark.parametrize(
    ("breach", "confirmed"),
    [
        (record("fpr", "2026-01-03"), 1),  # while it lasted
        (record("fpr", "2026-01-01", over="2026-01-03"), 1),  # it lasted when the drift came
        (record("fpr", "2026-01-01", over="2026-01-02"), 0),  # over before
        (record("fpr", "2026-01-05"), 0),  # after it was over
        (record("fpr", "2026-01-03", source="other"), 0),
        (record("fpr", "2026-01-03", model="v3"), 0),
        (record("calibration", "2026-01-03"), 0),  # no breach itself
    ],
)
def test_in_the_log_an_alert_is_confirmed_while_it_lasts(breach, confirmed):
    table = of_log([record("drift.size", "2026-01-02", over="2026-01-05"), breach]).set_index("kind")
    assert table.loc["drift", ["raised", "confirmed"]].tolist() == [1, confirmed]


def test_every_kind_of_alert_has_its_heading_in_the_documents():
    text = (Path(__file__).parents[1] / "docs/watching.md").read_text(encoding="utf-8")
    headings = {line.removeprefix("### ") for line in text.splitlines() if line.startswith("### ")}
    kinds = set(re.findall(r'Alert\(\s*f?"([a-z_]+)', inspect.getsource(rules)))
    assert len(kinds) >= 11 and kinds <= headings, kinds - headings
    alert = Alert("fpr.tiny", "alert", 0.1, 0.05, 0.2, 0.01, float("nan"), "fraction", "images")
    assert what_to_do(alert) == "docs/watching.md#fpr" and words(alert).endswith("; what to do: docs/watching.md#fpr")
