"""The released detector for machines without torch: exported where it is missing or made from other weights."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlight.detector.detector import RUNTIMES, Detector
from starlight.detector.onnx_runtime import OnnxPredictor
from starlight.errors import StarlightError
from starlight.lab.fuzz import specimens
from starlight.release.export import TOLERANCE, compare, write_onnx

__all__ = ["is_current", "released_onnx"]


def is_current(folder: Path) -> bool:
    """Whether the ONNX file of a release was made from its weights as they are, by a version that is read here."""
    onnx = folder / RUNTIMES["onnx"]
    if not onnx.is_file():
        return False
    weights = hashlib.sha256((folder / RUNTIMES["torch"]).read_bytes()).hexdigest()
    try:
        return OnnxPredictor.load(onnx).source == weights
    except StarlightError:
        return False


def released_onnx(folder: Path) -> str:
    """Write the ONNX file beside the weights of a release, unless it is there and current.

    Parameters
    ----------
    folder : Path
        With `detector.safetensors`.

    Returns
    -------
    str
        What was done, for people.

    Raises
    ------
    StarlightError
        The export differs from torch; it is removed.
    """
    onnx = folder / RUNTIMES["onnx"]
    if is_current(folder):
        return f"{onnx}: made from these weights"
    detector = Detector.load(folder / RUNTIMES["torch"])
    judged = [detector.judge(data) for data in specimens.make().values()]  # small, of every format, from a seed
    records, classes = [one.record for one in judged], [name for one in judged for name in one.classes]
    write_onnx(folder / RUNTIMES["torch"], onnx, records)
    found = compare(detector.predictor, OnnxPredictor.load(onnx), records, classes, [None] * len(records))
    worst = max(found["logits_difference"], found["cells_difference"])
    if not worst < TOLERANCE or found["verdicts_changed"]:
        onnx.unlink()
        raise StarlightError(f"{onnx}: differs from torch by {worst:.2e}, allowed is {TOLERANCE:g}")
    return f"{onnx}: written, differs from torch by {worst:.1e} at most on {len(records)} images"
