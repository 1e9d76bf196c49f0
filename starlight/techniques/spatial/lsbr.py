"""LSB replacement at pseudo-random places: even values only ever rise, odd ones only fall."""

import numpy as np

from starlight.techniques.spatial.random_lsb import mismatches

__all__ = ["CARRIER", "NAME", "RATES", "READABLE", "SHOWN_IN", "embed"]

NAME = "lsbr"
CARRIER = "samples"
READABLE = False
SHOWN_IN = ("content",)
RATES = "lsb"


def embed(cover: np.ndarray, rate: float, *, seed: int = 0) -> np.ndarray:
    """Simulate LSB replacement of a random message.

    Parameters
    ----------
    cover : ndarray of uint8, shape (H, W) or (H, W, C)
    rate : float
        Bits per sample, in (0, 1].
    seed : int
        Key of places and message.

    Returns
    -------
    ndarray of uint8, same shape as cover

    Raises
    ------
    StarlightError
        If the rate is out of range.
    """
    return cover ^ mismatches(cover, rate, np.random.default_rng(seed)).astype(np.uint8)
