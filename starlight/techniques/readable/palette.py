"""Text in the least significant bits of palette indices, row by row from the first pixel."""

import numpy as np

from starlight.errors import StarlightError
from starlight.techniques.readable.protocol import frame, read_lsb, to_bits, unframe, write_lsb

__all__ = ["CARRIER", "NAME", "READABLE", "SHOWN_IN", "capacity_bits", "embed", "extract"]

NAME = "palette"
CARRIER = "indexed"
READABLE = True
SHOWN_IN = ("content.decode_index",)


def embed(
    cover: np.ndarray,
    payload: bytes,
    *,
    seed: int = 0,
    bit_order: str = "lsb-first",
    mark: bool = False,
    framed: bool = True,
) -> np.ndarray:
    """Hide a payload in the indices.

    The palette must hold an even number of colours, or an index may come to point one past its end.

    Parameters
    ----------
    cover : ndarray of uint8, shape (H, W)
        Indices, not colours.
    payload : bytes
    seed : int
        Unused: the places are fixed.
    bit_order : {"lsb-first", "msb-first"}
    mark, framed : bool
        `AI42` in front; NUL behind.

    Returns
    -------
    ndarray of uint8, shape (H, W)

    Raises
    ------
    StarlightError
        If the cover is no index array or the payload does not fit.
    """
    if cover.ndim != 2:
        raise StarlightError(f"palette: indices have shape (H, W), not {cover.shape}")
    data = frame(payload, mark=mark) if framed else payload
    return write_lsb(cover.reshape(-1), to_bits(data, bit_order)).reshape(cover.shape)


def extract(data: np.ndarray, *, bit_order: str = "lsb-first", mark: bool = False) -> bytes:
    """Read the text back.

    Parameters
    ----------
    data : ndarray of uint8
        As `embed` gives it.
    bit_order : {"lsb-first", "msb-first"}
    mark : bool
        Whether the text begins with a mark.

    Returns
    -------
    bytes

    Raises
    ------
    StarlightError
        There is none in this framing.
    """
    return unframe(read_lsb(data.reshape(-1), bit_order), mark=mark)


def capacity_bits(cover: np.ndarray) -> int:
    """Count the bits that fit, framing included."""
    return cover.size
