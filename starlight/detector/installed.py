"""Which runtime there is to answer with: a wheel comes without torch."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from starlight.errors import StarlightError

__all__ = ["installed_runtime", "need_forgery", "need_torch"]


def installed_runtime(path: str | Path | None) -> str:
    """`torch` or `onnx`: as the weights file's name says; of none given, torch where it is installed."""
    if path is None:
        return "torch" if importlib.util.find_spec("torch") else "onnx"
    return "onnx" if Path(path).suffix == ".onnx" else "torch"


def need_torch(path: str | Path | None) -> None:
    """Raise `StarlightError`, one line that says what to install, where torch is missing."""
    if not importlib.util.find_spec("torch"):
        what = "runtime torch" if path is None else str(path)
        raise StarlightError(f"{what}: needs torch, `pip install 'starlight[pipeline]'`; an .onnx file does without")


def need_forgery() -> None:
    """Raise `StarlightError`, one line that says what to install, where what finds tampering is missing."""
    if not all(map(importlib.util.find_spec, ("cv2", "scipy"))):
        raise StarlightError("tampering: needs OpenCV and SciPy, `pip install 'starlight[forgery]'`")
