"""A file that was scanned before, read again: it must be what it was."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlight.errors import BadImage
from starlight.images.containers import Limits
from starlight.images.image import Image, decode

__all__ = ["read_known"]


def read_known(path: Path, sample_id: str, limits: Limits) -> Image:
    """Decode the file of a known content.

    Parameters
    ----------
    path : Path
    sample_id : str
        Of the content that it had at the scan.
    limits : Limits

    Raises
    ------
    BadImage
        It is gone, has changed since the scan, or cannot be read within the limits.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadImage(f"gone since the scan: {error.strerror or error}") from error
    if hashlib.sha256(data).hexdigest()[:16] != sample_id:
        raise BadImage("changed since the scan")
    return decode(data, limits)
