"""Freed memory is kept for the next image."""

from __future__ import annotations

import ctypes
import functools
import os

__all__ = ["keep_freed"]

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # names of glibc's <malloc.h>
_KEPT = 64 << 20  # bytes
_LARGEST = 32 << 20  # bytes of one block, the most that glibc allows


@functools.cache
def keep_freed() -> None:
    """Tell the C library to keep up to 64 MiB that arrays gave back, for the life of the process.

    By default glibc returns every large array to the kernel, and half of the time on an image then goes into getting
    the same pages again. Elsewhere this does nothing; results are the same. What the environment says comes first.
    """
    if os.name != "posix" or "MALLOC_TRIM_THRESHOLD_" in os.environ:
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, _KEPT)
        mallopt(_TOP_PAD, _KEPT // 4)
