"""Parts of the output: the same bytes from whatever shards, right ones left alone, every damage noticed."""

import os

import numpy as np
import pytest

from starlight.store import Store, copying, ledger, renewal
from starlight.store.copying import Records
from starlight.store.layout import lay_out, part_bits, part_number
from starlight.store.ledger import Ledger
from starlight.store.picking import pick
from starlight.store.renewal import Renewal
from starlight.store.shard import ShardWriter


@pytest.fixture
def records():
    """Sixty records of a few lengths, every seventh all zeros, by key in order."""
    rng = np.random.default_rng(5)
    made = [rng.integers(1, 256, (1 + i % 3, 40), dtype=np.uint8) * (i % 7 > 0) for i in range(60)]
    return dict(zip(sorted(rng.integers(1, 2**64, 60, dtype=np.uint64).tolist()), made, strict=True))


def store(folder, records, groups):
    """Table with one shard for each group of positions."""
    table = Store(folder).table("t")
    items = list(records.items())
    for group in groups:
        writer = ShardWriter(table.folder)
        for i in group:
            writer.add(*items[i])
        writer.publish()
    table.reload()
    return table


def renewed(table, out, keys=None, threads=1):
    """Bring `out` up to date with the table, as two streams of the same records; the layout, None after damage."""
    picked = pick(table, table.keys if keys is None else keys)
    if picked is None:
        return None
    laid = lay_out({"one": picked, "two": picked}, table.keys if keys is None else keys)
    partial = out.with_name(out.name + ".new")
    for folder in (out, partial):
        folder.mkdir(exist_ok=True)
    work = Renewal(out, partial, laid, Ledger(table.folder.parent / "right.json"), threads)
    bad = work.write()
    for shard in bad:
        table.mend(shard)
    if bad:
        return None
    work.move()
    return laid


def contents(out):
    return {path.name: path.read_bytes() for path in out.iterdir()}


LAYOUTS = {
    "in order": [range(20), range(20, 60)],
    "one in ten came later": [[i for i in range(60) if i % 10], [i for i in range(60) if i % 10 == 0]],
    "shuffled": np.array_split(np.random.default_rng(1).permutation(60), 4),
    "one each": [[i] for i in range(60)],
}


def test_however_many_are_laid_out_together(tmp_path, records, monkeypatch):
    table = store(tmp_path / "store", records, LAYOUTS["shuffled"])
    whole = renewed(table, tmp_path / "whole")
    assert len(whole.names) > 3
    for count in (1, 9, 17):
        monkeypatch.setattr("starlight.store.layout._AT_ONCE", count)
        laid = renewed(table, tmp_path / f"by {count}")
        assert contents(tmp_path / f"by {count}") == contents(tmp_path / "whole")
        assert laid.names == whole.names and np.array_equal(laid.bounds, whole.bounds)
        assert all(np.array_equal(laid.offsets[name], whole.offsets[name]) for name in ("one", "two"))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("piece", [1, 100, 1 << 20])
@pytest.mark.parametrize("shards", LAYOUTS)
def test_same_bytes_whatever_the_shards(tmp_path, records, monkeypatch, shards, piece, threads):
    monkeypatch.setattr(copying, "PIECE", piece)
    table = store(tmp_path / "store", records, LAYOUTS[shards])
    laid = renewed(table, tmp_path / "out", threads=threads)
    expected, numbers = {}, part_number(table.keys, laid.bits).tolist()
    for number in sorted(set(numbers)):
        mine = [a.tobytes() for a, n in zip(records.values(), numbers, strict=True) if n == number and a.any()]
        expected[number] = b"".join(mine) * 2
    assert [int(name[:3], 16) for name in laid.names] == list(expected) and len(expected) > 2
    found = contents(tmp_path / "out")
    assert found == dict(zip(laid.names, expected.values(), strict=True))
    for stream in ("one", "two"):
        for offset, number, array in zip(laid.offsets[stream].tolist(), numbers, records.values(), strict=True):
            stored = expected[number][offset : offset + array.nbytes]
            assert stored == array.tobytes() if array.any() else offset == -1


def test_shapes_and_types_are_told(tmp_path, records):
    picked = pick(store(tmp_path, records, LAYOUTS["shuffled"]), np.array(sorted(records), np.uint64))
    assert [picked.texts[code] for code in picked.codes] == [f"{len(array)}x40" for array in records.values()]
    assert picked.dtype == np.uint8


def test_consecutive_records_go_together():
    def runs(starts, lengths, file=None):
        values = [np.array(v, np.int64) for v in (file or [0] * len(starts), starts, lengths)]
        return list(Records(*values, np.zeros(len(starts), np.uint32)).runs())

    assert runs([8, 18, 38], [10, 20, 5]) == [(0, 3)]
    assert runs([8, 20, 40], [10, 20, 5]) == [(0, 1), (1, 3)]  # one of the shard is not wanted
    assert runs([8, 18, 38], [10, 20, 5], [0, 0, 1]) == [(0, 2), (2, 3)]  # of two shards
    half = copying.PIECE // 2
    assert runs([0, half, 2 * half, 3 * half], [half] * 4) == [(0, 1), (1, 3), (3, 4)]
    assert runs([0], [5 * half]) == [(0, 1)]


def test_parts_follow_from_the_number_of_images():
    assert [part_bits(n) for n in (0, 1, 15, 16, 31, 32, 10_000, 10_100, 10**9)] == [0, 0, 0, 1, 1, 2, 10, 10, 12]
    keys = np.array([0, 2**63, 2**64 - 1], np.uint64)
    assert part_number(keys, 0).tolist() == [0, 0, 0] and part_number(keys, 12).tolist() == [0, 2048, 4095]


def test_a_new_image_changes_its_part_and_no_other(tmp_path, records):
    table = store(tmp_path / "store", records, LAYOUTS["shuffled"])
    keys = np.delete(table.keys, 33)
    before = renewed(table, tmp_path / "out", keys)
    about = {path.name: os.stat(path) for path in (tmp_path / "out").iterdir()}
    after = renewed(table, tmp_path / "out")
    assert len(set(after.names) - set(before.names)) == 1 and len(after.names) > 2
    for name in set(after.names) & set(before.names):
        now = os.stat(tmp_path / "out" / name)
        assert (now.st_ino, now.st_mtime_ns) == (about[name].st_ino, about[name].st_mtime_ns)


def rot(path, at):
    """Flip a bit as a disk does: nothing else has changed."""
    about, content = path.stat(), bytearray(path.read_bytes())
    content[at] ^= 16
    with path.open("r+b") as stream:
        stream.write(content)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("harm", ["rot", "truncate", "delete"])
def test_a_damaged_shard_is_noticed_and_mended(tmp_path, records, harm, threads):
    table = store(tmp_path / "store", records, LAYOUTS["in order"])
    renewed(table, tmp_path / "whole")
    shard = table.shards[0]
    if harm == "rot":
        rot(shard, 500)
    elif harm == "truncate":
        os.truncate(shard, 700)
    else:
        shard.unlink()
    assert renewed(table, tmp_path / "damaged", threads=threads) is None
    table.reload()
    lost = [key for key in records if key not in set(table.keys.tolist())]
    assert len(lost) == 1 if harm == "rot" else len(lost) in (20, 40)
    writer = ShardWriter(table.folder)
    for key in lost:
        writer.add(key, records[key])
    writer.publish()
    table.reload()
    assert renewed(table, tmp_path / "mended", threads=threads)
    assert contents(tmp_path / "mended") == contents(tmp_path / "whole")


@pytest.mark.parametrize("where", ["shard", "part"])
def test_what_was_found_right_is_read_again_once_it_changed_or_the_system_started_again(
    tmp_path, records, monkeypatch, where
):
    (tmp_path / "boot").write_text("one\n")
    monkeypatch.setattr(ledger, "_BOOT", tmp_path / "boot")
    table, out = store(tmp_path / "store", records, LAYOUTS["in order"]), tmp_path / "out"
    laid = renewed(table, out)
    whole, read = contents(out), []
    monkeypatch.setattr(renewal, "check", lambda r, files: read.append(len(r)) or copying.check(r, files))
    renewed(table, out)
    assert read == []
    path, times = (out / laid.names[0], 1) if where == "part" else (table.shards[0], 2)  # once for each stream
    os.utime(path)
    assert renewed(table, out) and len(read) == times
    renewed(table, out)
    assert len(read) == times
    rot(path, 500)
    (tmp_path / "boot").write_text("two\n")
    fine = renewed(table, out)
    assert len(read) == times + len(laid.names) + 2 * len(table.shards)
    assert bool(fine) == (where == "part") and contents(out) == whole


def test_a_ledger_that_makes_no_sense_is_empty(tmp_path, records):
    table, out = store(tmp_path / "store", records, LAYOUTS["in order"]), tmp_path / "out"
    renewed(table, out)
    path = tmp_path / "store/right.json"
    for nonsense in ("", "{", "[1]", "{}", '{"boot": 1}', path.read_text()[:-9]):
        path.write_text(nonsense)
        assert Ledger(path).files == {}
    assert renewed(table, out) and Ledger(path).files
