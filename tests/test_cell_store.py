"""Cells and map targets: what the model would be shown of the crops, to the bit, whatever happens to the store."""

import errno
import os

import numpy as np
import pytest
import torch
from PIL import Image

from starlight.detector.plain.cells import record_cells
from starlight.errors import StarlightError
from starlight.scan.scan import ScanParams, scan
from starlight.streams import SETS
from starlight.streams.collate import CROPS, collate
from starlight.streams.starts import STARTS, starts
from starlight.techniques import TECHNIQUES
from starlight.training.cells import record as tile_record
from starlight.training.cells import store as cell_store
from starlight.training.cells.crops import Crops
from starlight.training.data import TrainingData
from tests.fake_streams import FakeReader, data_set, record
from tests.knobs import knobs
from tests.submission_factory import say

STREAMS = ("pixel", "lsb")
EVERY = ("pixel", "alpha", "lsb", "palette_lsb")


def of(split: str, scratch) -> TrainingData:
    manifest, reader = data_set()
    data = TrainingData(manifest[manifest["split"] == split], reader, STREAMS, reader.crops, scratch)
    data.payload_share()  # cells are made when they are first asked for
    return data


def cells_of(data: TrainingData) -> np.ndarray:
    return data.batch(range(4), tile="all").inputs["lsb_cells"].numpy()


def shards(scratch) -> list:
    return sorted(scratch.rglob("*.shard"))


def crops_of(rng, shape, *, grey=False, alpha=False, indexed=False) -> dict[str, np.ndarray]:
    """Crops of a picture whose low bits are noise and whose right half is flat."""
    tiles, height, width = shape
    made = {
        name: rng.integers(60, 64, (tiles, channels, height, width)).astype(np.uint8)
        for name, channels in (("pixel", 1 if grey else 3), ("alpha", int(alpha)), ("palette_lsb", int(indexed)))
    }
    made["pixel"][..., width // 2 :] = 128
    return made


def altered(crops, rng) -> dict[str, np.ndarray]:
    """The same with other low bits in some samples of the planes that there are."""
    return {name: crop ^ (rng.random(crop.shape) < 0.002).astype(np.uint8) for name, crop in crops.items()}


def plain_cells(name: str, crops) -> np.ndarray:
    return record_cells(name, crops).astype(np.float16)


def plain_target(crops, twin, streams) -> np.ndarray:
    """Cells in which what the model is shown differs, from the tensors that it is shown."""
    one, other = (collate([record], streams) for record in (crops, twin))
    differs = [(one[name][0] != other[name][0]).any(axis=1) for name in streams]
    return np.any(differs, axis=0).reshape(-1, 32, 8, 32, 8).any(axis=(2, 4))


@pytest.mark.parametrize("kind", [{}, {"grey": True}, {"alpha": True}, {"grey": True, "alpha": True},
                                  {"indexed": True}])  # fmt: skip
@pytest.mark.parametrize("shape", [(1, 256, 256), (2, 256, 199), (1, 64, 65), (1, 3, 5)])
def test_a_record_gives_back_cells_and_differences_to_the_bit(kind, shape):
    rng = np.random.default_rng(1)
    crops = crops_of(rng, shape, **kind)
    twin = altered(crops, rng)
    rows = tile_record.pack(crops, twin)
    for k, row in enumerate(rows):
        tile = tile_record.unpack(row.tobytes())
        assert (tile.rows, tile.columns, tile.compared) == (-(-shape[1] // 8), -(-shape[2] // 8), True)
        for name in EVERY:
            expected, held = plain_cells(name, crops)[k], tile.cells.get(name)
            if held is None:
                assert not expected.any()
            else:
                colours = np.broadcast_to(held, (len(held), 3, 32, 32)).reshape(-1, 32, 32) if held.ndim == 4 else held
                np.testing.assert_array_equal(colours.view(np.uint16), expected.view(np.uint16))
            np.testing.assert_array_equal(tile.changed[name], plain_target(crops, twin, [name])[k])
        for name in ("pixel", "alpha"):
            np.testing.assert_array_equal(tile.first[name], crops[name][k : k + 1, :, :1])
        alone = tile_record.unpack(row.tobytes(), cells=False)
        assert not alone.cells and all(np.array_equal(alone.changed[n], tile.changed[n]) for n in EVERY)
        assert all(np.array_equal(alone.first[name], tile.first[name]) for name in tile.first)


def test_a_record_takes_a_third_of_what_its_cells_do():
    rows = tile_record.pack(crops_of(np.random.default_rng(0), (1, 256, 256)), None)
    assert rows.nbytes < (48 + 9) * 32 * 32 * 2 / 3


@pytest.mark.parametrize("harm", ["cut", "flip", "empty"])
def test_a_damaged_row_is_noticed(harm):
    row = tile_record.pack(crops_of(np.random.default_rng(0), (1, 64, 64)), None)[0].tobytes()
    broken = {"cut": row[: len(row) // 2], "flip": row[:900] + bytes([row[900] ^ 4]) + row[901:], "empty": b""}
    with pytest.raises(ValueError, match="damaged"):
        tile_record.unpack(broken[harm])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A scanned folder of real files, grey and colour, large and small, with stego twins; and streams of vectors."""
    root = tmp_path_factory.mktemp("files") / "datasets"
    home, rng = root / "ann_submission_2026", np.random.default_rng(2)
    for sub in ("clean", "stego"):
        (home / sub).mkdir(parents=True)
    for i, (height, width, channels) in enumerate([(40, 70, 3), (300, 520, 3), (64, 64, 1), (90, 60, 4)]):
        pixels = np.kron(rng.integers(30, 220, (1 + height // 16, 1 + width // 16, channels)), np.ones((16, 16, 1)))
        pixels = (pixels[:height, :width] + rng.integers(0, 4, (height, width, channels))).astype(np.uint8)
        for sub in ("clean", "stego"):
            shown = pixels[..., 0] if channels == 1 else pixels
            Image.fromarray(shown).save(home / sub / f"{i}.png")
            pixels = pixels.copy()
            pixels[: height // 2, :, :3] ^= rng.integers(0, 2, (height // 2, width, min(3, channels)), dtype=np.uint8)
        say(home / "stego" / f"{i}.png", "lsbr", clean_file=f"{i}.png")
    Image.effect_noise((50, 30), 40).quantize(16).save(home / "clean/5.gif")
    table, _ = scan(root, knobs(ScanParams, workers=1), 0)
    given = record(rng, False, np.zeros((1, 3, 8, 8), np.uint8)), np.ones(len(TECHNIQUES) + 1, bool)
    return root, table, FakeReader(*(dict.fromkeys(table["sample_id"], each) for each in given))


@pytest.mark.parametrize("streams", ["six", "nine"])
@pytest.mark.parametrize("threads", [1, 3])
def test_batches_hold_what_the_files_crops_give(files, tmp_path, streams, threads, monkeypatch):
    root, table, reader = files
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    crops = Crops(root, 2)
    data = TrainingData(table, reader, SETS[streams], crops, tmp_path, begins=tuple(STARTS))
    batch = data.batch(range(len(data)), tile="all")
    shown = [name for name in SETS[streams] if name in CROPS]
    found = {row.path: crops.of(row.sample_id, row.path) for row in data.rows.itertuples()}
    assert batch.inputs["tiles"].tolist() == [len(found[path]["pixel"]) for path in data.rows["path"]]
    for i, path in enumerate(data.rows["path"]):
        own = len(found[path]["pixel"])
        begun = starts(found[path] | {"palette": reader.get(data.rows["sample_id"][i], "palette")}, STARTS)
        assert all(np.array_equal(batch.inputs[f"{name}_start"][i].numpy(), bits) for name, bits in begun.items())
        for name in shown:
            cells = batch.inputs[f"{name}_cells"][i].numpy()
            np.testing.assert_array_equal(cells[:own], plain_cells(name, found[path]).astype(np.float32))
            assert not cells[own:].any()
        if data.labels[i]:
            twin = found[path.replace("/stego/", "/clean/")]
            expected = plain_target(found[path], twin, shown)
            np.testing.assert_array_equal(batch.map_target[i, :own].numpy(), expected)
            valid = batch.map_valid[i, :own].numpy() > 0
            assert data.payload_share()[i] == expected[valid].mean() > 0
        else:
            assert not batch.map_target[i].any()
        rows, columns = (-(-min(side, 256) // 8) for side in found[path]["pixel"].shape[-2:])
        assert batch.map_valid[i, :own, :rows, :columns].all() and batch.map_valid[i].sum() == own * rows * columns


def test_moments_are_those_of_the_tiles(files, tmp_path):
    root, table, reader = files
    data = TrainingData(table, reader, SETS["nine"], Crops(root, 2), tmp_path)
    for name in CROPS:
        every = np.concatenate([plain_cells(name, Crops(root, 2).of(r.sample_id, r.path)) for r in table.itertuples()])
        every = every[every.reshape(len(every), -1).any(axis=1)].astype(np.float32)
        mean, std = data.cell_moments(name, 500)
        if len(every):
            np.testing.assert_array_equal(mean, every.mean((0, 2, 3)))
            np.testing.assert_array_equal(std, np.maximum(every.std((0, 2, 3)), 1e-3))


def test_stego_without_its_twin_has_no_target(files, tmp_path):
    root, table, reader = files
    data = TrainingData(table[table["label"] == 1], reader, STREAMS, Crops(root, 2), tmp_path)
    batch = data.batch(range(len(data)), tile="all")
    assert not batch.map_valid.any() and np.isnan(data.payload_share()).all()


@pytest.mark.parametrize("harm", ["gone", "changed"])
def test_a_file_that_is_no_more_what_it_was_is_one_clear_line(files, tmp_path, harm):
    root, table, reader = files
    wrong = table.assign(path="no.png") if harm == "gone" else table.assign(path=table["path"].iloc[::-1].to_numpy())
    with pytest.raises(StarlightError, match=rf"png: {harm} since the scan.*; run the stages `scan` and `extract`"):
        TrainingData(wrong, reader, STREAMS, Crops(root, 2), tmp_path).payload_share()


def test_a_second_stage_and_another_set_of_streams_compute_nothing(tmp_path, monkeypatch):
    first = cells_of(of("val", tmp_path))
    monkeypatch.setattr(cell_store, "pack", lambda *_: pytest.fail("computed again"))
    assert first.any() and np.array_equal(cells_of(of("val", tmp_path)), first)
    manifest, reader = data_set()
    data = TrainingData(manifest[manifest["split"] == "val"], reader, SETS["nine"], reader.crops, tmp_path)
    assert data.payload_share().any()


def test_new_images_alone_are_computed(tmp_path, monkeypatch):
    of("val", tmp_path)
    packed, pack = [], cell_store.pack
    monkeypatch.setattr(cell_store, "pack", lambda *given: packed.append(1) or pack(*given))
    manifest, reader = data_set()
    data = TrainingData(manifest[manifest["split"] != "train"], reader, STREAMS, reader.crops, tmp_path)
    data.payload_share()
    assert len(packed) == (manifest["split"] == "test").sum()


def test_vectors_alone_need_no_cells(tmp_path):
    manifest, reader = data_set()
    TrainingData(manifest, reader, (*STREAMS, "format"), reader.crops, tmp_path).vectors("format")
    assert not list(tmp_path.iterdir())


def test_the_tables_used_last_stay(tmp_path, monkeypatch):
    for version in range(4):
        monkeypatch.setattr(cell_store, "code_digest", lambda *_, version=version, **__: str(version % 3))
        of("val", tmp_path)
        for folder in tmp_path.iterdir():  # time goes by
            os.utime(folder, ns=(0, folder.stat().st_mtime_ns - 10**9))
    assert len(list(tmp_path.iterdir())) == cell_store._KEPT
    monkeypatch.setattr(cell_store, "pack", lambda *_: pytest.fail("computed again"))
    of("val", tmp_path)


@pytest.mark.parametrize("harm", ["removed", "flipped", "cut"])
def test_what_is_lost_or_damaged_meanwhile_is_made_again(tmp_path, harm):
    data = of("val", tmp_path)
    before = cells_of(data)
    for shard in shards(tmp_path):
        content = shard.read_bytes()
        if harm == "removed":
            shard.unlink()
        else:
            half = len(content) // 2
            shard.write_bytes(content[:half] if harm == "cut" else content[:200] + bytes(half - 200) + content[half:])
    assert np.array_equal(cells_of(data), before)
    assert np.array_equal(cells_of(of("val", tmp_path)), before)


def test_a_full_disk_is_one_clear_line(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("starlight.store.shard.os.fsync", full)
    with pytest.raises(StarlightError, match=r"cells@.*No space left on device; [\d,]+ more records take [\d.,]+ MB"):
        of("val", tmp_path)
    assert not shards(tmp_path)
