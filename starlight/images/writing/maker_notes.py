"""Maker notes as cameras lay them out: a head that names the maker, then a directory of the maker's own tags.

Makers differ in the head, in the byte order, and in what offsets count from: the EXIF block, so that moving the note
breaks it, or the note itself. Layouts as ExifTool's and Exiv2's documentation of maker notes describe them.
"""

from dataclasses import dataclass

__all__ = ["LAYOUTS", "Layout"]


@dataclass(frozen=True)
class Layout:
    """How one maker begins its note.

    Attributes
    ----------
    head : bytes
        What lies before the directory.
    order : {"", "<", ">"}
        Byte order of the directory; empty is that of the block.
    base : int
        Byte of the note that offsets count from; -1 is the start of the EXIF block.
    """

    head: bytes = b""
    order: str = ""
    base: int = -1


LAYOUTS = {
    "Canon": Layout(),
    "NIKON CORPORATION": Layout(b"Nikon\0\2\x10\0\0MM\0*\0\0\0\x08", ">", 10),
    "SONY": Layout(b"SONY DSC \0\0\0"),
    "Apple": Layout(b"Apple iOS\0\0\1MM", ">", 0),
    "samsung": Layout(b"", "", 0),
    "FUJIFILM": Layout(b"FUJIFILM\x0c\0\0\0", "<", 0),
    "OLYMPUS": Layout(b"OLYMPUS\0II\3\0", "<", 0),
    "Panasonic": Layout(b"Panasonic\0\0\0"),
    "CASIO COMPUTER CO.,LTD.": Layout(b"QVC\0\0\0", ">"),
    "PENTAX Corporation": Layout(b"AOC\0MM", ">"),
}
