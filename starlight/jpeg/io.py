"""Quantised DCT coefficients in and out of JPEG files, through libjpeg (jpeglib), without any recompression.

Reading calls jpeglib's binding once, on a file in memory: `jpeglib.read_dct` decodes everything twice, and by way of
the disk. Writing always starts from a template file, so that
a stego file and its payload-free twin share tables, sampling, markers and entropy coder.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import jpeglib
import numpy as np
from jpeglib._bind import CJpegLib

from starlight.errors import BadImage
from starlight.images import Coefficients

__all__ = ["read_coefficients", "write_coefficients"]

_START_OF_IMAGE = b"\xff\xd8"
_FRAMES = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA)
_SEGMENTS = (0xC4, 0xCC, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0))


def read_coefficients(data: bytes) -> Coefficients:
    """Read the quantised DCT coefficients of a JPEG file.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    Coefficients
        Components y, cb, cr as int16 (Hb, Wb, 8, 8); cb and cr are None for grey images. A fourth component (black)
        is not returned.

    Raises
    ------
    BadImage
        No JPEG, or one that libjpeg cannot read.
    """
    dimensions = _block_dimensions(data)
    try:
        with _as_file(data) as path:
            return _read(path, dimensions)
    except OSError as error:
        raise BadImage(f"unreadable JPEG coefficients: {error}") from None


def write_coefficients(template: bytes, coefficients: Coefficients) -> bytes:
    """Write coefficients into a copy of a JPEG file, keeping its tables, sampling and metadata.

    Parameters
    ----------
    template : bytes
        A JPEG file of the same dimensions, sampling and quantisation.
    coefficients : Coefficients
        What to store. A black component is taken from the template.

    Returns
    -------
    bytes
        The new file. Bytes after the end of the template's image are not carried over.

    Raises
    ------
    BadImage
        The template cannot be read, or its blocks are of another shape.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "template.jpeg"), Path(folder, "out.jpeg")
        source.write_bytes(template)
        try:
            jpeg = jpeglib.read_dct(str(source))
            shapes = [plane.shape for plane in (jpeg.Y, jpeg.Cb, jpeg.Cr) if plane is not None]
        except (OSError, ValueError) as error:
            raise BadImage(f"unreadable JPEG template: {error}") from None
        planes = [plane for plane in (coefficients.y, coefficients.cb, coefficients.cr) if plane is not None]
        if shapes != [plane.shape for plane in planes]:
            raise BadImage("coefficients do not fit the template: their blocks are of another shape")
        for name, plane in zip(("Y", "Cb", "Cr"), planes, strict=False):
            setattr(jpeg, name, np.ascontiguousarray(plane, np.int16))
        flags = ["+PROGRESSIVE_MODE"] if jpeg.progressive_mode else []
        jpeg.write_dct(str(target), flags=flags)
        return target.read_bytes()


def _read(path: str, dimensions: list[tuple[int, int]]) -> Coefficients:
    planes = [np.zeros((rows, columns, 8, 8), np.int16) for rows, columns in dimensions]
    buffers = [np.ctypeslib.as_ctypes(plane.reshape(*plane.shape[:2], 64)) for plane in planes]
    buffers += [None] * (4 - len(buffers))
    tables, index = np.zeros((4, 64), np.uint16), np.zeros(4, np.int16)
    CJpegLib.read_jpeg_dct(
        path, *buffers, np.ctypeslib.as_ctypes(tables), np.ctypeslib.as_ctypes(index), path="the coefficients"
    )
    order = tuple(int(i) for i in index[: len(planes)])
    y, cb, cr = (planes + [None, None])[:3]
    return Coefficients(y=y, cb=cb, cr=cr, qt=tables[: max(order) + 1].reshape(-1, 8, 8), qt_index=order)


def _block_dimensions(data: bytes) -> list[tuple[int, int]]:
    """Rows and columns of blocks of each component, from the first start of frame.

    The buffers handed to libjpeg are sized by this, so it walks the markers as libjpeg does and stops at anything
    that libjpeg would not accept.
    """
    if data[:2] != _START_OF_IMAGE:
        raise BadImage("no JPEG")
    position = 2
    while (position := data.find(b"\xff", position)) >= 0 and position + 4 <= len(data):
        marker = data[position + 1]
        if marker in (0x00, 0xFF):
            position += 1 + (marker == 0)
            continue
        if marker in _FRAMES:
            return _frame_dimensions(data[position + 4 : position + 4 + 255 * 3 + 6])
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            position += 2
            continue
        if marker not in _SEGMENTS:
            raise BadImage(f"JPEG with marker {marker:#04x} before its frame")
        position += max(4, 2 + int.from_bytes(data[position + 2 : position + 4], "big"))
    raise BadImage("JPEG without a frame")


def _frame_dimensions(frame: bytes) -> list[tuple[int, int]]:
    if len(frame) < 6 or len(frame) < 6 + 3 * frame[5]:
        raise BadImage("JPEG frame cut short")
    precision, components = frame[0], frame[5]
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    if precision != 8 or not height or not width or components not in (1, 3, 4):
        raise BadImage(f"JPEG frame of {width}x{height}, {precision} bits, {components} components")
    factors = [(frame[7 + 3 * i] & 15, frame[7 + 3 * i] >> 4) for i in range(components)]
    if not all(1 <= factor <= 4 for pair in factors for factor in pair):
        raise BadImage("JPEG with a sampling factor outside 1 to 4")
    tallest, widest = (max(pair[axis] for pair in factors) for axis in (0, 1))
    return [(-(-height * down // (8 * tallest)), -(-width * across // (8 * widest))) for down, across in factors]


@contextlib.contextmanager
def _as_file(data: bytes) -> Iterator[str]:
    """A path that libjpeg can open; kept in memory where the system can."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("jpeg")
        try:
            with open(descriptor, "wb", closefd=False) as file:
                file.write(data)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    with tempfile.NamedTemporaryFile(suffix=".jpeg") as file:
        file.write(data)
        file.flush()
        yield file.name
