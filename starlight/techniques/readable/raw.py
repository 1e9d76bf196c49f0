"""Text behind the end of the image: after EOI of JPEG, IEND of PNG, the trailer of GIF, the RIFF size of WEBP."""

from starlight.errors import StarlightError
from starlight.images.containers import parse
from starlight.techniques.readable.protocol import END, frame

__all__ = ["CARRIER", "CATEGORY", "NAME", "READABLE", "SHOWN_IN", "embed", "extract"]

NAME = "raw"
CARRIER = "trailer"
READABLE = True
SHOWN_IN = ("content.decode_trailer",)
CATEGORY = "eoi"


def embed(cover: bytes, payload: bytes, *, seed: int = 0, framed: bool = True) -> bytes:
    """Append a payload to a file.

    Parameters
    ----------
    cover : bytes
        An image file of any format.
    payload : bytes
    seed : int
        Unused.
    framed : bool
        End the text with NUL; False for bytes as they are.

    Returns
    -------
    bytes
    """
    return cover + (frame(payload) if framed else payload)


def extract(data: bytes) -> bytes:
    """Read what follows the image, without its last NUL.

    Raises
    ------
    StarlightError
        If nothing follows; BadImage if the file is no image.
    """
    trailer = parse(data).trailer
    if not trailer:
        raise StarlightError("raw: nothing follows the end of the image")
    return trailer.removesuffix(END)
