"""The miner's pool: what training has not seen, and what comes first in it."""

import numpy as np
import pandas as pd
import pytest

from starlight.training.mining import Evidence, MineParams, select
from tests.knobs import knobs


@pytest.fixture
def images():
    n = 200
    rows = pd.DataFrame({
        "path": [f"{i:03}.png" for i in range(n)], "sample_id": [f"{i:016x}" for i in range(n)],
        "kind": np.where(np.arange(n) < 150, "clean", "stego"), "category": "",
        "technique": np.where(np.arange(n) < 150, "", "lsbr"),
    })  # fmt: skip
    score = np.random.default_rng(0).normal(-5, 1, n)
    labels = (rows["kind"] == "stego").to_numpy(int)
    nothing = np.zeros(n)
    return rows, labels, Evidence(score, nothing, np.full(n, np.nan), nothing, np.full(n, "lsbm", object))


def test_only_the_pool_is_mined_and_all_stego_is_looked_at(images):
    rows, labels, evidence = images
    pool = np.arange(200) < 60
    found = select(rows, labels, evidence, knobs(MineParams, share=0.1), pool=pool)
    chosen = found.hard_negatives["path"].tolist()
    assert len(chosen) == 6 and set(chosen) <= set(rows["path"][pool])
    assert found.audit["scanned_authentic"] == 60 and found.audit["scanned_stego"] == 50
    assert len(found.missed) == 50 and "first" not in found.audit


def test_what_comes_first_is_kept_before_all_others_and_has_a_share_of_its_own(images):
    rows, labels, evidence = images
    first = (np.arange(200) >= 100) & (labels == 0)
    evidence = evidence._replace(score=evidence.score - 10.0 * first)  # the others look far more like stego
    found = select(rows, labels, evidence, knobs(MineParams, share=0.1), first=first)
    own = found.hard_negatives["path"].isin(set(rows["path"][first])).tolist()
    assert own == [True] * 5 + [False] * 10
    assert found.audit["first"] == {"scanned": 50, "hard_negatives": 5}
    few = select(rows, labels, evidence, knobs(MineParams, share=0.1, max_samples=5), first=first)
    assert few.hard_negatives["path"].isin(set(rows["path"][first])).all()
    assert "first" not in few.hard_negatives
