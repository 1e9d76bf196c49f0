"""Container classes: groups of files whose statistics have a tail of their own."""

from __future__ import annotations

from starlight.containers import Container

__all__ = ["CLASSES", "container_class"]

CLASSES = ("grey", "indexed", "jpeg", "lossy", "truecolour")


def container_class(container: Container) -> str:
    """Class of a container, for thresholds and for reports.

    Returns
    -------
    str
        `jpeg`, `indexed`, `lossy` (WEBP that was quantised), `grey` or `truecolour` (both lossless).
    """
    if container.format == "jpeg":
        return "jpeg"
    if container.indexed:
        return "indexed"
    if not container.lossless:
        return "lossy"
    return "grey" if container.mode.split(";")[0] in ("1", "L", "LA", "I") else "truecolour"
