"""JPEG by other encoders than Pillow's: libjpeg of several ages, and mozjpeg with its trellis, as jpeglib brings them.

What programs and devices write differs in more than its tables: how the transform is computed (the fast integer one of
telephones loses accuracy), how chroma is made smaller, and whether a trellis chooses the coefficients: mozjpeg sets
to zero, and lowers, what costs more bits than it is worth.
"""

import tempfile
import warnings
from pathlib import Path

import jpeglib
import numpy as np

from starlight.errors import StarlightError
from starlight.system.quiet import native_stderr

__all__ = ["ARITHMETIC", "LIBRARIES", "MOZJPEG_BASES", "encode"]

LIBRARIES = ("6b", "9e", "turbo210", "mozjpeg403")
MOZJPEG_BASES = 9  # tables that mozjpeg scales by quality: Annex K, flat, and seven others
ARITHMETIC = {"islow": "JDCT_ISLOW", "ifast": "JDCT_IFAST", "float": "JDCT_FLOAT"}


def encode(
    samples: np.ndarray,
    steps: int | tuple[tuple[int, ...], ...],
    *,
    library: str,
    arithmetic: str = "islow",
    base: int = 0,
    sampling: str = "4:2:0",
    progressive: bool = False,
    optimize: bool = False,
) -> bytes:
    """Write a JPEG file with a JFIF header and no other metadata.

    Parameters
    ----------
    samples : ndarray of uint8, shape (H, W) or (H, W, 3)
    steps : int or tuple of tuple of int
        Quality, or a table of 64 steps for luma and one for chroma.
    library : str
        One of `LIBRARIES`. mozjpeg always writes progressive files with tables of codes of their own.
    arithmetic : str
        A key of `ARITHMETIC`.
    base : int
        Which table mozjpeg scales by quality, under `MOZJPEG_BASES`.
    sampling : str
        One of `tables.SAMPLINGS`; of no effect on grey.
    progressive, optimize : bool

    Returns
    -------
    bytes

    Raises
    ------
    StarlightError
        An unknown library or arithmetic.
    """
    if library not in LIBRARIES or arithmetic not in ARITHMETIC:
        raise StarlightError(f"JPEG encoder {library!r} with {arithmetic!r}: known are {LIBRARIES}, {(*ARITHMETIC,)}")
    flags = [name for name, on in (("+PROGRESSIVE_MODE", progressive), ("+OPTIMIZE_CODING", optimize)) if on]
    options = {"flags": flags, "dct_method": jpeglib.DCTMethod[ARITHMETIC[arithmetic]]}
    if isinstance(steps, int):
        options["qt"] = steps
        if library.startswith("mozjpeg"):
            options["base_quant_tbl_idx"] = base
    else:
        used = steps[: 1 if samples.ndim == 2 else 2]
        options |= {"qt": np.array(used, np.uint16).reshape(-1, 8, 8)}
        options |= {"quant_tbl_no": [0] if samples.ndim == 2 else [0, len(used) - 1, len(used) - 1]}
    with tempfile.TemporaryDirectory() as folder, jpeglib.version(library), warnings.catch_warnings():
        path = Path(folder, "out.jpeg")
        picture = jpeglib.from_spatial(np.ascontiguousarray(np.atleast_3d(samples)))
        if samples.ndim == 3:
            picture.samp_factor = sampling
        with native_stderr():  # mozjpeg warns of tables too coarse for baseline, which is what old telephones write
            picture.write_spatial(str(path), **options)
        return path.read_bytes()
