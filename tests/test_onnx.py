"""The exported detector gives torch's answers, without torch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny

from starlight.detector import Detector
from starlight.errors import StarlightError

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

from starlight.export import TOLERANCE, compare, quantise, records_of, write_onnx
from starlight.onnx_runtime import OnnxPredictor


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
    image = str(next((folder / "stego").iterdir()))
    code = (
        "import sys, json; from starlight import Detector; d = Detector.load(sys.argv[1], runtime='onnx');"
        "print(json.dumps([d.detect(sys.argv[2]).to_dict(), 'torch' in sys.modules]))"
    )
    root = str(Path(__file__).parents[1])
    out = subprocess.run(
        [sys.executable, "-c", code, str(folder / "w.onnx"), image],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": root}, check=True,
    )  # fmt: skip
    answer, torch_loaded = json.loads(out.stdout)
    assert not torch_loaded
    assert answer["probability"] == pytest.approx(detector.detect(image).probability, abs=1e-5)


def test_file_that_is_no_export_is_one_line(made, tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"nonsense")
    for name in ("x.onnx", "gone.onnx"):
        with pytest.raises(StarlightError, match=name):
            OnnxPredictor.load(tmp_path / name)
