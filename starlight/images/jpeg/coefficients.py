"""The quantised DCT coefficients of a JPEG file: plain values, which embedding and statistics share."""

from __future__ import annotations

import dataclasses

import numpy as np

__all__ = ["Coefficients"]


@dataclasses.dataclass(frozen=True)
class Coefficients:
    """Coefficient planes and quantisation tables.

    Attributes
    ----------
    y, cb, cr : (rows, columns, 8, 8) int16
        Blocks of a component, row-major, natural order within; cb and cr are None in a grey image.
        The fourth plane of a CMYK file is left out.
    qt : (tables, 8, 8) uint16
        By slot.
    qt_index : tuple of int
        Slot of each component of the file.
    extraneous : int
        Bytes of a scan that its decoder skipped, up to the next marker: no part of the picture.
    """

    y: np.ndarray
    cb: np.ndarray | None
    cr: np.ndarray | None
    qt: np.ndarray
    qt_index: tuple[int, ...]
    extraneous: int = 0
