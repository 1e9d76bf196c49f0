"""LSB matching at pseudo-random places: a wrong bit is mended by +1 or -1 at random.

Sharp, "An Implementation of Key-Based Digital Signal Steganography", IH 2001. At 0 and 255 the step is inwards.
"""

import numpy as np

from starlight.techniques.spatial.random_lsb import visited

__all__ = ["CARRIER", "NAME", "RATES", "READABLE", "SHOWN_IN", "embed"]

NAME = "lsbm"
CARRIER = "samples"
READABLE = False
SHOWN_IN = ("content",)
RATES = "lsb"


def embed(cover: np.ndarray, rate: float, *, seed: int = 0) -> np.ndarray:
    """Simulate LSB matching of a random message.

    Parameters
    ----------
    cover : ndarray of uint8, shape (H, W) or (H, W, C)
    rate : float
        Bits per sample, in (0, 1].
    seed : int
        Key of places, message and signs.

    Returns
    -------
    ndarray of uint8, same shape as cover

    Raises
    ------
    StarlightError
        If the rate is out of range.
    """
    rng = np.random.default_rng(seed)
    order = visited(cover, rate, rng)
    message = rng.integers(0, 2, len(order), np.uint8)
    wrong = np.zeros(cover.size, bool)
    wrong[order] = (cover.reshape(-1)[order] & 1) != message  # of every other one, chance is right
    step = rng.integers(0, 2, cover.shape, np.int16) * 2 - 1
    step[cover == 0] = 1
    step[cover == 255] = -1
    return (cover + step * wrong.reshape(cover.shape)).astype(np.uint8)
