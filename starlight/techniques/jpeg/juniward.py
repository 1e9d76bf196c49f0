"""J-UNIWARD: changes where the wavelet residual of the decompressed image is large; simulated (conseal).

V. Holub, J. Fridrich, T. Denemark, "Universal Distortion Function for Steganography in an Arbitrary Domain",
EURASIP Journal on Information Security 2014.
"""

import numpy as np

from starlight.images.jpeg.blocks import pixels
from starlight.images.jpeg.coefficients import Coefficients
from starlight.techniques.jpeg._luma import changed_luma, luma_table

__all__ = ["CARRIER", "NAME", "RATES", "READABLE", "SHOWN_IN", "SLOW", "embed"]

NAME = "juniward"
CARRIER = "jpeg"
READABLE = False
SHOWN_IN = ("dct",)
RATES = "jpeg"
SLOW = 1.6


def embed(cover: Coefficients, rate: float, *, seed: int = 0) -> Coefficients:
    """Embed random bits in luma as J-UNIWARD would.

    Parameters
    ----------
    cover : Coefficients
    rate : float
        Bits per non-zero AC coefficient (bpnzAC) of luma, 0 to 1.
    seed : int

    Returns
    -------
    Coefficients
        New luma; chroma as it was.

    Raises
    ------
    StarlightError
        Rate out of range, or nothing to embed in.
    """
    import conseal  # takes seconds to load, and only embedding needs it

    table = luma_table(cover)
    samples = pixels(cover.y, table).astype(np.float64)
    return changed_luma(
        cover,
        rate,
        lambda y: conseal.juniward.simulate_single_channel(x0=samples, y0=y, qt=table, alpha=rate, seed=seed),
    )
