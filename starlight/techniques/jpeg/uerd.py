"""UERD: changes spread by block and mode complexity; simulated at the rate-distortion bound (conseal).

L. Guo et al., "Using Statistical Image Model for JPEG Steganography: Uniform Embedding Revisited", IEEE TIFS 2015.
"""

from starlight.images.jpeg.coefficients import Coefficients
from starlight.techniques.jpeg._luma import changed_luma, luma_table

__all__ = ["CARRIER", "NAME", "RATES", "READABLE", "SHOWN_IN", "embed"]

NAME = "uerd"
CARRIER = "jpeg"
READABLE = False
SHOWN_IN = ("dct",)
RATES = "jpeg"


def embed(cover: Coefficients, rate: float, *, seed: int = 0) -> Coefficients:
    """Embed random bits in luma as UERD would.

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
    return changed_luma(cover, rate, lambda y: conseal.uerd.simulate_single_channel(y, table, rate, seed=seed))
