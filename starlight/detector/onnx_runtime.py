"""Prediction with ONNX Runtime: the same answers as `starlight.detector.torch_runtime`, without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from starlight.detector.calibration.calibration import Calibration
from starlight.detector.calibration.judgement import Prediction, found_in, judge, possible_in
from starlight.errors import StarlightError
from starlight.streams.collate import collate, first_rows, vectors

__all__ = ["OUTPUTS", "SOURCE", "OnnxPredictor"]

SOURCE = "source_sha256"  # property that names the weights file which the graph was made from
OUTPUTS = ("logits", "cells", "ood", "experts", "alone")  # of the exported graph; see `starlight.release.export`


class OnnxPredictor:
    """A detector exported by `starlight.release.export`; a `Predictor`.

    Parameters
    ----------
    path : Path
    threads : int
        Threads of one prediction.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        self._session = _session(Path(path), threads)
        stored = self._session.get_modelmeta().custom_metadata_map
        if (found := tuple(output.name for output in self._session.get_outputs())) != OUTPUTS:
            raise StarlightError(f"{path}: not written by this version's `make export`: its outputs are {found}")
        try:
            config = json.loads(stored["config"])[0]
            self.calibration = Calibration.from_json(stored["calibration"])
            self.meta: dict[str, Any] = json.loads(stored["meta"])
        except (KeyError, ValueError, TypeError) as error:
            raise StarlightError(f"{path}: not written by `make export`: {error}") from error
        self.source = stored.get(SOURCE, "")
        self.streams, self.techniques = tuple(config["streams"]), tuple(config["techniques"])
        self.sizes = dict(config["sizes"])
        self._reads = bool(config.get("reads", config.get("constraint_mask", True)))
        self._starts = tuple(config.get("starts", ()))
        self.quick_streams = tuple(self.sizes)  # experts read no others
        self.max_tiles = int(self.meta.get("max_tiles", 3))

    @classmethod
    def load(cls, path: Path) -> OnnxPredictor:
        """Read an exported detector; `StarlightError` when it is missing, damaged or cannot be run here."""
        return cls(path)

    def predict(
        self, records: Sequence[Mapping[str, Any]], classes: Sequence[str], blank: str | None = None, *,
        maps: bool = True,
    ) -> Prediction:  # fmt: skip
        """As `starlight.detector.predictor.Predictor.predict`."""
        batch = {"mask": possible_in(records, self.techniques)}
        found = found_in(records, self.techniques) if self._reads else None
        batch["keep"] = np.array([name != blank for name in self.streams], np.float32)
        if not maps:
            quick = vectors(records, self.quick_streams) | {"tiles": np.zeros(len(records), np.int64)}
            logits, ood, alone = self._run(["experts", "ood", "alone"], batch | quick)
            if alone.all():
                cells = np.zeros((len(records), 0, 32, 32), np.float32)
                return judge(logits, cells, ood, classes, self.calibration, self.meta["ood_limit"], found)
        logits, cells, ood = self._run(["logits", "cells", "ood"], batch | self._all(records))
        return judge(logits, cells, ood, classes, self.calibration, self.meta["ood_limit"], found)

    def _all(self, records: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
        return collate(records, self.streams) | first_rows(records, self._starts)

    def _run(self, outputs: list[str], batch: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Outputs of the graph. Streams left out are empty, which spares the work on them.

        The runtime runs the whole graph whatever is asked for: `only_execute_path_to_fetches` works in builds for
        training alone (https://github.com/microsoft/onnxruntime/issues/16013).
        """
        feed = {
            arg.name: batch[arg.name] if arg.name in batch else _empty(len(batch["mask"]), arg.shape)
            for arg in self._session.get_inputs()
        }
        return self._session.run(outputs, feed)


def _empty(images: int, shape: Sequence[int | str]) -> np.ndarray:
    """A stream of images without a tile; `shape` names the sizes that are open."""
    return np.zeros((images, *(0 if isinstance(size, str) else size for size in shape[1:])), np.float32)


def _session(path: Path, threads: int):
    try:
        import onnxruntime
    except ImportError as error:
        raise StarlightError("runtime onnx: needs ONNX Runtime, `pip install 'starlight[onnx]'`") from error
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
