"""Splits: fractions, independence of other data, no empty split where one can be filled."""

from collections import Counter

from starlight.scan.splits import assign

FRACTIONS = {"seed": 1, "test_fraction": 0.3, "val_fraction": 0.2}


def covers(n, kinds=("clean", "stego"), start=0):
    return {f"cover{i}": kinds for i in range(start, start + n)}


def test_fractions_hold():
    counts = Counter(assign(covers(4000), **FRACTIONS)[0].values())
    assert abs(counts["test"] / 4000 - 0.3) < 0.03 and abs(counts["val"] / 4000 - 0.2) < 0.03


def test_adding_covers_moves_none():
    before, _ = assign(covers(300), **FRACTIONS)
    after, _ = assign(covers(900), **FRACTIONS)
    assert before.items() <= after.items()


def test_seed_changes_the_split():
    assert assign(covers(300), **FRACTIONS)[0] != assign(covers(300), **{**FRACTIONS, "seed": 2})[0]


def test_three_covers_fill_three_splits():
    for start in range(0, 300, 3):
        splits, _ = assign(covers(3, start=start), **FRACTIONS)
        assert set(splits.values()) == {"train", "val", "test"}


def test_a_rare_kind_reaches_every_split_without_emptying_one():
    for start in range(0, 200, 4):
        both = covers(40, ("clean",)) | covers(4, ("stego", "clean"), start=1000 + start)
        splits, _ = assign(both, **FRACTIONS)
        for kind in ("clean", "stego"):
            assert {splits[c] for c, kinds in both.items() if kind in kinds} == {"train", "val", "test"}


def test_two_covers_stay_where_the_hash_puts_them():
    for start in range(0, 100, 2):
        two = covers(2, start=start)
        assert assign(two, **FRACTIONS) == ({c: assign({c: ()}, **FRACTIONS)[0][c] for c in two}, [])
