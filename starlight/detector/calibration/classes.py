"""Container classes: groups of files whose statistics have a tail of their own."""

from __future__ import annotations

import numpy as np

from starlight.techniques import TECHNIQUES, group

__all__ = ["CLASSES", "container_class"]

CLASSES = ("grey", "indexed", "jpeg", "lossy", "small grey", "small jpeg", "small truecolour", "truecolour")
_SMALL = 50_000  # pixels under which statistics scatter so much that thresholds of their own are worth it
_GREY = ("1", "L", "LA", "I", "F")


def container_class(file_format: str, mode: str, mask: np.ndarray, pixels: int) -> str:
    """Class of an image, for thresholds and for reports.

    Parameters
    ----------
    file_format, mode : str
        As in the manifest.
    mask : (t,) bool
        The constraint mask: it knows whether the pixels were stored without loss.
    pixels : int
        Width times height.

    Returns
    -------
    str
        `indexed`, `lossy` (quantised WEBP, say); `jpeg`, `grey` and `truecolour` (both lossless), of small images with
        `small ` in front.
    """
    size = "small " if pixels < _SMALL else ""
    if file_format == "jpeg":
        return f"{size}jpeg"
    if mode.startswith("P"):
        return "indexed"
    if not mask[TECHNIQUES.index(group("samples")[0])]:
        return "lossy"
    return size + ("grey" if mode.split(";")[0] in _GREY else "truecolour")
