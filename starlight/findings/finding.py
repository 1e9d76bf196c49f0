"""One thing that was read in an image file."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Finding"]


@dataclass(frozen=True)
class Finding:
    """Something that was read, and where.

    Attributes
    ----------
    technique : str
        One of `starlight.techniques.TECHNIQUES`, or `other`.
    place : str
        Where it lies, for people: `after the end of the image`, `bit 6 of red, by columns`.
    what : str
        What it is, for people: `zip archive`, `text of 120 bytes`.
    payload : bytes
        The whole of it, without framing.
    hidden : bool
        False for a note: what people and devices write openly.
    offset : int or None
        First byte in the file; None where it lies in samples.
    """

    technique: str
    place: str
    what: str
    payload: bytes = field(repr=False)
    hidden: bool = True
    offset: int | None = None

    def __str__(self) -> str:
        return f"{self.what} {self.place}"
