"""Quantised DCT coefficients out of and back into JPEG files, without any recompression.

Writing always starts from a template file, so that a stego file and its payload-free twin share tables, sampling,
metadata and entropy coder. The copy is always sequential, also of a progressive template.
"""

import tempfile
from pathlib import Path

import jpeglib
import numpy as np

from starlight import coefficients as reader
from starlight.containers import parse
from starlight.errors import BadImage
from starlight.images import Coefficients

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
    return reader.read(data, container)


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
        jpeg.write_dct(str(target))
        return target.read_bytes()
