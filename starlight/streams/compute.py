"""All streams of one decoded image."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterable

import numpy as np
from threadpoolctl import ThreadpoolController

from starlight.errors import StarlightError
from starlight.images.image import Image
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
    with _ONE_THREAD:
        return {name: REGISTRY[name].compute(image, tiles) for name in stored_names(names)}


class _OneThread:
    """One BLAS thread: more of them sum in another order, which gives other bytes.

    The limit is the whole process's. So the first thread that computes sets it and the last one lifts it: lifted by
    any other, it would change the sums of those that are still at work.
    """

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._limit: contextlib.AbstractContextManager = contextlib.nullcontext()

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                blas = _blas()
                alone = all(library.num_threads == 1 for library in blas.lib_controllers)
                self._limit = contextlib.nullcontext() if alone else blas.limit(limits=1)
                self._limit.__enter__()
            self._inside += 1

    def __exit__(self, *failure: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._limit.__exit__(None, None, None)


_ONE_THREAD = _OneThread()


@functools.cache
def _blas() -> ThreadpoolController:
    """Looked up once: it searches the libraries that are loaded, which takes milliseconds."""
    return ThreadpoolController().select(user_api="blas")
