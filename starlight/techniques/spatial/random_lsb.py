"""What `lsbr` and `lsbm` share: places and random bits at a given rate."""

import numpy as np

from starlight.errors import StarlightError

__all__ = ["mismatches", "visited"]


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


def mismatches(cover: np.ndarray, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Pick the samples whose least significant bit a random message would change.

    A message of `rate * cover.size` bits visits that many samples in pseudo-random order; half hold the right bit.

    Parameters
    ----------
    cover : ndarray of uint8
    rate : float
        Bits per sample (per pixel of a grey image, per channel value of a colour one), in (0, 1].
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of bool, shape of cover

    Raises
    ------
    StarlightError
        If the rate is out of range.
    """
    order = visited(cover, rate, rng)
    message = rng.integers(0, 2, len(order), np.uint8)
    flat = np.zeros(cover.size, bool)
    flat[order] = (cover.reshape(-1)[order] & 1) != message
    return flat.reshape(cover.shape)
