"""Bring models/release/starlight.onnx, what a wheel answers with, up to date with the released weights."""

from pathlib import Path

from starlight.errors import StarlightError
from starlight.release.released_onnx import released_onnx

if __name__ == "__main__":
    try:
        print(released_onnx(Path("models/release")))
    except StarlightError as error:
        raise SystemExit(f"release: {error}") from None
