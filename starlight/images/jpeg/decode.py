"""Quantised DCT coefficients of a JPEG file, exactly as the file stores them.

jpeglib's compiled reader (libjpeg-turbo) is called directly: its Python layer decodes every file twice more, to list
markers and scans that `containers` has already walked. The reader trusts its caller for the size of the buffers and
keeps a table of 50 markers, so it is only shown a file of which nothing is left but what its decoder needs.
"""

from __future__ import annotations

import ctypes
import functools
import os
import re
import tempfile
from pathlib import Path

import numpy as np

from starlight.errors import BadImage
from starlight.images.containers import Container
from starlight.images.containers.jpeg import frame_components
from starlight.images.jpeg.coefficients import Coefficients
from starlight.system.quiet import native_stderr

__all__ = ["jpeg_skeleton", "read"]

_NEEDED = ("SOI", "DQT", "DHT", "DAC", "DRI", "SOS", "DNL")
_EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker")


def read(data: bytes, container: Container, *, rows: int | None = None) -> Coefficients:
    """Read the coefficients of a JPEG file that `containers.parse` has accepted.

    Parameters
    ----------
    data : bytes
    container : Container
    rows : int, optional
        Rows of pixels, from the top, whose blocks are wanted; all if None.

    Raises
    ------
    BadImage
        libjpeg refuses the file, or its data end before the image does.
    """
    factors = frame_components(data, container)
    h_max, v_max = max(h for h, _ in factors), max(v for _, v in factors)
    shapes = [(-(-container.height * v // (8 * v_max)), -(-container.width * h // (8 * h_max))) for h, v in factors]
    planes = [np.zeros((*shape, 8, 8), np.int16) for shape in shapes]
    tables, slots = np.zeros((4, 8, 8), np.uint16), np.zeros(4, np.int16)
    pointers = [_pointer(p) for p in planes] + [None] * (4 - len(planes))
    handle, path = tempfile.mkstemp(suffix=".jpg")
    try:
        with open(handle, "wb") as file:
            file.write(jpeg_skeleton(data, container))
        with native_stderr() as words:
            status = _library().read_jpeg_dct(os.fsencode(path), *pointers, _pointer(tables), _pointer(slots))
    finally:
        os.unlink(path)
    if not status:
        raise BadImage(f"JPEG coefficients: {words[0] if words else 'libjpeg refuses the file'}")
    if any("premature end" in line for line in words):
        raise BadImage("truncated JPEG data")
    index = tuple(int(s) for s in slots[: len(planes)])
    if min(index) < 0 or max(index) > 3:
        raise BadImage("JPEG component without a quantisation table")
    if rows is not None and rows < container.height:
        planes = [p[: -(-rows * v // (8 * v_max))].copy() for p, (_, v) in zip(planes, factors, strict=True)]
    cb, cr = planes[1:3] if len(planes) > 2 else (None, None)
    return Coefficients(planes[0], cb, cr, tables[: max(index) + 1], index, _extraneous(words))


def _extraneous(words: list[str]) -> int:
    """As libjpeg warns of them: `Corrupt JPEG data: 37 extraneous bytes before marker 0xd9`."""
    found = (_EXTRANEOUS.search(line) for line in words)
    return next((int(match.group(1)) for match in found if match), 0)


def jpeg_skeleton(data: bytes, container: Container) -> bytes:
    """The file without metadata, thumbnails, second images and trailer: all of it that bears on its pixels."""
    pieces, jfif = [], False
    for i, (name, offset, length) in enumerate(container.segments):
        if name == "EOI":
            break
        if name.startswith("SOF") or name in _NEEDED or name == "APP14":
            stop = offset + length
        elif name == "APP0" and not jfif:
            stop, jfif = offset + length, True
        else:
            continue
        if name == "SOS":  # its entropy-coded data reach to the next segment
            stop = container.segments[i + 1][1] if i + 1 < len(container.segments) else len(data)
        pieces.append(data[offset:stop])
    complete = any(name == "EOI" for name, _, _ in container.segments)
    return b"".join(pieces) + (b"\xff\xd9" if complete else b"")


@functools.cache
def _library() -> ctypes.CDLL:
    from jpeglib import cjpeglib

    found = [p for folder in cjpeglib.__path__ for p in Path(folder).glob("cjpeglib_turbo210.*")]
    return ctypes.CDLL(str(found[0]))


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)
