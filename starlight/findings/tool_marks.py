"""Payloads whose frame is as certain as a text would be: programs mark where a payload ends, or that there is one.

- stepic leaves every ninth bit 0 but for the last byte's, which is 1: zeros in a row beside bits that are as even as
  a cipher's, or that a signature begins. Texts are read by their language.
- stegano's reversible hiding (histogram shifting of Ni, Shi, Ansari and Su, TCSVT 16, 2006) writes a magic number,
  the peak, the empty value and a length to the first 64 low bits, and the message to samples at the peak.
- stegpy begins with `stegv3`, in JPEG files in the magnitudes of the AC coefficients, two bits to each.

Formats as these programs write them, compared with their output.
"""

from __future__ import annotations

import numpy as np

from starlight.errors import BadImage
from starlight.findings.contents import identify
from starlight.findings.contents.content import CIPHER
from starlight.findings.finding import Finding
from starlight.images.containers.jpeg import ZIGZAG
from starlight.images.image import Image

__all__ = ["tool_marks"]

_FEWEST = 48  # bytes that stepic's mark must span: as many zeros in a row
_MAGIC = 0x5244  # of stegano's reversible hiding
_HEADER = 64  # its bits
_STEGPY, _STEGPY_HEADER = b"stegv3", 11  # bytes: the magic, a length in four, the length of a name in one
_CODES = {0: 1, 1: 2, 2: 4}  # bits a coefficient, by what the first one holds
_HEAD_BLOCKS = 8  # of luma, that a header lies in


def tool_marks(image: Image) -> list[Finding]:
    """Read payloads that a program's frame gives away, whatever they are.

    Parameters
    ----------
    image : Image

    Returns
    -------
    list of Finding
    """
    if image.container.format == "jpeg":
        found = _stegpy(image)
    elif image.container.lossless and image.indices is None:
        found = _stepic(image) or _shifted(image)
    else:
        found = None
    return [found] if found else []


def _stepic(image: Image) -> Finding | None:
    if image.pixels.shape[2] != 3:
        return None
    samples = image.pixels.reshape(-1)
    last = samples[8::9] & 1
    if not len(last) or last[:_FEWEST].any():
        return None
    count = int(last.argmax()) + 1 if last.any() else 0
    data = np.packbits(samples[: 9 * count].reshape(-1, 9)[:, :8] & 1).tobytes()
    content = identify(data)
    if count <= _FEWEST or not (content.signed or content.kind == CIPHER):  # flat pictures have zeros in a row, too
        return None
    return Finding("lsb.rgb", "in colour LSBs, as stepic writes", content.what, data)


def _shifted(image: Image) -> Finding | None:
    parts = [image.pixels] if image.alpha is None else [image.pixels, image.alpha[..., None]]
    head = np.concatenate([part[:1, :_HEADER] for part in parts], axis=2).reshape(-1)[:_HEADER]
    if image.container.width < _HEADER or _number(head[:16] & 1) != _MAGIC:
        return None
    peak, zero, length = (_number(head[a:b] & 1) for a, b in ((16, 24), (24, 32), (32, 64)))
    samples = np.concatenate(parts, axis=2).reshape(-1)[_HEADER:]
    companion = peak + (1 if peak < zero else -1)
    bits = samples[(samples == peak) | (samples == companion)] == companion
    if peak == zero or not _HEADER < length <= len(bits):
        return None
    data = np.packbits(bits[_HEADER:length]).tobytes()
    return Finding("other", f"in the histogram's peak at {peak}, as stegano shifts it", _what(data), data)


def _stegpy(image: Image) -> Finding | None:
    try:
        whole = image.coefficients
    except BadImage:  # pixels that can be decoded, coefficients that cannot
        return None
    if whole is None or whole.y.size < 64 * _HEAD_BLOCKS:
        return None
    order = list(ZIGZAG[1:])
    head = np.abs(whole.y.reshape(-1, 64)[:_HEAD_BLOCKS][:, order].reshape(-1))
    depth = _CODES.get(int(head[0]) & 3)
    if depth is None or not _bytes(head[1:], depth).startswith(_STEGPY):
        return None
    planes = [plane for plane in (whole.y, whole.cb, whole.cr) if plane is not None]
    values = np.concatenate([plane.reshape(-1, 64)[:, order].reshape(-1) for plane in planes])
    data = _bytes(np.abs(values[1:]), depth)
    length, name = int.from_bytes(data[6:10], "big"), data[10]
    payload = data[_STEGPY_HEADER + name :][:length]
    return Finding("other", "in the AC coefficients, as stegpy writes", _what(payload), payload)


def _bytes(values: np.ndarray, depth: int) -> bytes:
    """Bytes of which each value holds so many bits, the lowest first."""
    planes = np.stack([values >> bit & 1 for bit in range(depth)], axis=1).astype(np.uint8)
    return np.packbits(planes.reshape(-1), bitorder="little").tobytes()


def _number(bits: np.ndarray) -> int:
    return int("".join(map(str, bits.tolist())), 2)


def _what(data: bytes) -> str:
    return str(identify(data))
