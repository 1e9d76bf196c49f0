"""Packing: the same bytes from whatever shards, long runs at once, and every damage noticed before it is passed on."""

import os

import numpy as np
import pytest

from starlight.store import Store, copying
from starlight.store.copying import Copy
from starlight.store.packing import pack
from starlight.store.shard import ShardWriter


@pytest.fixture
def records():
    """Sixty records of a few lengths, every seventh all zeros, by key in order."""
    rng = np.random.default_rng(5)
    made = [rng.integers(1, 256, (1 + i % 3, 40), dtype=np.uint8) * (i % 7 > 0) for i in range(60)]
    return dict(zip(sorted(rng.integers(1, 2**62, 60).tolist()), made, strict=True))


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


def packed(table, path, threads=1):
    done = pack(table, table.keys, path, threads)
    return done and (path.read_bytes(), done.offsets.tolist(), done.shapes)


LAYOUTS = {
    "in order": [range(20), range(20, 60)],
    "one in ten came later": [[i for i in range(60) if i % 10], [i for i in range(60) if i % 10 == 0]],
    "shuffled": np.array_split(np.random.default_rng(1).permutation(60), 4),
    "one each": [[i] for i in range(60)],
}


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("piece", [1, 100, 1 << 20])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_same_bytes_whatever_the_shards(tmp_path, records, monkeypatch, layout, piece, threads):
    monkeypatch.setattr(copying, "PIECE", piece)
    table = store(tmp_path / "store", records, LAYOUTS[layout])
    content, offsets, shapes = packed(table, tmp_path / "packed", threads)
    assert content == b"".join(array.tobytes() for array in records.values() if array.any())
    assert shapes == [f"{len(array)}x40" for array in records.values()]
    for offset, array in zip(offsets, records.values(), strict=True):
        assert content[offset : offset + array.nbytes] == array.tobytes() if array.any() else offset == -1


def test_consecutive_records_go_together(tmp_path):
    def runs(starts, lengths, targets):
        at = [np.array(values, np.int64) for values in (starts, lengths, targets)]
        return list(Copy(tmp_path, at[0], at[1], np.zeros(len(starts), np.uint32), at[2]).runs())

    assert runs([8, 18, 38], [10, 20, 5], [0, 10, 30]) == [(0, 3)]
    assert runs([8, 18, 38], [10, 20, 5], [0, 15, 35]) == [(0, 1), (1, 3)]  # another record goes between
    assert runs([8, 20, 40], [10, 20, 5], [0, 10, 30]) == [(0, 1), (1, 3)]  # one of the shard is not wanted
    half = copying.PIECE // 2
    assert runs([0, half, 2 * half, 3 * half], [half] * 4, [0, half, 2 * half, 3 * half]) == [(0, 1), (1, 3), (3, 4)]
    assert runs([0], [5 * half], [0]) == [(0, 1)]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("harm", ["flip", "truncate", "delete"])
def test_damage_after_opening_is_noticed_and_mended(tmp_path, records, harm, threads):
    table = store(tmp_path / "store", records, LAYOUTS["in order"])
    whole = packed(table, tmp_path / "whole")
    shard = table.shards[0]
    about, content = shard.stat(), bytearray(shard.read_bytes())
    if harm == "flip":
        content[500] ^= 16
        shard.write_bytes(content)
        os.utime(shard, ns=(about.st_atime_ns, about.st_mtime_ns))  # as when a disk rots: nothing else has changed
    elif harm == "truncate":
        os.truncate(shard, 700)
    else:
        shard.unlink()
    assert packed(table, tmp_path / "damaged", threads) is None
    table.reload()
    lost = [key for key in records if key not in set(table.keys.tolist())]
    assert len(lost) == 1 if harm == "flip" else len(lost) in (20, 40)
    writer = ShardWriter(table.folder)
    for key in lost:
        writer.add(key, records[key])
    writer.publish()
    table.reload()
    assert packed(table, tmp_path / "mended", threads) == whole
