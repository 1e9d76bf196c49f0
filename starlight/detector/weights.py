"""Weights on disk: safetensors, with what made them. Nothing in such a file can run code."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from starlight.detector.calibration.calibration import Calibration
from starlight.detector.model import DetectorConfig, UnifiedStarlightDetector
from starlight.errors import StarlightError
from starlight.system.atomic import write_bytes

__all__ = ["Member", "Stored", "averaged", "data_hash", "load", "write"]

_Array = TypeVar("_Array", np.ndarray, Tensor)


class Member(NamedTuple):
    """One detector of an ensemble and its weight in the average of log-odds."""

    model: UnifiedStarlightDetector
    weight: float


class Stored(NamedTuple):
    """What a weights file holds: members of the ensemble (often one), the calibration, what made it."""

    members: tuple[Member, ...]
    calibration: Calibration
    meta: dict[str, Any]


def averaged(logits: Sequence[_Array], weights: Sequence[float]) -> _Array:
    """What an ensemble says: the mean of its members' log-odds.

    Parameters
    ----------
    logits : sequence of (n, t) arrays or tensors
        One a member.
    weights : sequence of float
        One a member; they need not add up to 1.

    Returns
    -------
    (n, t) array or tensor
    """
    total = sum(weights)
    return sum(one * (weight / total) for one, weight in zip(logits, weights, strict=True))


def write(path: Path, members: Sequence[Member], calibration: Calibration, meta: Mapping[str, Any]) -> None:
    """Write atomically; the same input gives the same bytes.

    Parameters
    ----------
    path : Path
    members : sequence of Member
    calibration : Calibration
    meta : mapping
        Whatever JSON can hold.
    """
    tensors = {
        f"{i}.{name}": value.detach().cpu().contiguous()
        for i, member in enumerate(members)
        for name, value in member.model.state_dict().items()
    }
    text = {
        "config": json.dumps([dataclasses.asdict(m.model.config) for m in members], sort_keys=True),
        "weights": json.dumps([m.weight for m in members]),
        "calibration": calibration.to_json(),
        "meta": json.dumps(dict(meta), sort_keys=True),
    }
    write_bytes(path, _sorted_header(save(tensors, metadata=text)))


def load(path: Path) -> Stored:
    """Read a weights file.

    Raises
    ------
    StarlightError
        The file is missing, damaged, or from another version of the detector.
    """
    try:
        with safe_open(path, framework="pt") as stored:
            text = stored.metadata() or {}
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        configs, weights = json.loads(text["config"]), json.loads(text["weights"])
        calibration, meta = Calibration.from_json(text["calibration"]), json.loads(text["meta"])
        members = []
        for i, (config, weight) in enumerate(zip(configs, weights, strict=True)):
            model = UnifiedStarlightDetector(_config(config))
            state = {n.split(".", 1)[1]: t for n, t in tensors.items() if n.split(".", 1)[0] == str(i)}
            model.load_state_dict(state)
            members.append(Member(model.eval(), weight))
    except FileNotFoundError as error:
        raise StarlightError(f"{path}: no such weights file") from error
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise StarlightError(f"{path}: not a Starlight weights file: {' '.join(str(error).split())[:200]}") from error
    return Stored(tuple(members), calibration, meta)


def data_hash(sample_ids: Sequence[str]) -> str:
    """Hash of a data set: of its sorted sample ids."""
    return hashlib.sha256("\n".join(sorted(sample_ids)).encode()).hexdigest()[:16]


def _config(raw: dict[str, Any]) -> DetectorConfig:
    raw["streams"], raw["techniques"] = tuple(raw["streams"]), tuple(raw["techniques"])
    raw["starts"] = tuple(raw.get("starts", ()))
    raw.setdefault("reads", raw["constraint_mask"])  # weights of before, where one switch stood for both
    raw["sizes"] = tuple((name, size) for name, size in raw["sizes"])
    return DetectorConfig(**raw)


def _sorted_header(data: bytes) -> bytes:
    """The header's metadata in sorted order: the writer's hash map gives a new order in each process."""
    size = int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8 : 8 + size]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[8 + size :]
