"""One file as the detector sees it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from starlight.errors import StarlightError
from starlight.images.image import read
from starlight.streams import REGISTRY, SETS
from starlight.streams.compute import compute_streams
from starlight.techniques.constraints import constraint_mask

__all__ = ["LABEL_TYPES", "load_unified_input"]

LABEL_TYPES = {"clean": 0, "stego": 1, "negative": 0}
_CROPS = ("pixel", "alpha", "lsb", "palette_lsb")


def load_unified_input(
    path: Path | str, label_type: str, *, streams: str = "nine", max_tiles: int = 1
) -> tuple[dict[str, np.ndarray], int, np.ndarray]:
    """Read a file into the streams of the design.

    Parameters
    ----------
    path : path
    label_type : {"clean", "stego", "negative"}
    streams : {"six", "eight", "nine"}
    max_tiles : int
        Crops of a large image. With more than one, crop streams get a leading axis of tiles.

    Returns
    -------
    tensors : dict of str to float32 ndarray
        `pixel` (3, 256, 256), `alpha` (2, 256, 256), `lsb` (3, 256, 256), `palette` (768,), `metadata` (2048,),
        `format` (d,), `palette_lsb` (1, 256, 256), `content` (d,), `dct` (d,).
    target_label : int
        1 for stego, else 0.
    constraint_mask : (17,) bool

    Raises
    ------
    StarlightError
        For an unknown label type or set of streams; `BadImage` for a file that cannot be read.
    """
    if label_type not in LABEL_TYPES:
        raise StarlightError(f"label_type: {label_type!r} is unknown, use one of {', '.join(LABEL_TYPES)}")
    if streams not in SETS:
        raise StarlightError(f"streams: {streams!r} is unknown, use one of {', '.join(SETS)}")
    if max_tiles < 1:
        raise StarlightError(f"max_tiles: {max_tiles} is not a positive number")
    image = read(path)
    stored = compute_streams(image, SETS[streams], max_tiles)
    tensors = {name: _tensor(name, stored, max_tiles) for name in SETS[streams]}
    return tensors, LABEL_TYPES[label_type], constraint_mask(image)


def _tensor(name: str, stored: dict[str, np.ndarray], max_tiles: int) -> np.ndarray:
    module = REGISTRY[name]
    record = stored[getattr(module, "SOURCE", name)]
    if name in _CROPS and max_tiles > 1:
        return np.stack([module.to_model(record, k) for k in range(len(record))])
    return module.to_model(record).astype(np.float32, copy=False)
