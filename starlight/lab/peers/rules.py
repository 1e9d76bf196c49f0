"""Two rules that need no statistics: text in the first hidden bits, and something behind or beside the image."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from starlight.images.image import Image, read

__all__ = ["BYTES", "beside_the_image", "is_text", "lsb_text"]

BYTES = 64  # looked at, from the first sample on
_CHARSET = 8  # bytes of a UserComment that name its character set
_LEAST = 8  # characters that make a text


def lsb_text(path: Path) -> float | None:
    """1.0 where the first bytes of a plane of least significant bits are a text, 0.0 where none is; None for JPEG."""
    image = read(path)
    if not image.container.lossless:
        return None
    return float(any(is_text(_packed(plane, order)) for plane in _planes(image) for order in ("little", "big")))


def beside_the_image(path: Path) -> float:
    """1.0 where bytes follow the end of the image, or a comment of the user's stands in its EXIF block."""
    container = read(path).container
    comment = container.user_comment[_CHARSET:].replace(b"\0", b"")  # UTF-16 of plain letters becomes readable too
    return float(bool(container.trailer) or is_text(comment))


def is_text(data: bytes) -> bool:
    """Whether bytes up to the first NUL are at least eight printable characters in UTF-8, the last one perhaps cut."""
    data = data.split(b"\0", 1)[0]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            return False
        text = data[: error.start].decode("utf-8")
    return len(text) >= _LEAST and all(c.isprintable() or c in "\n\r\t" for c in text)


def _planes(image: Image) -> list[np.ndarray]:
    """Samples in scan order: indices, or colour channels in turn, and alpha."""
    first = image.pixels if image.indices is None else image.indices
    return [first] + ([image.alpha] if image.alpha is not None else [])


def _packed(samples: np.ndarray, order: str) -> bytes:
    return np.packbits(samples.reshape(-1)[: 8 * BYTES] & 1, bitorder=order).tobytes()
