"""Prediction with ONNX Runtime: the same answers as `starlight.inference`, without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from starlight.calibration import Calibration
from starlight.collate import collate
from starlight.errors import StarlightError
from starlight.judgement import Prediction, judge

__all__ = ["OnnxPredictor"]


class OnnxPredictor:
    """A detector exported by `starlight.export`; has the interface of `starlight.inference.Predictor`.

    Parameters
    ----------
    path : Path
    threads : int
        Threads of one prediction.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        self._session = _session(Path(path), threads)
        stored = self._session.get_modelmeta().custom_metadata_map
        try:
            config = json.loads(stored["config"])[0]
            self.calibration = Calibration.from_json(stored["calibration"])
            self.meta: dict[str, Any] = json.loads(stored["meta"])
        except (KeyError, ValueError, TypeError) as error:
            raise StarlightError(f"{path}: not written by `make export`: {error}") from error
        self.streams, self.techniques = tuple(config["streams"]), tuple(config["techniques"])
        self.quick_streams = self.streams  # the graph computes the map whether it is asked for or not
        self.sizes = dict(config["sizes"])
        self.max_tiles = int(self.meta.get("max_tiles", 3))

    @classmethod
    def load(cls, path: Path) -> OnnxPredictor:
        """Read an exported detector; `StarlightError` when it is missing, damaged or cannot be run here."""
        return cls(path)

    def predict(
        self, records: Sequence[Mapping[str, Any]], classes: Sequence[str], blank: str | None = None, *,
        maps: bool = True,
    ) -> Prediction:  # fmt: skip
        """Predict on records of stored streams (with their `mask`) and their container classes; always with maps."""
        batch = collate(records, self.streams)
        batch["mask"] = np.stack([np.asarray(r["mask"], bool) for r in records])
        batch["keep"] = np.array([name != blank for name in self.streams], np.float32)
        wanted = {arg.name for arg in self._session.get_inputs()}
        logits, cells, ood = self._session.run(None, {k: v for k, v in batch.items() if k in wanted})
        return judge(logits, cells, ood, classes, self.calibration, self.meta["ood_limit"])


def _session(path: Path, threads: int):
    try:
        import onnxruntime
    except ImportError as error:
        raise StarlightError("runtime onnx: needs onnxruntime, `pip install starlight[onnx]`") from error
    if not path.is_file():
        raise StarlightError(f"{path}: no such file; `make export` writes it")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime has a class of its own for each way in which a file can be wrong
        text = " ".join(str(error).split())[:160]
        raise StarlightError(f"{path}: not an ONNX model that runs here: {text}") from error
