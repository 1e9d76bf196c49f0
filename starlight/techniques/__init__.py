"""Embedding techniques, one module each, under one registry.

To add a technique, write its module in the folder of its group and add one line to `_MODULES`. A module has

- `NAME`,
- `CARRIER`: what in a file it writes to, one of `carriers.CARRIERS`,
- `READABLE`: whether the payload itself can be read back; such a module has `extract` too,
- `SHOWN_IN`: the statistics that its payload shows in: a stream as a whole, or `stream.` with a block or the beginning
  of its features' names,
- `embed`,

and, where it is not as most are,

- `CATEGORY`: of the sidecar, `pixel` unless given,
- `vary`: draws further arguments of `embed`, as they are met,
- `RATES`: in which unit the built-in submission draws its payload, a field of `starlight.sample.embedding.Rates`,
- `SLOW`: it takes so long that the built-in submission gives it small covers alone, whose side is at most this times
  `sample.adaptive_side`, and fewer of them.
"""

import functools
import importlib
from types import ModuleType

from starlight.errors import StarlightError

__all__ = ["LABELS", "OTHER", "TECHNIQUES", "category_of", "get", "group", "protocol", "slow"]

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
    "hugo": "spatial.hugo",
    "mipod": "spatial.mipod",
}
TECHNIQUES = tuple(_MODULES)
OTHER = "other"
LABELS = (*TECHNIQUES, OTHER)  # in the order of masks, of what was read, and of a detector's log-odds


@functools.cache
def get(name: str) -> ModuleType:
    """Return the module of a technique.

    Raises
    ------
    StarlightError
        No technique has this name.
    """
    if name not in _MODULES:
        raise StarlightError(f"technique: {name!r} is unknown, use one of {', '.join(TECHNIQUES)}")
    return importlib.import_module(f"starlight.techniques.{_MODULES[name]}")


def group(carrier: str) -> tuple[str, ...]:
    """Techniques that write to a carrier.

    Examples
    --------
    >>> group("indexed")
    ('palette',)
    """
    return tuple(name for name in TECHNIQUES if carrier == get(name).CARRIER)


@functools.cache
def protocol() -> tuple[str, ...]:
    """Techniques whose evidence is the payload itself: those of the protocol.

    Examples
    --------
    >>> protocol()
    ('alpha', 'palette', 'lsb.rgb', 'exif', 'raw')
    """
    return tuple(name for name in TECHNIQUES if get(name).READABLE)


def category_of(name: str) -> str:
    """What the sidecar calls the place of a technique: `pixel`, `metadata` or `eoi`."""
    return getattr(get(name), "CATEGORY", "pixel")


def slow(name: str) -> float | None:
    """How large a side a slow technique is given, in units of `sample.adaptive_side`; None for one that is not slow."""
    return getattr(get(name), "SLOW", None)
