"""Text in the least significant bits of R, G, B, R, … row by row from the first pixel.

Beside the protocol's own framing it writes those of open tools (see `lsb_framings`), so that a detector meets them.
"""

import numpy as np

from starlight.errors import StarlightError
from starlight.techniques.readable import lsb_framings
from starlight.techniques.readable.protocol import frame, read_lsb, to_bits, unframe, write_lsb

__all__ = ["CARRIER", "NAME", "READABLE", "SHOWN_IN", "capacity_bits", "embed", "extract"]

NAME = "lsb.rgb"
CARRIER = "rgb"
READABLE = True
SHOWN_IN = ("content.decode_rgb", "content.decode_other")


def embed(
    cover: np.ndarray,
    payload: bytes,
    *,
    seed: int = 0,
    bit_order: str = "msb-first",
    mark: bool = False,
    framed: bool = True,
    channels: tuple[int, ...] = (0, 1, 2),
    tool: str | None = None,
) -> np.ndarray:
    """Hide a payload in the colour channels.

    Parameters
    ----------
    cover : ndarray of uint8, shape (H, W, 3) or (H, W, 4)
        A fourth channel is left as it is.
    payload : bytes
    seed : int
        Unused: the places are fixed.
    bit_order : {"lsb-first", "msb-first"}
    mark, framed : bool
        `AI42` in front; NUL behind.
    channels : tuple of int
        Which channels carry, in order; R, G, B unless told.
    tool : str, optional
        A framing of `lsb_framings.FRAMINGS`; the options above then play no part.

    Returns
    -------
    ndarray of uint8, same shape as cover

    Raises
    ------
    StarlightError
        If the cover is not colour, the tool is unknown or the payload does not fit.
    """
    _check(cover)
    stego = cover.copy()
    if tool is not None:
        samples = np.ascontiguousarray(cover[..., :3]).reshape(-1)
        stego[..., :3] = lsb_framings.get(tool).write(samples, payload).reshape(*cover.shape[:2], 3)
        return stego
    data = frame(payload, mark=mark) if framed else payload
    picked = cover[..., list(channels)]
    stego[..., list(channels)] = write_lsb(picked.reshape(-1), to_bits(data, bit_order)).reshape(picked.shape)
    return stego


def extract(
    data: np.ndarray,
    *,
    bit_order: str = "msb-first",
    mark: bool = False,
    channels: tuple[int, ...] = (0, 1, 2),
    tool: str | None = None,
) -> bytes:
    """Read the payload back.

    Parameters
    ----------
    data : ndarray, shape (height, width, channels), uint8
    bit_order : {"lsb-first", "msb-first"}
    mark : bool
        Whether the text begins with a mark.
    channels : tuple of int
        Which hold it.
    tool : str, optional
        Read it as this tool frames it; the other settings are the tool's then.

    Returns
    -------
    bytes

    Raises
    ------
    StarlightError
        There is none in this framing.
    """
    _check(data)
    if tool is not None:
        return lsb_framings.get(tool).read(np.ascontiguousarray(data[..., :3]).reshape(-1))
    return unframe(read_lsb(data[..., list(channels)].reshape(-1), bit_order), mark=mark)


def capacity_bits(cover: np.ndarray, *, channels: tuple[int, ...] = (0, 1, 2), tool: str | None = None) -> int:
    """Count the bits that fit.

    Parameters
    ----------
    cover : ndarray, shape (height, width, channels)
    channels : tuple of int
        Which hold the payload.
    tool : str, optional
        Count the bits of the payload itself in this tool's framing.

    Returns
    -------
    int
    """
    if tool is not None:
        return lsb_framings.get(tool).capacity_bits(cover.shape[0] * cover.shape[1] * 3)
    return cover.shape[0] * cover.shape[1] * len(channels)


def _check(cover: np.ndarray) -> None:
    if cover.ndim != 3 or cover.shape[2] not in (3, 4):
        raise StarlightError(f"lsb.rgb: needs three colour channels, not shape {cover.shape}")
