"""Extraction: right, the same bytes whatever happened before, and never done twice."""

import dataclasses
import errno
import hashlib
import os
import pickle
import signal
import time

import numpy as np
import pytest
from knobs import knobs
from submission_factory import picture, save, submission

from starlight import manifest
from starlight.errors import StarlightError
from starlight.extract.extract import ExtractParams, extract, table_names
from starlight.images.image import read
from starlight.scan.scan import ScanParams, scan
from starlight.store import Store, StreamReader
from starlight.store.shard import Shard
from starlight.streams import REGISTRY, format
from starlight.streams.collate import CROPS
from starlight.streams.compute import compute_streams
from starlight.techniques.constraints import constraint_mask

ALONE = knobs(ExtractParams, backend="sequential", max_tiles=2)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A scanned folder, its manifest, and the digest of what an undisturbed run makes of it."""
    home = tmp_path_factory.mktemp("world")
    submission(home / "datasets/ann_submission_2025", n=5)
    rng = np.random.default_rng(0)
    save(home / "datasets/ann_submission_2025/clean/wide.png", np.hstack([picture(rng, 300), picture(rng, 300)]))
    save(home / "datasets/ann_submission_2025/clean/few.gif", picture(rng)[..., 0])
    table, _ = scan(home / "datasets", knobs(ScanParams, workers=1), 1)
    extract(table, home / "datasets", home / "out", ALONE, home / "store")
    return home, table, digest(home / "out")


@pytest.fixture
def run(world, tmp_path):
    """Run in a fresh place: `run(table, params, store=..., out=...)`."""
    home, table, _ = world

    def extracted(rows=table, params=ALONE, store=tmp_path / "store", out=tmp_path / "out", root=home / "datasets"):
        return extract(rows, root, out, params, store)

    return extracted


def digest(folder):
    whole = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def counts(**given):
    return dict.fromkeys(table_names(), 0) | given


def test_reader_gives_what_the_streams_compute(world):
    home, table, _ = world
    reader = StreamReader(home / "out")
    assert reader.ids == sorted(table["sample_id"])
    for sample_id, path in zip(table["sample_id"], table["path"], strict=True):
        image = read(home / "datasets" / path)
        streams = compute_streams(image, REGISTRY, 1)
        assert set(reader.streams) == streams.keys() - CROPS.keys()
        for name in reader.streams:
            array, stored = streams[name], reader.get(sample_id, name)
            assert stored.dtype == array.dtype
            np.testing.assert_array_equal(stored, array)
        np.testing.assert_array_equal(reader.mask(sample_id), constraint_mask(image))


def test_reader_can_be_sent_to_another_process_and_is_read_only(world):
    home, table, _ = world
    reader = StreamReader(home / "out")
    one = table["sample_id"][0]
    stored = reader.get(one, "format")
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(reader)).get(one, "format"), stored)
    with pytest.raises(ValueError, match="read-only"):
        stored[...] = 0
    assert one in reader and "0" * 16 not in reader
    for wrong in (lambda: reader.get("0" * 16, "format"), lambda: reader.get(one, "smell"), lambda: StreamReader(home)):
        with pytest.raises(StarlightError, match="holds no"):
            wrong()


@pytest.mark.parametrize("params", [ALONE, dataclasses.replace(ALONE, backend="threading", workers=2)])
def test_same_bytes_whatever_the_order_and_the_workers(world, run, tmp_path, params):
    _, table, expected = world
    half = table.sample(frac=0.5, random_state=1)
    run(half, params)
    assert digest(tmp_path / "out") != expected
    done = run(table.sample(frac=1, random_state=2), params)
    assert digest(tmp_path / "out") == expected
    assert set(done["computed"].values()) == {len(table) - len(half)}
    assert run(table, params)["computed"] == counts()


def test_processes_give_the_same_bytes(world, run, tmp_path, monkeypatch):
    monkeypatch.setattr("starlight.fanout._START", 0)
    run(params=dataclasses.replace(ALONE, backend="loky", workers=2))
    assert digest(tmp_path / "out") == world[2]


def test_renaming_costs_nothing(world, run, tmp_path):
    home, table, _ = world
    run()
    os.symlink(home / "datasets", tmp_path / "elsewhere")
    renamed = table.assign(path="elsewhere/" + table["path"])
    assert run(renamed, root=tmp_path)["computed"] == counts()


def test_new_images_leave_the_parts_of_others_alone(world, run, tmp_path, monkeypatch):
    monkeypatch.setattr("starlight.store.layout._IMAGES", 1)
    table = world[1]
    run(table[1:])
    before = {path.name: path.stat() for path in (tmp_path / "out").glob("*.bin")}
    run(table)
    after = {path.name: path.stat() for path in (tmp_path / "out").glob("*.bin")}
    kept = before.keys() & after.keys()
    assert len(kept) > 3 and len(after.keys() - kept) == 1
    assert all(after[name].st_ino == before[name].st_ino for name in kept)
    assert StreamReader(tmp_path / "out").ids == sorted(table["sample_id"])


@pytest.mark.parametrize("harm", ["flip a bit", "truncate", "delete", "no index", "strangers"])
def test_a_damaged_output_is_put_right(world, run, tmp_path, harm):
    run()
    out = tmp_path / "out"
    part = next(out.glob("*.bin"))
    if harm == "flip a bit":
        content = bytearray(part.read_bytes())
        content[1000] ^= 1
        part.write_bytes(content)
    elif harm == "truncate":
        os.truncate(part, part.stat().st_size - 1)
    elif harm == "delete":
        part.unlink()
    elif harm == "no index":
        (out / "streams.json").unlink()
    else:
        (out / "folder").mkdir()
        (out / "pixel.bin").write_bytes(b"of an older version")
    assert run()["computed"] == counts()
    assert digest(out) == world[2]


def test_linked_files_are_replaced_and_never_written_to(world, run, tmp_path):
    """As `dvc checkout` leaves them, linked to its cache."""
    run()
    out, cache = tmp_path / "out", tmp_path / "cache"
    cache.mkdir()
    for path in out.iterdir():
        os.rename(path, cache / path.name)
        os.symlink(cache / path.name, path)
    kept = digest(cache)
    run(world[1][1:])
    assert digest(cache) == kept and digest(out) != kept
    run()
    assert digest(out) == kept == world[2]


def test_a_reader_notices_that_the_folder_changed(world, run, tmp_path):
    run()
    reader = StreamReader(tmp_path / "out")
    run(world[1][1:])
    with pytest.raises(StarlightError, match="run the stage `extract`"):
        reader.get(world[1]["sample_id"][1], "format")


def test_a_changed_stream_is_computed_again_alone(world, run, monkeypatch):
    n = len(world[1])
    run()
    monkeypatch.setattr(format, "VERSION", format.VERSION + 1)
    assert run()["computed"] == counts(format=n)
    assert run(params=dataclasses.replace(ALONE, max_tiles=3))["computed"] == counts()


def test_files_that_change_after_the_scan_are_failures(world, run, tmp_path):
    table = world[1].copy()
    ids = table["sample_id"].tolist()
    table.loc[0, "path"] = "nowhere.png"
    table.loc[1, "bytes"] += 1
    table.loc[2, "sample_id"] = "0" * 15 + "1"
    done = run(table)
    assert (done["failed"], done["images"]) == (3, len(table) - 3)
    reader = StreamReader(tmp_path / "out")
    assert len(reader) == len(table) - 3 and not {ids[0], ids[1], "0" * 15 + "1"} & set(reader.ids)
    lines = (tmp_path / "out/failed.csv").read_text().splitlines()
    assert len(lines) == 4 and lines[0] == "sample_id,path,reason"
    assert sum("changed since the scan" in line for line in lines) == 2
    assert sum("gone since the scan" in line for line in lines) == 1


def test_an_unreadable_file_is_a_failure_not_zeros(world, run, tmp_path):
    home, table, _ = world
    bad = tmp_path / "bad.png"
    bad.write_bytes((home / "datasets" / table["path"][0]).read_bytes()[:200])
    row = table.iloc[[0]].assign(
        path=str(bad), bytes=200, sample_id=hashlib.sha256(bad.read_bytes()).hexdigest()[:16]
    )  # fmt: skip
    done = run(manifest.frame([*table[1:].to_dict("records"), *row.to_dict("records")]))
    assert done["failed"] == 1
    assert row["sample_id"].iloc[0] not in StreamReader(tmp_path / "out")


@pytest.mark.parametrize("harm", ["flip a bit", "truncate", "delete"])
def test_a_damaged_store_is_mended(world, run, tmp_path, harm):
    run()
    # The largest: a folder lists its shards in an order of its own, and some hold a single small record.
    shard = max((tmp_path / "store" / table_names()["format"]).glob("*.shard"), key=lambda path: path.stat().st_size)
    if harm == "delete":
        shard.unlink()
    elif harm == "truncate":
        os.truncate(shard, shard.stat().st_size // 2)
    else:
        content = bytearray(shard.read_bytes())
        content[8] ^= 1  # in the first record
        shard.write_bytes(content)
    done = run()
    assert digest(tmp_path / "out") == world[2]
    again = done["computed"]["format"]
    assert done["computed"] == counts(format=again)
    assert again == 1 if harm == "flip a bit" else 1 <= again < len(world[1])
    assert run()["computed"] == counts()


def test_damage_in_every_stream_is_mended_at_once(world, run, tmp_path):
    run()
    harmed = dict.fromkeys(table_names(), 0)
    for stream, name in table_names().items():
        for shard in (tmp_path / "store" / name).glob("*.shard"):
            content = bytearray(shard.read_bytes())
            if Shard(shard).index["zero"].all():
                continue
            content[8] ^= 1  # in the first record that is there
            shard.write_bytes(content)
            harmed[stream] += 1
    assert sum(map(bool, harmed.values())) > 3
    assert run()["computed"] == harmed
    assert digest(tmp_path / "out") == world[2]


def test_many_small_shards_are_merged_by_a_run(world, run, tmp_path, monkeypatch):
    monkeypatch.setattr("starlight.store.table.MANY", 3)
    table = world[1]
    for rows in (table[:2], table[:4], table[:6], table):
        run(rows)
    assert digest(tmp_path / "out") == world[2]
    shards = [len(list((tmp_path / "store" / name).glob("*.shard"))) for name in table_names().values()]
    assert max(shards) <= 2
    assert run()["computed"] == counts() and digest(tmp_path / "out") == world[2]


def test_nothing_usable_is_an_error(run, world):
    with pytest.raises(StarlightError, match="no usable image"):
        run(world[1].assign(status="quarantined"))


@pytest.mark.parametrize("where", ["store", "out"])
def test_a_full_disk_is_one_line_and_the_next_run_goes_on(world, run, tmp_path, monkeypatch, where):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    place = "starlight.store.shard.os.fsync" if where == "store" else "starlight.store.copying.os.posix_fallocate"
    monkeypatch.setattr(place, full)
    with pytest.raises(StarlightError, match=r"No space left on device; .* take [\d.,]+ MB, [\d,]+ MB are free there"):
        run()
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".*"))
    monkeypatch.undo()
    run()
    assert digest(tmp_path / "out") == world[2]


def test_backends_are_checked(run):
    with pytest.raises(StarlightError, match=r"extract\.backend: 'cloud'"):
        run(params=knobs(ExtractParams, backend="cloud"))


def spawn(world, out, store):
    """Start an extraction in a child process."""
    home, table, _ = world
    child = os.fork()
    if child == 0:
        status = 1
        try:
            extract(table, home / "datasets", out, ALONE, store)
            status = 0
        finally:
            os._exit(status)
    return child


def test_killed_at_any_moment_the_next_run_gives_the_same_bytes(world, tmp_path):
    rng = np.random.default_rng(11)
    start = time.monotonic()
    os.waitpid(spawn(world, tmp_path / "timed", tmp_path / "timed-store"), 0)
    whole = time.monotonic() - start
    kills = 0
    for trial in range(8):
        store, out = tmp_path / f"store{trial // 4}", tmp_path / "out"
        child = spawn(world, out, store)
        time.sleep(rng.uniform(0, whole))
        os.kill(child, signal.SIGKILL)
        kills += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        if trial % 4 == 3:
            assert os.waitstatus_to_exitcode(os.waitpid(spawn(world, out, store), 0)[1]) == 0
            assert digest(out) == world[2]
            assert not list(store.rglob("*.partial")) and not list(tmp_path.glob(".out.*"))
    assert kills >= 2


@pytest.mark.parametrize("before", [None, 5])
@pytest.mark.parametrize("steps", [0, 1, 2, 3, 4, 6, 8])
def test_killed_while_files_are_put_in_place(world, run, tmp_path, monkeypatch, before, steps):
    monkeypatch.setattr("starlight.store.layout._IMAGES", 1)
    table, out, done = world[1], tmp_path / "out", []
    run(out=tmp_path / "expected")
    if before is not None:
        run(table[:before])

    def deadly(act):
        def step(*paths, **options):
            done.extend(path for path in paths[-1:] if str(path).startswith(f"{out}/"))
            if len(done) > steps:
                os.kill(os.getpid(), signal.SIGKILL)
            return act(*paths, **options)

        return step

    with monkeypatch.context() as patched:
        for name in ("replace", "unlink"):
            patched.setattr(os, name, deadly(getattr(os, name)))
        assert os.WIFSIGNALED(os.waitpid(spawn(world, out, tmp_path / "store"), 0)[1])
    if (out / "streams.json").exists():  # then nothing has changed
        reader = StreamReader(out)
        assert [reader.get(i, "format").any() for i in reader.ids] == [True] * before
    run()
    assert digest(out) == digest(tmp_path / "expected") and not list(tmp_path.glob(".out.*"))


def test_two_runs_at_once_on_one_store(world, tmp_path):
    children = [spawn(world, tmp_path / name, tmp_path / "store") for name in ("one", "two", "same", "same")]
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    assert {digest(tmp_path / name) for name in ("one", "two", "same")} == {world[2]}
    for name in table_names().values():
        assert len(Store(tmp_path / "store").table(name).keys) == len(world[1])


def test_dask_cluster_with_a_worker_killed_half_way(tmp_path):
    distributed = pytest.importorskip("distributed")
    submission(tmp_path / "datasets/bob_submission_2026", n=40, seed=3)
    table, _ = scan(tmp_path / "datasets", knobs(ScanParams, workers=1), 1)
    extract(table, tmp_path / "datasets", tmp_path / "expected", ALONE, tmp_path / "store1")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            victim = next(iter(client.run(os.getpid).values()))
        killer = os.fork()
        if killer == 0:
            while not list((tmp_path / "store2").rglob("*.shard")):
                time.sleep(0.005)
            os.kill(victim, signal.SIGKILL)
            os._exit(0)
        extract(
            table, tmp_path / "datasets", tmp_path / "out", knobs(ExtractParams, max_tiles=2), tmp_path / "store2",
            scheduler=cluster.scheduler_address,
        )  # fmt: skip
        os.waitpid(killer, 0)
    assert digest(tmp_path / "out") == digest(tmp_path / "expected")
