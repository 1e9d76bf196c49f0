"""What can be read back of a payload: text wherever it hides, and bytes of any kind where the place is plain."""

from __future__ import annotations

from starlight.images.image import Image
from starlight.streams.readable.decode import Decoded, comment_text, decode_payload

__all__ = ["describe", "read_payload"]

_PLACES = {
    "alpha": "in alpha LSBs", "palette": "in palette index LSBs", "lsb.rgb": "in colour LSBs",
    "exif": "in the EXIF comment", "raw": "after the end of the image",
}  # fmt: skip
_BYTES = "bytes"  # variant of a payload that does not read as text


def read_payload(image: Image, technique: str | None = None) -> Decoded | None:
    """Read a payload back.

    Parameters
    ----------
    image : Image
    technique : str, optional
        What the image was flagged for. Bytes that do not read as text are only taken from the place that this names;
        from any place if None.

    Returns
    -------
    Decoded or None
        None where nothing can be read.
    """
    found = decode_payload(image)
    if found is not None:
        return found
    for name, raw in (("raw", image.container.trailer), ("exif", comment_text(image))):
        if raw and technique in (None, name):
            return Decoded(_BYTES, name, raw)
    return None


def describe(found: Decoded) -> str:
    """Kind, length and place of a payload, in words."""
    count, place = len(found.payload), _PLACES[found.technique]
    return f"{count} bytes, not read as text, {place}" if found.variant == _BYTES else f"text of {count} bytes {place}"
