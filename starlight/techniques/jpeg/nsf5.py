"""nsF5: F5 with wet paper codes, which need no shrinkage; simulated at the rate-distortion bound (conseal).

J. Fridrich, T. Pevny, J. Kodovsky, "Statistically Undetectable JPEG Steganography: Dead Ends, Challenges, and
Opportunities", ACM Multimedia and Security 2007.
"""

from starlight.images.jpeg.coefficients import Coefficients
from starlight.techniques.jpeg._luma import changed_luma

__all__ = ["CARRIER", "NAME", "RATES", "READABLE", "SHOWN_IN", "embed"]

NAME = "nsf5"
CARRIER = "jpeg"
READABLE = False
SHOWN_IN = ("dct",)
RATES = "jpeg"


def embed(cover: Coefficients, rate: float, *, seed: int = 0) -> Coefficients:
    """Embed random bits in luma as nsF5 would.

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

    return changed_luma(cover, rate, lambda y: conseal.nsF5.simulate_single_channel(y, rate, seed=seed))
