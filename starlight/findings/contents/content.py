"""What was made out of some bytes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ARCHIVE", "BASE64", "BYTES", "CIPHER", "COMPRESSED", "DOCUMENT", "EMPTY", "FILL", "IMAGE", "KEY", "MEDIA",
           "PROGRAM", "SCRIPT", "TEXT", "Content"]  # fmt: skip

ARCHIVE, PROGRAM, IMAGE, DOCUMENT, MEDIA, COMPRESSED = "archive", "program", "image", "document", "media", "compressed"
KEY, SCRIPT, TEXT, BASE64, CIPHER, FILL, EMPTY, BYTES = (
    "key", "script", "text", "base64", "cipher", "fill", "empty", "bytes",
)  # fmt: skip


@dataclass(frozen=True)
class Content:
    """What some bytes are.

    Attributes
    ----------
    kind : str
        One of the constants of this module: `archive`, `program`, `image`, `document`, `media`, `compressed`, `key`
        (each by a signature that verified), `script`, `text`, `base64` (or hexadecimal digits), `cipher` (as even as
        random bytes), `fill` (one byte repeated), `empty`, or `bytes` for all else.
    what : str
        The same for people: `zip archive`, `text of 120 bytes`.
    text : str
        What it reads as, for `text`, `script` and `base64`; else empty.
    start : int
        Bytes of a length or of zeros in front, which are no part of it.
    encoding : str
        Of the text; else empty.
    """

    kind: str
    what: str
    text: str = ""
    start: int = 0
    encoding: str = ""

    @property
    def signed(self) -> bool:
        """Whether a signature verified."""
        return self.kind in (ARCHIVE, PROGRAM, IMAGE, DOCUMENT, MEDIA, COMPRESSED, KEY)

    def __str__(self) -> str:
        return self.what
