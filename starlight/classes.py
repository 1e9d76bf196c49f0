"""Container classes: groups of files whose statistics have a tail of their own."""

from __future__ import annotations

import numpy as np

from starlight.techniques import TECHNIQUES

__all__ = ["CLASSES", "container_class"]

CLASSES = ("grey", "indexed", "jpeg", "lossy", "truecolour")
_GREY = ("1", "L", "LA", "I", "F")
_SPATIAL = TECHNIQUES.index("lsbr")


def container_class(file_format: str, mode: str, mask: np.ndarray) -> str:
    """Class of an image, for thresholds and for reports.

    Parameters
    ----------
    file_format, mode : str
        As in the manifest.
    mask : (t,) bool
        The constraint mask: it knows whether the pixels were stored without loss.

    Returns
    -------
    str
        `jpeg`, `indexed`, `lossy` (quantised WEBP, say), `grey` or `truecolour` (both lossless).
    """
    if file_format == "jpeg":
        return "jpeg"
    if mode.startswith("P"):
        return "indexed"
    if not mask[_SPATIAL]:
        return "lossy"
    return "grey" if mode.split(";")[0] in _GREY else "truecolour"
