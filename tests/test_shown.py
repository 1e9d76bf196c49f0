"""Which streams have a say: what the techniques' modules say, and what documents and pages say of it."""

import re

import numpy as np

from starlight.streams import REGISTRY, SETS
from starlight.techniques import TECHNIQUES
from starlight.techniques.shown import shown_in, speaking, without_expert
from starlight.training.fit_experts import judged_by, reads
from tests.imports import ROOT


def test_in_the_full_detector_the_streams_of_the_experts_speak_and_no_others():
    nine = SETS["nine"]
    heard = {n for n in nine if judged_by(n, TECHNIQUES).any() or any(n in reads(t, nine) for t in TECHNIQUES)}
    assert set(speaking(nine)) == heard == {"content", "dct"} and not without_expert(nine)


def test_with_streams_missing_the_network_speaks_over_all_of_them():
    assert speaking(SETS["six"]) == SETS["six"] and speaking(SETS["eight"]) == SETS["eight"]
    jpeg = {t for t in TECHNIQUES if shown_in(t) == ("dct",)}
    assert set(without_expert(SETS["eight"])) == jpeg and set(TECHNIQUES) < set(without_expert(SETS["six"]))


def test_the_table_of_streams_in_the_documentation_says_the_same():
    lines = [line.split("|") for line in (ROOT / "docs/training.md").read_text(encoding="utf-8").splitlines()]
    told = {cells[1].strip().strip("`"): cells[3].strip() for cells in lines if len(cells) == 5}
    told = {name: serves for name, serves in told.items() if name in REGISTRY}
    assert list(told) == list(REGISTRY)
    assert {name for name, serves in told.items() if serves.startswith("verdict")} == set(speaking(SETS["nine"]))
    said = (ROOT / "README.md").read_text(encoding="utf-8")
    streams = re.findall(r"`(\w+)`", said.partition("statistics of two streams")[2].partition("serve the map")[0])
    assert streams == [*speaking(SETS["nine"]), *(name for name in REGISTRY if name not in speaking(SETS["nine"]))]
    assert np.all([serves.startswith(("verdict", "map")) for serves in told.values()])
