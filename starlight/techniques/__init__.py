"""Embedding techniques, one module each, under one registry.

Every module has `NAME`, `CARRIER` ("rgba", "indexed", "rgb", "jpeg" or "bytes"), `READABLE`, `SHOWN_IN` (the statistics
that its payload shows in: a stream as a whole, or `stream.` with a block or the beginning of its features' names) and
`embed`; a readable one has `extract` too. To add a technique, write its module and add one line to `_MODULES`.
"""

import importlib
from types import ModuleType

from starlight.errors import StarlightError

__all__ = ["CATEGORIES", "OTHER", "TECHNIQUES", "get"]

_MODULES = {
    "alpha": "readable.alpha",
    "palette": "readable.palette",
    "lsb.rgb": "readable.lsb_rgb",
    "exif": "readable.exif",
    "raw": "readable.raw",
    "lsbr": "spatial.lsbr",
    "lsbm": "spatial.lsbm",
    "f5": "jpeg.f5",
    "nsf5": "jpeg.nsf5",
    "outguess": "jpeg.outguess",
    "steghide": "jpeg.steghide",
    "juniward": "jpeg.juniward",
    "uerd": "jpeg.uerd",
    "hill": "spatial.hill",
    "suniward": "spatial.suniward",
    "wow": "spatial.wow",
}
TECHNIQUES = tuple(_MODULES)
OTHER = "other"
CATEGORIES = {name: "pixel" for name in TECHNIQUES} | {"exif": "metadata", "raw": "eoi"}


def get(name: str) -> ModuleType:
    """Return the module of a technique; its libraries are loaded only now.

    Raises
    ------
    StarlightError
        If no technique has this name.
    """
    if name not in _MODULES:
        raise StarlightError(f"technique: {name!r} is unknown, use one of {', '.join(TECHNIQUES)}")
    return importlib.import_module(f"starlight.techniques.{_MODULES[name]}")
