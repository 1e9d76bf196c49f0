"""Quantised DCT coefficients out of and back into JPEG files, without any recompression.

Writing always starts from a template file, so that a stego file and its payload-free twin share tables, sampling,
metadata and entropy coder. The copy is always sequential, also of a progressive template.
"""

import tempfile
from pathlib import Path

import jpeglib
import numpy as np

from starlight.errors import BadImage
from starlight.images.containers import parse
from starlight.images.jpeg import decode
from starlight.images.jpeg.coefficients import Coefficients
from starlight.system.quiet import native_stderr

__all__ = ["read_coefficients", "write_coefficients"]


def read_coefficients(data: bytes) -> Coefficients:
    """Read the quantised DCT coefficients of a JPEG file.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    Coefficients
        Components y, cb, cr as int16 (Hb, Wb, 8, 8); cb and cr are None for grey images.

    Raises
    ------
    BadImage
        No JPEG, or one that libjpeg cannot read.
    """
    container = parse(data)
    if container.format != "jpeg":
        raise BadImage(f"{container.format} file: only JPEG has DCT coefficients")
    return decode.read(data, container)


def write_coefficients(template: bytes, coefficients: Coefficients, *, metadata: bool = True) -> bytes:
    """Write coefficients into a copy of a JPEG file, keeping its tables, sampling and metadata.

    Parameters
    ----------
    template : bytes
        A JPEG file of the same dimensions, sampling and quantisation.
    coefficients : Coefficients
        What to store. A black component is taken from the template.
    metadata : bool
        Whether to copy comments and application segments; steghide and others do not.

    Returns
    -------
    bytes
        The new file. Bytes after the end of the template's image are not carried over.

    Raises
    ------
    BadImage
        The template cannot be read, or its blocks are of another shape.
    """
    expected = read_coefficients(template)
    planes = {"Y": coefficients.y, "Cb": coefficients.cb, "Cr": coefficients.cr}
    for plane, old in zip(planes.values(), (expected.y, expected.cb, expected.cr), strict=True):
        if np.shape(plane) != np.shape(old):
            raise BadImage(f"coefficients of shape {np.shape(plane)} for a template of {np.shape(old)}")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "template.jpeg"), Path(folder, "out.jpeg")
        source.write_bytes(template)
        jpeg = jpeglib.read_dct(str(source))
        for name, plane in planes.items():
            if plane is not None:
                setattr(jpeg, name, np.ascontiguousarray(plane, np.int16))
        jpeg.markers = []
        with native_stderr():  # which warns of tables too coarse for baseline: old telephones write them
            jpeg.write_dct(str(target))
        return _headed_as(template, target.read_bytes(), metadata)


def _headed_as(template: bytes, written: bytes, metadata: bool) -> bytes:
    """Give a file the component numbers of the template and, if wanted, its comments and application segments."""
    theirs, ours = (parse(data).segments for data in (template, written))
    frame = next(offset for name, offset, _ in theirs if name.startswith("SOF"))
    numbers = template[frame + 10 : frame + 10 + 3 * template[frame + 9] : 3]
    head = [template[o : o + n] for name, o, n in theirs if metadata and _describes(name)]
    for name, offset, length in ours:
        segment = bytearray(written[offset : offset + length])
        if name.startswith("SOF"):
            segment[10 : 10 + 3 * len(numbers) : 3] = numbers
        if name == "SOS":
            segment[5 : 5 + 2 * len(numbers) : 2] = numbers
            return written[:2] + b"".join(head) + bytes(segment) + written[offset + length :]
        if name != "SOI" and not (metadata and _describes(name)):
            head.append(bytes(segment))
    raise BadImage("JPEG without a scan")


def _describes(segment: str) -> bool:
    return segment == "COM" or segment.startswith("APP")
