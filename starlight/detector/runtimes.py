"""Weights into one of the runtimes, checked against the streams of this version."""

from __future__ import annotations

from pathlib import Path

from starlight.detector.predictor import Predictor
from starlight.errors import StarlightError
from starlight.streams import REGISTRY

__all__ = ["RUNTIMES", "load_predictor"]

RUNTIMES = ("torch", "numpy", "onnx")


def load_predictor(runtime: str, file: Path) -> Predictor:
    """Load weights into a runtime, which is imported only then.

    Parameters
    ----------
    runtime : one of `RUNTIMES`
    file : Path
        The weights, in the form that this runtime reads.

    Raises
    ------
    StarlightError
        There is no such file, it is no detector, or it was made for another version of a stream.
    """
    predictor = _read(runtime, file)
    _check_streams(predictor, file)
    return predictor


def _read(runtime: str, file: Path) -> Predictor:
    if runtime == "onnx":
        from starlight.detector.onnx_runtime import OnnxPredictor

        return OnnxPredictor.load(file)
    if runtime == "numpy":
        from starlight.detector.plain.runtime import NumpyPredictor

        return NumpyPredictor.load(file)
    from starlight.detector.torch_runtime import TorchPredictor

    return TorchPredictor.load(file)


def _check_streams(predictor: Predictor, file: Path) -> None:
    """Weights from another version of a stream would be read as nonsense, or fail on every file."""
    versions = predictor.meta.get("stream_versions", {})
    for name in predictor.streams:
        size = predictor.sizes.get(name)
        here = len(getattr(REGISTRY[name], "FEATURES", range(size or 0))) if name in REGISTRY else 0
        if (size is not None and here != size) or versions.get(name, _version(name)) != _version(name):
            raise StarlightError(
                f"{file}: made for another version of the stream {name}; "
                "train again with `dvc repro`, or use another --model"
            )


def _version(name: str) -> int:
    return getattr(REGISTRY.get(name), "VERSION", 0)
