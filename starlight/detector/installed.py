"""Which detector answers, and in which runtime: a wheel comes without torch."""

from __future__ import annotations

import importlib.util
from importlib import resources
from pathlib import Path

from starlight.errors import StarlightError

__all__ = ["PROMOTED", "WEIGHTS", "find_weights", "installed_runtime", "need_forgery", "need_torch"]

WEIGHTS = "detector.safetensors"
PROMOTED = Path("models/promoted")  # of a project: a detector that was trained there and passed the evidence


def installed_runtime(path: str | Path | None) -> str:
    """`onnx` for a file of that name, else `torch` where it is installed, else `numpy`."""
    if path is not None and Path(path).suffix == ".onnx":
        return "onnx"
    return "torch" if importlib.util.find_spec("torch") else "numpy"


def need_torch(path: str | Path | None) -> None:
    """Raise `StarlightError`, one line that says what to install, where torch is missing."""
    if not importlib.util.find_spec("torch"):
        what = "runtime torch" if path is None else str(path)
        raise StarlightError(f"{what}: needs torch, `pip install 'starlight[pipeline]'`; --runtime numpy does without")


def need_forgery() -> None:
    """Raise `StarlightError`, one line that says what to install, where what finds tampering is missing."""
    if not all(map(importlib.util.find_spec, ("cv2", "scipy"))):
        raise StarlightError("tampering: needs OpenCV and SciPy, `pip install 'starlight[forgery]'`")


def find_weights(name: str = WEIGHTS) -> tuple[Path, str]:
    """The weights file that is used when none is given.

    Parameters
    ----------
    name : str
        Of the file; that of the detector of hidden data by default.

    Returns
    -------
    path : Path
    origin : str
        `promoted` for one of the project in the working directory that passed the evidence, else `released`. One that
        was only trained is used when it is named: it may be a try of a few minutes.

    Raises
    ------
    StarlightError
        There is neither.
    """
    if Path("dvc.yaml").is_file() and (PROMOTED / name).is_file():
        return PROMOTED / name, "promoted"
    package = Path(str(resources.files("starlight")))
    for folder in (package.parent / "models" / "release", package / "_release"):
        if (folder / name).is_file():
            return folder / name, "released"
    raise StarlightError(f"{PROMOTED / name}: no detector found, nor a released one, or name one with --model")
