"""HUGO: costs from how much a change moves the co-occurrences of residuals, as SPAM counts them.

Pevny, Filler, Bas, "Using High-Dimensional Image Models to Perform Highly Undetectable Steganography", IH 2010.
"""

import numpy as np

from starlight.techniques.spatial.adaptive import embed_channels

__all__ = ["CARRIER", "NAME", "RATES", "READABLE", "SHOWN_IN", "SLOW", "embed"]

NAME = "hugo"
CARRIER = "samples"
READABLE = False
SHOWN_IN = ("content",)
RATES = "adaptive"
SLOW = 1.0


def embed(cover: np.ndarray, rate: float, *, seed: int = 0) -> np.ndarray:
    """Simulate HUGO embedding of a random message in each channel.

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

    return embed_channels(conseal.hugo.simulate_single_channel, cover, rate, seed)
