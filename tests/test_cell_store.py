"""Cells of the front end: kept for later stages, removed whole, and readable to whoever has them open."""

import numpy as np
import pytest

from starlight.training import cell_store
from starlight.training.data import TrainingData
from tests.fake_streams import data_set

STREAMS = ("pixel", "lsb")


def of(split: str, scratch) -> TrainingData:
    manifest, reader = data_set()
    data = TrainingData(manifest[manifest["split"] == split], reader, STREAMS, scratch)
    data.payload_share()  # cells are made when they are first asked for
    return data


def cells_of(data: TrainingData) -> np.ndarray:
    return data.batch(range(4), tile="all").inputs["lsb_cells"].numpy()


def sets(scratch) -> set[str]:
    return {folder.name for folder in scratch.iterdir()}


def test_a_second_stage_computes_nothing(tmp_path, monkeypatch):
    first = cells_of(of("val", tmp_path))
    monkeypatch.setattr(cell_store.CellStore, "_build", lambda *_: pytest.fail("computed again"))
    assert first.any() and np.array_equal(cells_of(of("val", tmp_path)), first)


def test_vectors_alone_need_no_cells(tmp_path):
    manifest, reader = data_set()
    TrainingData(manifest, reader, (*STREAMS, "format"), tmp_path).vectors("format")
    assert not sets(tmp_path)


def test_the_set_used_last_stays(tmp_path, monkeypatch):
    of("train", tmp_path)
    old = sets(tmp_path)
    of("val", tmp_path)
    of("train", tmp_path)  # used again, so it is younger than the other
    monkeypatch.setattr(cell_store, "_KEPT", 2)
    of("test", tmp_path)
    assert old < sets(tmp_path) and len(sets(tmp_path)) == 2


def test_a_set_that_is_removed_stays_readable_and_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr(cell_store, "_KEPT", 1)
    data = of("val", tmp_path)
    before = cells_of(data)
    of("train", tmp_path)
    assert np.array_equal(cells_of(data), before)
    assert np.array_equal(cells_of(of("val", tmp_path)), before)


def test_a_set_that_another_experiment_removes_meanwhile_is_made_again(tmp_path, monkeypatch):
    right = cells_of(of("val", tmp_path))
    really_open = cell_store.CellStore._open

    def open_too_late(self, folder, data, mode):
        if mode == "r":
            cell_store._remove_oldest(tmp_path, 0)
        really_open(self, folder, data, mode)

    monkeypatch.setattr(cell_store.CellStore, "_open", open_too_late)
    assert np.array_equal(cells_of(of("val", tmp_path)), right)
    assert len(sets(tmp_path)) == 1
