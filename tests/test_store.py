"""The store: what comes back is what went in, and damage, kills and full disks are noticed."""

import errno
import os

import numpy as np
import pytest

from starlight.errors import StarlightError
from starlight.store import Store, code, default_root, table_name
from starlight.store.code import CodeMemo, code_digest
from starlight.store.shard import DamagedShard, Shard, ShardWriter
from starlight.store.table import MANY


def arrays(n=6, seed=0):
    rng = np.random.default_rng(seed)
    kinds = [
        lambda: rng.integers(0, 256, (2, 3, 7, 5), dtype=np.uint8),
        lambda: rng.normal(size=11).astype(np.float32),
        lambda: np.zeros((3, 0, 4), np.int16),
        lambda: np.zeros((2, 9), np.float64),
        lambda: rng.random(17) < 0.5,
        lambda: np.full(4, np.nan, np.float32),
    ]
    return {int(rng.integers(1, 2**63)): kinds[i % len(kinds)]() for i in range(n)}


def put(table, records):
    writer = ShardWriter(table.folder)
    for key, array in records.items():
        writer.add(key, array)
    path = writer.publish()
    table.reload()
    return path


def get(table, keys):
    keys = np.array(list(keys), np.uint64)
    return {int(keys[i]): array for i, array in table.read(keys)}


@pytest.fixture
def table(tmp_path):
    return Store(tmp_path / "store").table("pixel@1-x")


def assert_same(found, records):
    assert found.keys() == records.keys()
    for key, array in records.items():
        assert found[key] is not None and found[key].dtype == array.dtype
        np.testing.assert_array_equal(found[key], array)


def test_records_come_back(table):
    records = arrays(30) | arrays(7, seed=1)
    put(table, dict(list(records.items())[:20]))
    put(table, dict(list(records.items())[15:]))  # some of them twice, as two runs at once would
    assert_same(get(table, records), records)
    assert list(table.keys) == sorted(records)
    assert get(table, [12345]) == {12345: None}


def test_a_table_without_shards(table):
    assert get(table, [1, 2]) == {1: None, 2: None}
    assert not table.has(np.array([1], np.uint64)).any()


def test_every_flipped_bit_is_noticed(table):
    records = arrays(4)
    path = put(table, records)
    good = path.read_bytes()
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 1 << (at % 8)
        path.write_bytes(bad)
        try:
            with Shard(path) as shard:
                found = {}
                for row, key in enumerate(shard.index["key"].tolist()):
                    found[key] = shard.record(row)
        except DamagedShard:
            continue
        pytest.fail(f"byte {at} of {len(good)} was changed, and nobody noticed")


@pytest.mark.parametrize("keep", [0, 5, 0.5, -1])
def test_a_truncated_shard_is_dropped(table, keep):
    records = arrays(5)
    path = put(table, records)
    size = path.stat().st_size
    os.truncate(path, keep if keep in (0, 5) else size - 1 if keep == -1 else size // 2)
    table.reload()
    assert len(table.keys) == 0 and table.damaged == 1 and not path.exists()
    put(table, records)
    assert_same(get(table, records), records)


def test_a_damaged_record_costs_itself_alone(table):
    records = {1: np.arange(100, dtype=np.uint8), 2: np.arange(50, dtype=np.uint8), 3: np.ones(9, np.float32)}
    path = put(table, records)
    content = bytearray(path.read_bytes())
    content[8 + 120] ^= 4  # inside the second record
    path.write_bytes(content)
    found = get(table, records)
    assert found[2] is None
    assert_same({k: found[k] for k in (1, 3)}, {k: records[k] for k in (1, 3)})
    table.reload()
    assert list(table.keys) == [1, 3] and not path.exists()


def test_a_deleted_shard_is_noticed_while_reading(table):
    records = arrays(5)
    put(table, records).unlink()
    assert set(get(table, records).values()) == {None}


def test_what_a_writer_has_not_published_is_not_there(table):
    writer = ShardWriter(table.folder)
    writer.add(1, np.ones(3))
    table.reload()
    assert len(table.keys) == 0
    assert writer.partial.exists()  # a living writer's file stays
    writer.stream.close()  # as if its process had died: the lock goes with it
    table.reload()
    assert not writer.partial.exists()


def test_a_full_disk_is_one_clear_line_and_leaves_the_store_usable(table, monkeypatch):
    records = arrays(3)
    put(table, records)
    writer = ShardWriter(table.folder)
    writer.add(9, np.ones(100, np.uint8))

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("starlight.store.shard.os.fsync", full)
    with pytest.raises(StarlightError, match=f"{table.folder}: .*No space left on device"):
        writer.publish()
    writer.abandon()
    monkeypatch.undo()
    table.reload()
    assert_same(get(table, records), records)
    assert sorted(p.suffix for p in table.folder.iterdir()) == [".shard"]


def test_many_small_shards_become_one(table):
    records = arrays(MANY + 5)
    for key, array in records.items():
        put(table, {key: array})
    assert table.compact() == MANY + 5
    assert len(list(table.folder.iterdir())) == 1
    assert_same(get(table, records), records)
    assert table.compact() == 0


def test_a_reader_survives_compaction_by_another(tmp_path):
    store = Store(tmp_path / "store")
    reader, other = store.table("t"), store.table("t")
    records = arrays(MANY)
    for key, array in records.items():
        put(other, {key: array})
    reader.reload()
    other.compact()
    assert set(get(reader, records).values()) == {None}  # it looks again, and finds them
    reader.reload()
    assert_same(get(reader, records), records)


def test_where_the_store_is(tmp_path):
    assert default_root({"STARLIGHT_CACHE": str(tmp_path)}) == tmp_path
    assert default_root({}).is_absolute() and default_root({}).name == "starlight"
    with pytest.raises(StarlightError, match="STARLIGHT_CACHE: 'cache' must be an absolute path"):
        default_root({"STARLIGHT_CACHE": "cache"})
    (tmp_path / "file").write_text("")
    with pytest.raises(StarlightError, match="file"):
        Store(tmp_path / "file/store")
    with pytest.raises(StarlightError, match="absolute"):
        Store(tmp_path.relative_to("/"))


def test_names_of_tables_follow_their_parameters():
    one = table_name("pixel", 1, {"a": 1, "b": 2})
    assert one == table_name("pixel", 1, {"b": 2, "a": 1}) and one.startswith("pixel@1-")
    assert len({one, table_name("pixel", 2, {"a": 1, "b": 2}), table_name("pixel", 1, {"a": 1, "b": 3})}) == 3


def test_code_digest_follows_code_but_not_its_looks(tmp_path, monkeypatch):
    from starlight.store import code

    monkeypatch.setattr(code, "_ROOT", tmp_path)

    def digest(a, b="X = 1\n", c="Y = 1\n"):
        code._parsed.cache_clear()
        for name, text in (("a", a), ("b", b), ("c", c)):
            (tmp_path / f"{name}.py").write_text(text)
        return code_digest(["starlight.a"])

    uses_b = "from starlight.b import X\n"
    first = digest(uses_b)
    assert digest('"""Docs."""\n\nfrom starlight.b import X  # why\n') == first
    assert digest(uses_b, c="Y = 2\n") == first
    assert digest(uses_b, b="X = 2\n") != first
    assert digest(uses_b + "Z = 3\n") != first
    for deep in (
        "def f():\n {}",
        "try:\n pass\nexcept OSError:\n {}",
        "match 1:\n case _:\n  {}",
        "if 1:\n pass\nelse:\n {}",
    ):
        assert digest(deep.format(uses_b)) != digest(deep.format(uses_b), b="X = 2\n"), deep
    code._parsed.cache_clear()


def test_remembered_digests_are_those_of_the_code(tmp_path, monkeypatch):
    asked = (["starlight.streams.pixel", "starlight.images.image"], ["starlight.streams.compute"])
    expected = code_digest(asked[0], alone=asked[1])
    memo = CodeMemo(tmp_path / "code.json")
    assert memo.digest(asked[0], alone=asked[1]) == expected
    memo.save()
    monkeypatch.setattr(code, "code_digest", lambda *_, **__: "computed")
    assert CodeMemo(tmp_path / "code.json").digest(asked[0], alone=asked[1]) == expected
    assert CodeMemo(tmp_path / "code.json").digest(asked[0]) == "computed"
    monkeypatch.setattr(code, "_package_digest", lambda: "another")
    assert CodeMemo(tmp_path / "code.json").digest(asked[0], alone=asked[1]) == "computed"
    monkeypatch.undo()
    (tmp_path / "code.json").write_text("[")
    assert CodeMemo(tmp_path / "code.json").digest(asked[0], alone=asked[1]) == expected


def test_a_changed_file_changes_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(code, "_ROOT", tmp_path)
    seen = set()
    for name, text in (("a.py", "x = 1\n"), ("a.py", "x = 2\n"), ("b/c.py", "x = 2\n"), ("b/c.py", "# x\n")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        seen.add(code._package_digest())
    assert len(seen) == 4
