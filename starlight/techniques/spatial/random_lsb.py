"""What `lsbr` and `lsbm` share: the places of a message."""

import numpy as np

from starlight.errors import StarlightError

__all__ = ["visited"]


def visited(cover: np.ndarray, rate: float, rng: np.random.Generator, *, in_order: bool = False) -> np.ndarray:
    """Indices into the flat cover of the samples that a message visits.

    Parameters
    ----------
    cover : ndarray of uint8
    rate : float
        Share of the samples, in (0, 1].
    rng : numpy.random.Generator
    in_order : bool
        The first ones in scan order, rather than pseudo-random ones.

    Returns
    -------
    ndarray of int, shape (round(rate * cover.size),)

    Raises
    ------
    StarlightError
        If the rate is out of range.
    """
    if not 0 < rate <= 1:
        raise StarlightError(f"rate: {rate} is not in (0, 1] bits per sample")
    count = round(rate * cover.size)
    return np.arange(count) if in_order else rng.choice(cover.size, count, replace=False, shuffle=False)
