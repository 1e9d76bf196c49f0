"""Text in the least significant bits of the alpha channel, row by row from the first pixel.

The protocol marks it with `AI42` and writes the least significant bit of each byte first.
"""

import numpy as np

from starlight.errors import StarlightError
from starlight.techniques.readable.protocol import frame, read_lsb, to_bits, unframe, write_lsb

__all__ = ["CARRIER", "NAME", "READABLE", "SHOWN_IN", "capacity_bits", "embed", "extract"]

NAME = "alpha"
CARRIER = "rgba"
READABLE = True
SHOWN_IN = ("content.decode_alpha",)


def embed(
    cover: np.ndarray,
    payload: bytes,
    *,
    seed: int = 0,
    bit_order: str = "lsb-first",
    mark: bool = True,
    framed: bool = True,
) -> np.ndarray:
    """Hide a payload in the alpha channel.

    Parameters
    ----------
    cover : ndarray of uint8, shape (H, W, 4) or (H, W, 2)
        The last channel is alpha.
    payload : bytes
    seed : int
        Unused: the places are fixed.
    bit_order : {"lsb-first", "msb-first"}
    mark : bool
        `AI42` in front of the text.
    framed : bool
        False writes the bare bytes, as a tool does that encrypts and keeps its length elsewhere.

    Returns
    -------
    ndarray of uint8, same shape as cover

    Raises
    ------
    StarlightError
        If there is no alpha channel or the payload does not fit.
    """
    alpha = _alpha(cover)
    data = frame(payload, mark=mark) if framed else payload
    stego = cover.copy()
    stego[..., -1] = write_lsb(alpha.reshape(-1), to_bits(data, bit_order)).reshape(alpha.shape)
    return stego


def extract(data: np.ndarray, *, bit_order: str = "lsb-first", mark: bool = True) -> bytes:
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
    return unframe(read_lsb(_alpha(data).reshape(-1), bit_order), mark=mark)


def capacity_bits(cover: np.ndarray) -> int:
    """Count the bits that fit, framing included."""
    return _alpha(cover).size


def _alpha(cover: np.ndarray) -> np.ndarray:
    if cover.ndim != 3 or cover.shape[2] not in (2, 4):
        raise StarlightError(f"alpha: an image of shape {cover.shape} has no alpha channel")
    return cover[..., -1]
