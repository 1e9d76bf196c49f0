"""MiPOD: changes that cost a detector least who knows the variance of each sample.

Sedighi, Cogranne, Fridrich, "Content-Adaptive Steganography by Minimizing Statistical Detectability", IEEE TIFS 2016.
"""

import warnings

import numpy as np

from starlight.techniques.spatial.adaptive import embed_channels

__all__ = ["CARRIER", "NAME", "RATES", "READABLE", "SHOWN_IN", "SLOW", "embed"]

NAME = "mipod"
CARRIER = "samples"
READABLE = False
SHOWN_IN = ("content",)
RATES = "adaptive"
SLOW = 1.0


def embed(cover: np.ndarray, rate: float, *, seed: int = 0) -> np.ndarray:
    """Simulate MiPOD embedding of a random message in each channel.

    Parameters
    ----------
    cover : ndarray of uint8, shape (H, W) or (H, W, C)
    rate : float
        Bits per pixel of each channel, in (0, 1].
    seed : int

    Returns
    -------
    ndarray of uint8, same shape as cover

    Raises
    ------
    StarlightError
        If the rate is out of range, or the cover too small or too flat.
    """
    import conseal  # takes seconds to load, and only embedding needs it

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="invalid variance in flat areas")  # they are left as they are
        return embed_channels(conseal.mipod.simulate_single_channel, cover, rate, seed)
