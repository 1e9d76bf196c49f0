"""Parameters: what is wrong is named, with its value and what is allowed."""

import dataclasses
from pathlib import Path

import pytest

from starlight.errors import StarlightError
from starlight.params import General, knob, read, run_stage, section
from starlight.reports.targets import entries


@dataclasses.dataclass(frozen=True)
class Block:
    count: int = knob(min=1, max=9)
    rate: float = knob(min=0.0, max=1.0)
    kind: str = knob(choices=("a", "b"))
    on: bool = knob()
    names: list[str] = knob()


WHOLE = {"count": 3, "rate": 1, "kind": "a", "on": True, "names": []}


def test_values():
    assert section({"mine": WHOLE}, "mine", Block) == Block(3, 1.0, "a", True, [])


@pytest.mark.parametrize("key", WHOLE)
def test_what_is_missing_is_named(key):
    for raw in ({"mine": {k: v for k, v in WHOLE.items() if k != key}}, {}):
        with pytest.raises(StarlightError, match=f"mine.{key if raw else 'count'} is missing"):
            section(raw, "mine", Block)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"count": 0}, ("mine.count", "0", "1 <= mine.count <= 9")),
        ({"rate": 1.5}, ("mine.rate", "1.5")),
        ({"rate": float("nan")}, ("mine.rate", "nan")),
        ({"kind": "c"}, ("mine.kind", "'c'", "a, b")),
        ({"on": 1}, ("mine.on", "true or false")),
        ({"count": True}, ("mine.count", "whole number")),
        ({"count": "3"}, ("mine.count", "'3'")),
        ({"names": [1]}, ("mine.names[0]", "text")),
        ({"cuont": 3}, ("mine.cuont", "unknown", "count")),
        ([], ("mine", "mapping")),
    ],
)
def test_wrong_values_are_named(value, words):
    value = [1] if value == [] else WHOLE | value
    with pytest.raises(StarlightError) as caught:
        section({"mine": value}, "mine", Block)
    assert all(word in str(caught.value) for word in words)


def test_top_level(tmp_path):
    with pytest.raises(StarlightError, match="negative_ratio"):
        section(read("params.yaml") | {"negative_ratio": 0.95}, None, General)
    path = tmp_path / "params.yaml"
    path.write_text("seed: 1\nnegativ_ratio: 0.5\n")
    with pytest.raises(StarlightError, match="negativ_ratio"):
        read(path)
    path.write_text("seed: [")
    with pytest.raises(StarlightError, match="not YAML"):
        read(path)
    with pytest.raises(StarlightError, match="missing"):
        read(tmp_path / "missing.yaml")


def test_a_stage_ends_with_one_line(tmp_path, capsys):
    path = tmp_path / "params.yaml"
    path.write_text("seed: x\n")
    with pytest.raises(SystemExit) as stopped:
        run_stage(lambda raw: section(raw, None, General), path)
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_every_knob_of_the_repository_is_known_and_commented():
    text = Path("params.yaml").read_text(encoding="utf-8")
    knobs, _, goals = text.partition("roadmap:")
    assert all("#" in line for line in knobs.splitlines() if ": " in line and not line.lstrip().startswith(("#", "-")))
    assert "#" in goals.splitlines()[0] and len(entries(read("params.yaml")["roadmap"])) > 5


@pytest.mark.parametrize("text", ["v4.fpr < 0.1", "v4.fpr", "<= 0.1", "v4.fpr <= few", "v4.fpr <= 0.1 or so"])
def test_a_goal_of_another_form_is_named(text):
    with pytest.raises(StarlightError, match=r"roadmap\.soon\.Few: .* is not of the form 'v4\.fpr <= 0\.0005'"):
        entries({"soon": {"Few": text}})
