"""What the detector reads of an image: nine streams, one module each, under one registry.

A module has `NAME`, `VERSION`, `compute(image, tiles)`, which gives the compact form that is stored, and
`to_model(stored, tile)`, which turns it into float32 for the detector. A derived stream has `SOURCE` instead of
`compute`. Vector streams name their entries in `FEATURES` and groups of them in `BLOCKS`.
"""

from starlight.streams import alpha, content, dct, format, lsb, metadata, palette, palette_lsb, pixel

__all__ = ["REGISTRY", "SETS"]

REGISTRY = {module.NAME: module for module in (pixel, alpha, lsb, palette, metadata, format, palette_lsb, content, dct)}
_NAMES = tuple(REGISTRY)
SETS = {"six": _NAMES[:6], "eight": _NAMES[:8], "nine": _NAMES}
