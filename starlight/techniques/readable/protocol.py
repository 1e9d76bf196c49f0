"""Text framing and bit packing shared by every technique whose payload can be read back.

A framed payload is `AI42` (where the technique is marked), the text, and one NUL byte. Bits go into the least
significant bits of consecutive samples, the least or the most significant bit of each payload byte first.
"""

from typing import Literal

import numpy as np

from starlight.errors import StarlightError

__all__ = ["BIT_ORDERS", "END", "MARK", "frame", "from_bits", "read_lsb", "to_bits", "unframe", "write_lsb"]

MARK = b"AI42"
END = b"\0"
BIT_ORDERS = ("lsb-first", "msb-first")
_NUMPY_ORDER: dict[str, Literal["big", "little"]] = {"lsb-first": "little", "msb-first": "big"}


def frame(payload: bytes, *, mark: bool = False) -> bytes:
    """Wrap a payload for embedding.

    Parameters
    ----------
    payload : bytes
        Text in UTF-8; a NUL inside would end it early and is refused.
    mark : bool
        Put `AI42` in front.

    Returns
    -------
    bytes

    Raises
    ------
    StarlightError
        If the payload holds a NUL byte.

    Examples
    --------
    >>> frame(b"meet me", mark=True)
    b'AI42meet me\\x00'
    """
    if END in payload:
        raise StarlightError("payload: holds a NUL byte, which is where a framed text ends")
    return (MARK if mark else b"") + payload + END


def unframe(data: bytes, *, mark: bool = False) -> bytes:
    """Take the payload out of bytes that start with a framed one.

    Parameters
    ----------
    data : bytes
    mark : bool
        Whether `AI42` must stand in front.

    Returns
    -------
    bytes

    Raises
    ------
    StarlightError
        If the mark is wanted and missing, or no NUL ends the text.

    Examples
    --------
    >>> unframe(frame(b"meet me") + b" and what was there before")
    b'meet me'
    """
    start = len(MARK) if mark else 0
    if mark and not data.startswith(MARK):
        raise StarlightError("payload: no AI42 mark at the start of the carrier")
    end = data.find(END, start)
    if end < 0:
        raise StarlightError("payload: no NUL byte ends a text in this carrier")
    return data[start:end]


def to_bits(data: bytes, order: str) -> np.ndarray:
    """Unpack bytes to bits.

    Parameters
    ----------
    data : bytes
    order : {"lsb-first", "msb-first"}

    Returns
    -------
    ndarray of uint8, shape (8 * len(data),)

    Raises
    ------
    StarlightError
        For an unknown bit order.
    """
    return np.unpackbits(np.frombuffer(data, np.uint8), bitorder=_numpy_order(order))


def from_bits(bits: np.ndarray, order: str) -> bytes:
    """Pack bits to bytes; up to seven bits left over at the end are dropped.

    Parameters
    ----------
    bits : ndarray of uint8, shape (n,), values 0 and 1
    order : {"lsb-first", "msb-first"}

    Examples
    --------
    >>> from_bits(to_bits(b"ab", "msb-first"), "msb-first")
    b'ab'
    """
    return np.packbits(bits[: len(bits) // 8 * 8], bitorder=_numpy_order(order)).tobytes()


def write_lsb(samples: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Replace the least significant bits of the first samples.

    Parameters
    ----------
    samples : ndarray of uint8, shape (n,)
    bits : ndarray of uint8, shape (m,), values 0 and 1

    Returns
    -------
    ndarray of uint8, shape (n,)
        A copy.

    Raises
    ------
    StarlightError
        If m > n.

    Examples
    --------
    >>> write_lsb(np.array([10, 11, 12], np.uint8), np.array([1, 0], np.uint8)).tolist()
    [11, 10, 12]
    """
    if len(bits) > len(samples):
        raise StarlightError(f"payload: {len(bits)} bits do not fit into {len(samples)} samples")
    out = samples.copy()
    out[: len(bits)] = (out[: len(bits)] & 0xFE) | bits
    return out


def read_lsb(samples: np.ndarray, order: str) -> bytes:
    """Pack the least significant bits of samples, shape (n,), to bytes."""
    return from_bits(samples & 1, order)


def _numpy_order(order: str) -> Literal["big", "little"]:
    if order not in _NUMPY_ORDER:
        raise StarlightError(f"bit order: {order!r} is unknown, use one of {', '.join(BIT_ORDERS)}")
    return _NUMPY_ORDER[order]
