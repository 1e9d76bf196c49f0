"""What in a file a payload can be written to, and which files have it."""

from __future__ import annotations

from collections.abc import Callable

from starlight.images.image import Image

__all__ = ["CARRIERS"]

_COMMENT_FORMATS = ("jpeg", "png", "webp")
_CHARSET_BYTES = 8  # the character code in front of a UserComment carries no text


def _varied(plane) -> bool:
    """Whether there is such a plane, and it is not of one value."""
    return plane is not None and bool(plane.min() != plane.max())


def _samples(image: Image) -> bool:
    container = image.container
    return container.lossless and not container.indexed and container.format != "jpeg"


CARRIERS: dict[str, Callable[[Image], bool]] = {
    "rgba": lambda image: image.container.lossless and _varied(image.alpha),
    "indexed": lambda image: _varied(image.indices),
    "rgb": lambda image: _samples(image) and image.pixels.shape[2] == 3,
    "samples": _samples,
    "jpeg": lambda image: image.container.format == "jpeg",
    "comment": lambda image: (
        image.container.format in _COMMENT_FORMATS and len(image.container.user_comment) > _CHARSET_BYTES
    ),
    "trailer": lambda image: len(image.container.trailer) > 0,
}
