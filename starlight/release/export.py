"""Export a detector to ONNX.

The graph holds the whole ensemble: fixed front ends, members, the weighted mean of their log-odds. What the detector
was made from travels in the model's metadata, as in the weights file.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor, nn

from starlight.detector.model import DetectorConfig, UnifiedStarlightDetector
from starlight.detector.model.unified import CROP_STREAMS, Encoded
from starlight.detector.onnx_runtime import OUTPUTS, SOURCE
from starlight.detector.weights import Stored, averaged, load
from starlight.errors import StarlightError
from starlight.streams.collate import collate, first_rows
from starlight.system.atomic import write_bytes

__all__ = ["OPSET", "SOURCE", "quantise", "write_onnx"]

OPSET = 18


class _Graph(nn.Module):
    """Weighted mean of the members, with named arrays as positional arguments.

    What experts say alone is an output of its own: given no tiles, it is all that is computed.
    """

    def __init__(self, stored: Stored, names: Sequence[str]) -> None:
        super().__init__()
        self.names = tuple(names)
        self.members = nn.ModuleList(member.model for member in stored.members)
        self.weights = [m.weight for m in stored.members]

    def forward(self, *arrays: Tensor) -> tuple[Tensor, ...]:
        batch = dict(zip(self.names, arrays, strict=True))
        mask, keep = batch.pop("mask"), batch.pop("keep")
        first, last = self.members[0], self.members[-1]
        cells = {f"{name}_cells": _real(first.cells(name, batch), batch["tiles"]) for name in first.crops}
        encoded = [_switched(member.encode({**batch, **cells}), keep) for member in self.members]
        judged = [member.judge(streams, mask) for member, streams in zip(self.members, encoded, strict=True)]
        experts = [
            member.possible(member.experts(streams), mask)
            for member, streams in zip(self.members, encoded, strict=True)
        ]  # fmt: skip
        return (
            averaged([logits for logits, _ in judged], self.weights),
            torch.sigmoid(last.locate(encoded[-1], judged[-1][1], judged[-1][0])),
            first.unlikeness(batch).float(),
            averaged(experts, self.weights),
            torch.stack([_alone(member, mask) for member in self.members]).all(0),
        )


def write_onnx(weights: Path, out: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Export a weights file.

    Parameters
    ----------
    weights : Path
    out : Path
        Written atomically.
    records : sequence of mappings
        Two records at least, to trace with.

    Raises
    ------
    StarlightError
        The export extra is not installed.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401 (what torch.onnx translates with)
    except ImportError as error:
        raise StarlightError(f"export: needs {error.name}, `pip install starlight[onnx]`") from error
    stored = load(weights)
    config = stored.members[0].model.config
    names, arrays = _inputs(records[:2], config)
    model = onnx.load_from_string(_translated(_Graph(stored, names).eval(), arrays))
    for node in model.graph.node:  # where each came from: a fifth of the file, and paths of this machine
        del node.metadata_props[:]
    onnx.helper.set_model_props(model, _properties(weights))
    onnx.checker.check_model(model)
    write_bytes(out, model.SerializeToString(deterministic=True))


def quantise(source: Path, out: Path) -> None:
    """Write an 8-bit version: weights of the linear layers in int8, activations quantised as they come."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = onnx.load(source)
    properties = {p.key: p.value for p in model.metadata_props}
    del model.graph.value_info[:]  # shapes from before the quantiser transposes weights, which it would trip over
    quantize_dynamic(model, out, op_types_to_quantize=["MatMul", "Gemm"], weight_type=QuantType.QInt8)
    small = onnx.load(out)
    onnx.helper.set_model_props(small, properties)
    write_bytes(out, small.SerializeToString(deterministic=True))


def _real(cells: Tensor, tiles: Tensor) -> Tensor:
    """Cells (b, k, c, 32, 32) with zeros past the last tile of each image, as `torch_runtime` has them."""
    real = torch.arange(cells.shape[1])[None] < tiles[:, None]
    return cells * real[:, :, None, None, None]


def _switched(encoded: Mapping[str, Encoded], keep: Tensor) -> dict[str, Encoded]:
    """What `encode` gave, each stream times its switch: 0 leaves it out, 1 keeps it."""
    return {
        name: tuple(None if value is None else value * switch for value in values)
        for (name, values), switch in zip(encoded.items(), keep.unbind(), strict=True)
    }  # fmt: skip


def _alone(model: UnifiedStarlightDetector, mask: Tensor) -> Tensor:
    """(b,) bool, whether each technique that an image can carry has an expert."""
    possible = mask if model.config.constraint_mask else torch.ones_like(mask)
    return ~(possible & ~model.has_expert).any(1)


@torch.inference_mode()
def _translated(graph: _Graph, arrays: Sequence[Tensor]) -> bytes:
    """The graph in ONNX, traced on arrays."""
    shapes = tuple(_dynamic(name) for name in graph.names)
    # Traced here and not by `torch.onnx`, which makes a constant of a size that the model does not leave open.
    traced = torch.export.export(graph, tuple(arrays), dynamic_shapes=(shapes,))
    program = torch.onnx.export(
        traced, input_names=list(graph.names), output_names=list(OUTPUTS), opset_version=OPSET, dynamo=True,
        verbose=False,
    )  # fmt: skip
    data = io.BytesIO()
    program.save(data)
    return data.getvalue()


def _inputs(records: Sequence[Mapping[str, Any]], config: DetectorConfig) -> tuple[tuple[str, ...], list[Tensor]]:
    streams = config.streams
    batch = collate(records, streams) | first_rows(records, config.starts)
    # Traced with three tiles: a size of one would be taken for a constant.
    for name in streams:
        if name in CROP_STREAMS:
            crop = batch[name]
            batch[name] = np.resize(crop[:, :1], (len(crop), 3, *crop.shape[2:]))
    batch["tiles"] = np.full(len(records), 2, np.int64)
    batch["mask"] = np.stack([np.asarray(r["mask"], bool) for r in records])
    batch["keep"] = np.ones(len(streams), np.float32)
    return tuple(batch), [torch.from_numpy(np.ascontiguousarray(a)) for a in batch.values()]


def _dynamic(name: str) -> dict[int, Any]:
    if name == "keep":
        return {}
    axes = {0: torch.export.Dim("images", min=1, max=4096)}
    if name in CROP_STREAMS:
        axes[1] = torch.export.Dim("tiles_most", min=1, max=4096)
    return axes


def _properties(weights: Path) -> dict[str, str]:
    """What the weights file says of itself, word for word, and which file it was."""
    with safe_open(weights, framework="np") as stored:
        said = stored.metadata()
    return dict(sorted({**said, SOURCE: hashlib.sha256(weights.read_bytes()).hexdigest()}.items()))
