"""Text in the EXIF UserComment of a JPEG, PNG or WEBP file; every other byte of the image stays."""

import struct

from starlight.errors import StarlightError
from starlight.images.writing.exif_block import EXIF_POINTER, USER_COMMENT, directory_values, set_user_comment
from starlight.images.writing.segments import get_exif, set_exif
from starlight.techniques.readable.protocol import END, frame

__all__ = ["CARRIER", "CATEGORY", "CHARSETS", "NAME", "READABLE", "SHOWN_IN", "embed", "extract", "user_comment"]

NAME = "exif"
CARRIER = "comment"
READABLE = True
SHOWN_IN = ("content.decode_comment",)
CATEGORY = "metadata"
CHARSETS = {"ascii": b"ASCII\0\0\0", "unicode": b"UNICODE\0", "jis": b"JIS\0\0\0\0\0", "undefined": bytes(8)}


def embed(cover: bytes, payload: bytes, *, seed: int = 0, charset: str = "ascii", framed: bool = True) -> bytes:
    """Write a payload into UserComment.

    Parameters
    ----------
    cover : bytes
        A JPEG, PNG or WEBP file; other EXIF fields in it are kept.
    payload : bytes
        UTF-8 text, as tools write it, whatever the character code says.
    seed : int
        Unused.
    charset : {"ascii", "unicode", "jis", "undefined"}
        The 8-byte character code in front (EXIF 2.32, 4.6.5).
    framed : bool
        End the text with NUL.

    Returns
    -------
    bytes

    Raises
    ------
    StarlightError
        If the format carries no EXIF here or the payload is too long for it.
    """
    if charset not in CHARSETS:
        raise StarlightError(f"charset: {charset!r} is unknown, use one of {', '.join(CHARSETS)}")
    value = CHARSETS[charset] + (frame(payload) if framed else payload)
    return set_exif(cover, set_user_comment(get_exif(cover), value))


def extract(data: bytes) -> bytes:
    """Read the comment without character code and NUL; raises StarlightError if there is none."""
    value = user_comment(get_exif(data))
    if len(value) <= 8:
        raise StarlightError("exif: the file has no UserComment")
    return value[8:].removesuffix(END)


def user_comment(block: bytes) -> bytes:
    """Return the raw UserComment of an EXIF block with its character code, empty where there is none."""
    if not block:
        return b""
    order = "<" if block[:2] == b"II" else ">"
    zeroth = directory_values(block, struct.unpack_from(order + "I", block, 4)[0])
    if EXIF_POINTER not in zeroth:
        return b""
    at = struct.unpack(order + "I", zeroth[EXIF_POINTER])[0]
    return directory_values(block, at).get(USER_COMMENT, b"")
