"""The detector in NumPy alone says what torch says, from the same file."""

import dataclasses
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch

from starlight.detector.detector import Detector
from starlight.detector.model import UnifiedStarlightDetector
from starlight.detector.plain.runtime import NumpyPredictor
from starlight.detector.torch_runtime import TorchPredictor
from starlight.detector.weights import Member, load, write
from starlight.errors import StarlightError
from starlight.release.export_check import records_of
from starlight.streams.starts import read_by

CLOSE = 2e-5  # in log-odds and map: sums in another order


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    tiny.images(folder / "stego", 6)
    tiny.images(folder / "clean", 6, side=300)
    weights = tiny.weights(folder / "w.safetensors", members=2, std=0.1)
    records, classes, _ = records_of(Detector.load(weights), folder, 100)
    return folder, records, classes


def _with_experts(folder: Path) -> Path:
    """The detector of `made`, with an expert for each technique."""
    stored = load(folder / "w.safetensors")
    for member in stored.members:
        member.model.has_expert.fill_(True)
        for name in ("content", "dct"):
            encoder = member.model.encoders[name]
            encoder.judges.fill_(True)
            encoder.reads[::2, ::3] = True
            torch.nn.init.normal_(encoder.linear, std=0.1, generator=torch.Generator().manual_seed(0))
    write(folder / "e.safetensors", *stored)
    return folder / "e.safetensors"


def both(path: Path):
    return TorchPredictor.load(path), NumpyPredictor.load(path)


@pytest.mark.parametrize("blank", [None, "content", "pixel", "metadata"])
def test_batches_of_images_of_all_kinds(made, blank):
    folder, records, classes = made
    one, other = (predictor.predict(records, classes, blank) for predictor in both(folder / "w.safetensors"))
    assert {len(r["pixel"]) for r in records} >= {1, 3}  # one tile and several
    assert np.allclose(one.logits, other.logits, atol=CLOSE) and np.ptp(one.logits[one.logits > -30]) > 0.1
    assert np.allclose(one.cells, other.cells, atol=CLOSE) and np.ptp(one.cells) > 1e-3
    assert np.array_equal(one.ood, other.ood) and one.ood.any()


def test_experts_alone_say_what_torch_says(made):
    folder, records, classes = made
    torch_experts, experts = both(_with_experts(folder))
    for some in (slice(0, 1), slice(5, 6), slice(None)):
        whole = experts.predict(records[some], classes[some])
        quick = experts.predict(records[some], classes[some], maps=False)
        assert quick.cells.shape[1] == 0 < whole.cells.shape[1]
        assert np.allclose(quick.logits, whole.logits, atol=1e-6) and np.array_equal(quick.ood, whole.ood)
        expected = torch_experts.predict(records[some], classes[some], maps=False)
        assert np.allclose(quick.logits, expected.logits, atol=CLOSE) and np.array_equal(quick.ood, expected.ood)
    without = NumpyPredictor.load(folder / "w.safetensors")
    assert without.predict(records, classes, maps=False).cells.shape[1]  # nobody can speak for the network


def test_beginnings_of_planes_and_the_bar_of_the_map(made):
    """What a detector without `content` reads, and a map that marks no more than the image deserves."""
    folder, records, classes = made
    stored = load(folder / "w.safetensors")
    streams = tuple(name for name in stored.members[0].model.config.streams if name != "content")
    sizes = tuple((name, size) for name, size in stored.members[0].model.config.sizes if name in streams)
    torch.manual_seed(1)
    config = dataclasses.replace(
        stored.members[0].model.config, streams=streams, sizes=sizes, starts=read_by(streams), reads=False, map_bar=0.2
    )
    model = UnifiedStarlightDetector(config)
    model.technique_head.reset_parameters()
    write(folder / "s.safetensors", [Member(model, 1.0)], stored.calibration, stored.meta)
    one, other = (predictor.predict(records, classes) for predictor in both(folder / "s.safetensors"))
    assert np.allclose(one.logits, other.logits, atol=CLOSE) and np.allclose(one.cells, other.cells, atol=CLOSE)
    highest = 1 / (1 + np.exp(-(other.logits.max(axis=1) - 0.2)))[:, None, None, None]
    assert (other.cells <= highest + CLOSE).all() and np.isclose(other.cells, highest).any()


def test_both_tell_the_same_of_themselves(made):
    one, other = both(made[0] / "w.safetensors")
    for name in ("calibration", "meta", "streams", "techniques", "max_tiles", "sizes", "quick_streams"):
        assert getattr(one, name) == getattr(other, name), name


def _header(change) -> bytes:
    def damaged(data: bytes) -> bytes:
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + size])
        change(header)
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + data[8 + size :]

    return damaged


DAMAGE = {
    "nothing": lambda data: b"",
    "half": lambda data: data[: len(data) // 2],
    "huge header": lambda data: b"\xff" * 8 + data[8:],
    "no metadata": _header(lambda header: header.pop("__metadata__")),
    "no offset": _header(lambda header: header.pop("0.offset")),
    "a list": lambda data: struct.pack("<Q", 2) + b"[]",
    "other type": _header(lambda header: header["0.offset"].update(dtype="F64")),
    "other shape": _header(lambda header: header["0.offset"].update(shape=[3])),
    "no detector": _header(lambda header: header["__metadata__"].update(config="[]", weights="[]")),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_one_line(made, tmp_path, damage):
    path = tmp_path / "x.safetensors"
    path.write_bytes(DAMAGE[damage]((made[0] / "w.safetensors").read_bytes()))
    with pytest.raises(StarlightError, match=r"x\.safetensors: not a Starlight weights file"):
        NumpyPredictor.load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StarlightError, match=r"gone\.safetensors: no such"):
        NumpyPredictor.load(tmp_path / "gone.safetensors")
