"""How open least-significant-bit tools lay a payload out in R, G, B, R, …

Written from the formats that these tools produce, and compared with their output:

- `stegano`: decimal byte count, a colon, the text; most significant bit first.
- `stepic`: eight bits and a ninth that is 1 on the last byte, three pixels to a byte.
- `stego-lsb`: little-endian byte count just wide enough for the capacity, then the file; one or two bits a sample.
- `stegpy`: `stegv3`, big-endian count in four bytes, a zero, the text; least significant bits first, two bits a sample.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from starlight.errors import StarlightError
from starlight.techniques.readable.protocol import to_bits, write_lsb

__all__ = ["FRAMINGS", "Framing", "get"]

_STEGPY_MAGIC = b"stegv3"
_STEGPY_HEADER = len(_STEGPY_MAGIC) + 5


@dataclass(frozen=True)
class Framing:
    """One tool's layout.

    Attributes
    ----------
    write : callable
        (samples uint8 of shape (n,), payload) -> samples with the payload.
    read : callable
        samples -> payload; raises StarlightError if the framing is not there.
    capacity_bits : callable
        n samples -> bits of payload that fit.
    layout, order : str
        How the samples' bits make bytes, as `streams.readable.scan_orders.ScanOrder` names it.
    header : callable
        (first bytes, n samples) -> length of the header and of the payload that it announces, in bytes; None if these
        bytes are no header.
    """

    write: Callable[[np.ndarray, bytes], np.ndarray]
    read: Callable[[np.ndarray], bytes]
    capacity_bits: Callable[[int], int]
    layout: str
    order: str
    header: Callable[[bytes, int], tuple[int, int] | None]


def get(tool: str) -> Framing:
    """Return a tool's framing; raises StarlightError if it is unknown."""
    if tool not in FRAMINGS:
        raise StarlightError(f"tool: {tool!r} is unknown, use one of {', '.join(FRAMINGS)}")
    return FRAMINGS[tool]


def _write_stegano(samples: np.ndarray, payload: bytes) -> np.ndarray:
    bits = to_bits(str(len(payload)).encode() + b":" + payload, "msb-first")
    return write_lsb(samples, np.pad(bits, (0, -len(bits) % 3)))


def _read_stegano(samples: np.ndarray) -> bytes:
    data = np.packbits(samples & 1).tobytes()
    digits, colon, _ = data[:16].partition(b":")
    if not colon or not digits.isdigit():
        raise StarlightError("stegano: no decimal length at the start")
    return data[len(digits) + 1 :][: int(digits)]


def _stegano_header(data: bytes, _: int) -> tuple[int, int] | None:
    digits, colon, _ = data[:10].partition(b":")
    known = colon and digits.isdigit() and not digits.startswith(b"0")
    return (len(digits) + 1, int(digits)) if known else None


def _write_stepic(samples: np.ndarray, payload: bytes) -> np.ndarray:
    groups = np.zeros((len(payload), 9), np.uint8)
    groups[:, :8] = to_bits(payload, "msb-first").reshape(-1, 8)
    groups[-1:, 8] = 1
    return write_lsb(samples, groups.reshape(-1))


def _read_stepic(samples: np.ndarray) -> bytes:
    groups = (samples[: len(samples) // 9 * 9] & 1).reshape(-1, 9)
    last = np.flatnonzero(groups[:, 8])
    if not len(last):
        raise StarlightError("stepic: no group marked as the last one")
    return np.packbits(groups[: last[0] + 1, :8]).tobytes()


def _stego_lsb(depth: int) -> Framing:
    def tag_bytes(n: int) -> int:
        return -(-(n * depth).bit_length() // 8)

    def write(samples: np.ndarray, payload: bytes) -> np.ndarray:
        bits = to_bits(len(payload).to_bytes(tag_bytes(len(samples)), "little") + payload, "msb-first")
        # The tool fills its last sample by starting over with the first bits.
        bits = np.resize(bits, -(-len(bits) // depth) * depth).reshape(-1, depth)
        return _write_low(samples, bits @ (1 << np.arange(depth - 1, -1, -1)), depth)

    def read(samples: np.ndarray) -> bytes:
        bits = np.unpackbits(samples[:, None], axis=1)[:, 8 - depth :].reshape(-1)
        data, head = np.packbits(bits).tobytes(), tag_bytes(len(samples))
        count = int.from_bytes(data[:head], "little")
        if count > len(data) - head:
            raise StarlightError("stego-lsb: the length at the start exceeds the image")
        return data[head : head + count]

    def header(data: bytes, n: int) -> tuple[int, int] | None:
        return tag_bytes(n), int.from_bytes(data[: tag_bytes(n)], "little")

    layout = "pairs" if depth == 2 else "lsb"
    return Framing(write, read, lambda n: n * depth - 8 * tag_bytes(n), layout, "msb-first", header)


def _write_stegpy(samples: np.ndarray, payload: bytes) -> np.ndarray:
    data = _STEGPY_MAGIC + len(payload).to_bytes(4, "big") + b"\0" + payload
    pairs = to_bits(data, "lsb-first").reshape(-1, 2)
    out = _write_low(samples, pairs @ np.array([1, 2]), 2)
    out[0] = (out[0] & 0xCF) | 0x10  # the tool notes its depth, two bits, in the first sample
    return out


def _read_stegpy(samples: np.ndarray) -> bytes:
    pairs = np.stack([samples & 1, (samples >> 1) & 1], axis=1)
    data = np.packbits(pairs.reshape(-1), bitorder="little").tobytes()
    if not data.startswith(_STEGPY_MAGIC):
        raise StarlightError("stegpy: no stegv3 at the start")
    return data[_STEGPY_HEADER:][: int.from_bytes(data[6:10], "big")]


def _stegpy_header(data: bytes, _: int) -> tuple[int, int] | None:
    known = data.startswith(_STEGPY_MAGIC) and data[_STEGPY_HEADER - 1 : _STEGPY_HEADER] == b"\0"
    return (_STEGPY_HEADER, int.from_bytes(data[6:10], "big")) if known else None


def _write_low(samples: np.ndarray, values: np.ndarray, depth: int) -> np.ndarray:
    if len(values) > len(samples):
        raise StarlightError(f"payload: {len(values)} samples are needed, the image has {len(samples)}")
    out = samples.copy()
    out[: len(values)] = (out[: len(values)] & (0xFF << depth & 0xFF)) | values.astype(np.uint8)
    return out


FRAMINGS = {
    "stegano": Framing(_write_stegano, _read_stegano, lambda n: n - 64, "lsb", "msb-first", _stegano_header),
    "stepic": Framing(_write_stepic, _read_stepic, lambda n: n // 9 * 8, "nine", "msb-first", lambda *_: None),
    "stego-lsb": _stego_lsb(2),
    "stego-lsb-1": _stego_lsb(1),
    "stegpy": Framing(
        _write_stegpy, _read_stegpy, lambda n: 2 * n - 8 * _STEGPY_HEADER - 8, "pairs", "lsb-first", _stegpy_header
    ),
}
