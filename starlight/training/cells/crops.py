"""Crops of stored images, cut from their files again: a file is a fraction of what its crops are."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from starlight.images.containers import Limits
from starlight.images.known import read_known
from starlight.streams.collate import CROPS
from starlight.streams.compute import compute_streams

__all__ = ["Crops"]

_LIMITS = Limits(max_pixels=1 << 40, max_bytes=1 << 40, max_seconds=60.0)  # the scan let the file pass


class Crops:
    """Where crops come from.

    Parameters
    ----------
    root : Path
        What the manifest's paths start from.
    max_tiles : int
        Most crops of an image.
    """

    def __init__(self, root: Path | str, max_tiles: int) -> None:
        self.root, self.max_tiles = Path(root), max_tiles

    def of(self, sample_id: str, path: str) -> dict[str, np.ndarray]:
        """Crop streams of one image in their stored form.

        Raises
        ------
        BadImage
            The file is gone, or is no more what it was at the scan.
        """
        return compute_streams(read_known(self.root / path, sample_id, _LIMITS), CROPS, self.max_tiles)
