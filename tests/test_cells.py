"""Cells of stored crops: as the front ends give them; planes that an image lacks cost nothing and say nothing."""

import numpy as np
import pytest
import tiny
import torch

from starlight.detector.model.frontend import FRONTENDS
from starlight.detector.plain.cells import record_cells
from starlight.detector.torch_runtime import TorchPredictor
from starlight.detector.weights import load
from starlight.images.image import read
from starlight.streams import SETS
from starlight.streams.collate import CROPS, collate
from starlight.streams.compute import compute_streams
from starlight.techniques.constraints import constraint_mask


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    paths = tiny.images(tmp_path_factory.mktemp("cells"), 6, side=300)
    paths += tiny.images(tmp_path_factory.mktemp("small"), 6, side=37)
    images = [read(path) for path in paths]
    return [compute_streams(image, SETS["nine"], 3) | {"mask": constraint_mask(image)} for image in images]


@pytest.mark.parametrize("name", CROPS)
def test_cells_are_those_of_the_front_end(records, name):
    for record in records:
        crops = torch.from_numpy(collate([record], [name])[name][0])
        expected = FRONTENDS[name]()(crops).numpy() if crops.any() else 0.0
        cells = record_cells(name, record)
        assert cells.shape == (len(crops), FRONTENDS[name]().channels, 32, 32)
        np.testing.assert_allclose(cells, np.broadcast_to(expected, cells.shape), atol=1e-6)


def test_predictions_are_those_of_the_whole_detector(records, tmp_path):
    path = tiny.weights(tmp_path / "w.safetensors", members=2)
    (one, a), (other, b) = load(path).members
    for record in records:
        batch = {name: torch.from_numpy(value) for name, value in collate([record], one.config.streams).items()}
        mask = torch.from_numpy(record["mask"])[None]
        with torch.inference_mode():
            logits = (a * one(batch, mask).logits + b * other(batch, mask).logits) / (a + b)
        np.testing.assert_allclose(
            TorchPredictor.load(path).predict([record], ["x"]).logits, logits, rtol=1e-4, atol=1e-4
        )


def test_images_of_a_batch_are_judged_as_each_alone(records, tmp_path):
    predictor = TorchPredictor.load(tiny.weights(tmp_path / "w.safetensors"))
    together = predictor.predict(records, ["x"] * len(records)).logits
    alone = np.concatenate([predictor.predict([record], ["x"]).logits for record in records])
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-4)
