"""The exported detector gives torch's answers, without torch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch

from starlight.detector.detector import Detector
from starlight.detector.torch_runtime import TorchPredictor
from starlight.detector.weights import load, write
from starlight.errors import StarlightError

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

from starlight.detector.onnx_runtime import OnnxPredictor
from starlight.release.export import TOLERANCE, compare, quantise, records_of, write_onnx


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("onnx")
    tiny.images(folder / "stego", 6)
    tiny.images(folder / "clean", 6, side=300)
    (folder / "clean" / "broken.png").write_bytes(b"junk")
    weights = tiny.weights(folder / "w.safetensors", members=2, std=0.1)
    detector = Detector.load(weights)
    records, classes, labels = records_of(detector, folder, 100)
    write_onnx(weights, folder / "w.onnx", records)
    quantise(folder / "w.onnx", folder / "w.int8.onnx")
    return folder, detector, records, classes, labels


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


def test_images_of_all_kinds_give_the_same_numbers(made):
    folder, detector, records, classes, labels = made
    report = compare(detector.predictor, OnnxPredictor.load(folder / "w.onnx"), records, classes, labels)
    assert report["images"] == 12 and report["verdicts_changed"] == 0
    assert max(report["logits_difference"], report["cells_difference"]) < TOLERANCE
    assert report["accuracy_lost"] == 0
    assert {len(r["pixel"]) for r in records} >= {1, 3}  # one tile and several


def test_batches_and_blanked_streams(made):
    folder, detector, records, classes, _ = made
    other = OnnxPredictor.load(folder / "w.onnx")
    for blank in (None, "content", "pixel"):
        a, b = (p.predict(records, classes, blank) for p in (detector.predictor, other))
        assert np.allclose(a.logits, b.logits, atol=TOLERANCE) and np.allclose(a.cells, b.cells, atol=TOLERANCE)
    assert not np.allclose(a.logits, other.predict(records, classes).logits, atol=TOLERANCE)


def test_experts_alone_say_what_the_whole_detector_says(made):
    folder, _, records, classes, _ = made
    weights = _with_experts(folder)
    write_onnx(weights, folder / "e.onnx", records)
    torch_experts, experts = TorchPredictor.load(weights), OnnxPredictor.load(folder / "e.onnx")
    for some in (slice(0, 1), slice(5, 6), slice(None)):
        whole = experts.predict(records[some], classes[some])
        quick = experts.predict(records[some], classes[some], maps=False)
        assert quick.cells.shape[1] == 0 < whole.cells.shape[1]
        assert np.array_equal(quick.logits, whole.logits) and np.array_equal(quick.ood, whole.ood)
        expected = torch_experts.predict(records[some], classes[some], maps=False)
        assert np.allclose(quick.logits, expected.logits, atol=TOLERANCE) and np.array_equal(quick.ood, expected.ood)
    without = OnnxPredictor.load(folder / "w.onnx")
    assert without.predict(records, classes, maps=False).cells.shape[1]  # nobody can speak for the network


def test_batches_of_any_size(made):
    folder, _, records, classes, _ = made
    other = OnnxPredictor.load(folder / "w.onnx")
    together = other.predict(records, classes)
    for i, (record, name) in enumerate(zip(records, classes, strict=True)):
        alone = other.predict([record], [name])
        tiles = alone.cells.shape[1]
        assert tiles == len(record["pixel"])
        assert np.allclose(alone.logits, together.logits[i], atol=TOLERANCE)
        assert np.allclose(alone.cells, together.cells[i, :tiles], atol=TOLERANCE)


def test_metadata_travels_with_the_model(made):
    folder, detector, *_ = made
    other = OnnxPredictor.load(folder / "w.onnx")
    for name in ("calibration", "meta", "streams", "techniques", "max_tiles", "sizes"):
        assert getattr(other, name) == getattr(detector.predictor, name)


def test_int8_is_smaller_and_close(made):
    folder, detector, records, classes, labels = made
    report = compare(detector.predictor, OnnxPredictor.load(folder / "w.int8.onnx"), records, classes, labels)
    assert report["logits_difference"] < 0.2
    assert os.path.getsize(folder / "w.int8.onnx") < os.path.getsize(folder / "w.onnx") < 5e6


def test_detecting_needs_no_torch(made):
    folder, detector, *_ = made
    images = sorted(str(path) for path in folder.glob("*/*.*"))
    code = (
        "import sys, json; sys.modules['torch'] = None;"  # importing it fails from here on
        "from starlight import Detector; d = Detector.load(sys.argv[1], runtime='onnx');"
        "print(json.dumps([f.to_dict() for f in d.detect_many(sys.argv[2:])]))"
    )
    root = str(Path(__file__).parents[1])
    out = subprocess.run(
        [sys.executable, "-c", code, str(folder / "w.onnx"), *images],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": root}, check=True,
    )  # fmt: skip
    answers = json.loads(out.stdout)
    assert len(answers) == len(images) == 13
    for answer, expected in zip(answers, detector.detect_many(images), strict=True):
        for name in ("verdict", "technique", "reason"):
            assert answer[name] == getattr(expected, name)
        assert answer["probability"] == pytest.approx(expected.probability, abs=1e-5)


def test_file_that_is_no_export_is_one_line(made, tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"nonsense")
    for name in ("x.onnx", "gone.onnx"):
        with pytest.raises(StarlightError, match=name):
            OnnxPredictor.load(tmp_path / name)
