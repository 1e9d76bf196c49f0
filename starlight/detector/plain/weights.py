"""Weights files read without torch and without the package that writes them.

Format: https://huggingface.co/docs/safetensors (a JSON header of known length, then arrays as they lie in memory).
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from starlight.detector.calibration.calibration import Calibration
from starlight.errors import StarlightError

__all__ = ["Plain", "load"]

_TYPES = {"F32": np.dtype("<f4"), "BOOL": np.dtype("?")}


class Plain(NamedTuple):
    """What a weights file holds, see `starlight.detector.weights.Stored`.

    members : of each detector of the ensemble its configuration and its arrays by name.
    weights : of each in the average of log-odds.
    """

    members: list[tuple[dict[str, Any], dict[str, np.ndarray]]]
    weights: list[float]
    calibration: Calibration
    meta: dict[str, Any]


def load(path: Path) -> Plain:
    """Read a weights file.

    Raises
    ------
    StarlightError
        The file is missing or damaged.
    """
    try:
        data = path.read_bytes()
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + size])
        text = header.pop("__metadata__")
        arrays = {name: _array(memoryview(data)[8 + size :], **entry) for name, entry in header.items()}
        members = [(config, _own(arrays, i)) for i, config in enumerate(json.loads(text["config"]))]
        weights, meta = json.loads(text["weights"]), json.loads(text["meta"])
        calibration = Calibration.from_json(text["calibration"])
    except FileNotFoundError as error:
        raise StarlightError(f"{path}: no such weights file") from error
    except (OSError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise StarlightError(f"{path}: not a Starlight weights file: {' '.join(str(error).split())[:200]}") from error
    if not members or len(members) != len(weights):
        raise StarlightError(f"{path}: not a Starlight weights file: {len(members)} detectors, {len(weights)} weights")
    return Plain(members, weights, calibration, meta)


def _array(data: memoryview, dtype: str, shape: list[int], data_offsets: list[int]) -> np.ndarray:
    begin, end = data_offsets
    array = np.frombuffer(data[begin:end], _TYPES[dtype])
    if array.size != math.prod(shape):
        raise ValueError(f"{array.size} numbers where {shape} are named")
    return array.reshape(shape)


def _own(arrays: dict[str, np.ndarray], member: int) -> dict[str, np.ndarray]:
    prefix = f"{member}."
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
