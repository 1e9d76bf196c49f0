"""Batches: shares, strata, twins, determinism, odd pools."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starlight.errors import StarlightError
from starlight.training.sampler import NegativeSampler


def make(clean=60, stego=(40, 10), negatives=(50, 3), ratio=0.33, categories=(), **kw):
    kinds = ["clean"] * clean + ["stego"] * sum(stego) + ["negative"] * sum(negatives)
    groups = [""] * clean + [f"t{i}" for i, n in enumerate(stego) for _ in range(n)]
    groups += [f"c{i}" for i, n in enumerate(negatives) for _ in range(n)]
    twins = [-1] * clean + [i % clean if clean else -1 for i in range(sum(stego))] + [-1] * sum(negatives)
    sampler = NegativeSampler(ratio, categories, kinds=kinds, groups=groups, twins=twins, batch_size=48, **kw)
    return sampler, np.array(kinds), np.array(groups)


def test_a_third_each():
    sampler, kinds, _ = make()
    batch = next(sampler.epoch(1))
    assert [np.sum(kinds[batch] == k) for k in ("clean", "stego", "negative")] == [16, 16, 16]


def test_every_stego_once_an_epoch_and_techniques_spread():
    sampler, kinds, groups = make(stego=(150, 15))
    batches = list(sampler.epoch(1))
    seen = np.concatenate(batches)
    seen = seen[kinds[seen] == "stego"]
    assert sorted(seen) == list(np.flatnonzero(kinds == "stego"))
    rare = [np.sum(groups[b] == "t1") for b in batches[:-1]]
    assert max(rare) <= 3 and len(batches) == len(sampler)


def test_categories_equal_however_unequal_their_size():
    sampler, _, groups = make(negatives=(500, 3, 40))
    drawn = np.concatenate(list(sampler.epoch(1)))
    counts = [np.sum(groups[drawn] == f"c{i}") for i in range(3)]
    assert max(counts) - min(counts) <= 1


def test_twins_ride_along():
    sampler, kinds, _ = make()
    batch = next(sampler.epoch(3))
    stego = batch[kinds[batch] == "stego"]
    clean = set(batch[kinds[batch] == "clean"])
    assert len(clean & {(i - 60) % 60 for i in stego}) >= 8


def test_deterministic_and_different_each_epoch():
    (a, *_), (b, *_) = make(seed=5), make(seed=5)
    first = [list(x) for x in a.epoch(2)]
    assert first == [list(x) for x in b.epoch(2)]
    assert first != [list(x) for x in a.epoch(3)]


def test_named_categories_only():
    sampler, _, groups = make(categories=["c1"])
    drawn = groups[np.concatenate(list(sampler.epoch(1)))]
    assert "c0" not in drawn and "c1" in drawn


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 30), st.lists(st.integers(0, 20), min_size=1, max_size=4), st.lists(st.integers(0, 20), max_size=4),
    st.floats(0, 0.9),
)  # fmt: skip
def test_any_pools(clean, stego, negatives, ratio):
    if not sum(stego) or not (clean or sum(negatives)):
        with pytest.raises(StarlightError):
            make(clean, stego, negatives, ratio)
        return
    sampler, kinds, _ = make(clean, stego, negatives, ratio)
    for batch in sampler.epoch(1):
        assert 0 < len(batch) <= 48
        assert np.any(kinds[batch] == "stego") and np.all(batch < len(kinds))


def test_ratio_out_of_range():
    with pytest.raises(StarlightError, match="negative_ratio"):
        make(ratio=1.0)
