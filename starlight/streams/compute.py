"""All streams of one decoded image."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable

import numpy as np
from threadpoolctl import ThreadpoolController

from starlight.errors import StarlightError
from starlight.images import Image
from starlight.streams import REGISTRY
from starlight.streams.memory import keep_freed
from starlight.streams.tiles import tile_origins

__all__ = ["compute_streams", "stored_names"]


def stored_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names of the streams that have to be computed for `names`: a derived one is replaced by its source.

    Raises
    ------
    StarlightError
        For a stream that does not exist.
    """
    wanted = set()
    for name in names:
        if name not in REGISTRY:
            raise StarlightError(f"streams: {name!r} is unknown, use some of {', '.join(REGISTRY)}")
        wanted.add(getattr(REGISTRY[name], "SOURCE", name))
    return tuple(name for name in REGISTRY if name in wanted)


def compute_streams(image: Image, names: Iterable[str], max_tiles: int) -> dict[str, np.ndarray]:
    """Compute streams in their stored form.

    Parameters
    ----------
    image : Image
    names : iterable of str
        Streams; `lsb` comes as `pixel`, which it is derived from.
    max_tiles : int
        Most crops of the image, at least 1.

    Returns
    -------
    dict of str to ndarray
        In registry order.

    Raises
    ------
    StarlightError
        For a stream that does not exist.
    BadImage
        When the coefficients of a JPEG cannot be read.
    """
    keep_freed()
    tiles = tile_origins(*image.pixels.shape[:2], max_tiles)
    with _one_thread():
        return {name: REGISTRY[name].compute(image, tiles) for name in stored_names(names)}


def _one_thread() -> contextlib.AbstractContextManager:
    """One BLAS thread: more of them sum in another order, which gives other bytes."""
    blas = _blas()
    if all(library.num_threads == 1 for library in blas.lib_controllers):
        return contextlib.nullcontext()
    return blas.limit(limits=1)


@functools.cache
def _blas() -> ThreadpoolController:
    """Looked up once: it searches the libraries that are loaded, which takes milliseconds."""
    return ThreadpoolController().select(user_api="blas")
