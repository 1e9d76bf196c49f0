"""Adaptive embedding: costs for each channel, and conseal's simulator of an optimal ternary code."""

import contextlib
import warnings
from collections.abc import Callable, Iterator

import numpy as np

from starlight.errors import StarlightError

__all__ = ["MIN_SIDE", "converging", "embedding"]

MIN_SIDE = 32  # pixels; the wavelet filters of the cost maps are up to 16 wide


@contextlib.contextmanager
def converging() -> Iterator[None]:
    """Turn the simulator's warning that it missed the rate into a StarlightError: the cover has too little texture."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="optimization might not have converged", category=RuntimeWarning)
        try:
            yield
        except RuntimeWarning as error:
            raise StarlightError("cover: too little texture for this rate") from error


def embedding(name: str) -> Callable[..., np.ndarray]:
    """What embeds by the costs of an adaptive technique.

    Parameters
    ----------
    name : str
        Of the technique, and of conseal's module for it.

    Returns
    -------
    callable
        `embed` of that technique's module.
    """

    def embed(cover: np.ndarray, rate: float, *, seed: int = 0) -> np.ndarray:
        """Simulate the embedding of a random message in each channel.

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

        simulate = getattr(conseal, name).simulate_single_channel
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="invalid variance in flat areas")  # MiPOD leaves them as they are
            return _embed_channels(simulate, cover, rate, seed)

    return embed


def _embed_channels(simulate: Callable[..., np.ndarray], cover: np.ndarray, rate: float, seed: int) -> np.ndarray:
    if not 0 < rate <= 1:
        raise StarlightError(f"rate: {rate} is not in (0, 1] bits per pixel")
    if min(cover.shape[:2]) < MIN_SIDE:
        raise StarlightError(f"cover: {cover.shape[1]}x{cover.shape[0]} is smaller than {MIN_SIDE} pixels")
    planes = cover.reshape(*cover.shape[:2], -1)
    with converging():
        stego = [
            simulate(np.ascontiguousarray(planes[..., c]), rate, seed=seed + c).astype(np.uint8)
            for c in range(planes.shape[2])
        ]
    return np.stack(stego, axis=2).reshape(cover.shape)
