"""LSB replacement: even values only ever rise, odd ones only fall. At pseudo-random places, or from the first on.

Tools differ in where the bits go and how many a sample takes: stego-lsb and stegpy fill the two lowest bits in scan
order, stepic the lowest.
"""

import numpy as np

from starlight.errors import StarlightError
from starlight.techniques.spatial.random_lsb import visited

__all__ = ["CARRIER", "NAME", "RATES", "READABLE", "SHOWN_IN", "embed", "vary"]

NAME = "lsbr"
CARRIER = "samples"
READABLE = False
SHOWN_IN = ("content",)
RATES = "lsb"

_DEPTHS, _DEPTH_SHARES = (1, 2, 3, 4), (0.78, 0.14, 0.04, 0.04)
_IN_ORDER = 0.25  # share of payloads in scan order


def embed(cover: np.ndarray, rate: float, *, seed: int = 0, depth: int = 1, in_order: bool = False) -> np.ndarray:
    """Simulate LSB replacement of a random message.

    Parameters
    ----------
    cover : ndarray of uint8, shape (H, W) or (H, W, C)
    rate : float
        Share of the samples that carry, in (0, 1]: bits per sample where each carries one.
    seed : int
        Key of places and message.
    depth : int
        Lowest bits replaced in each, 1 to 4.
    in_order : bool
        In scan order from the first sample on.

    Returns
    -------
    ndarray of uint8, same shape as cover

    Raises
    ------
    StarlightError
        If the rate or the depth is out of range.
    """
    if not 1 <= depth <= 4:
        raise StarlightError(f"depth: {depth} is not in 1 to 4 bits")
    rng = np.random.default_rng(seed)
    order = visited(cover, rate, rng, in_order=in_order)
    message = rng.integers(0, 1 << depth, len(order), np.uint8)
    stego = cover.copy().reshape(-1)
    stego[order] = (stego[order] & ~np.uint8((1 << depth) - 1)) | message
    return stego.reshape(cover.shape)


def vary(rng: np.random.Generator) -> dict[str, int | bool]:
    """Draw `depth` and `in_order` as tools have them."""
    return {"depth": int(rng.choice(_DEPTHS, p=_DEPTH_SHARES)), "in_order": bool(rng.random() < _IN_ORDER)}
