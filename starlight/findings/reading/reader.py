"""The one reader of what an image file holds: `detect`, `extract`, `explain` and the check of negatives ask it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from starlight.findings.account import Span, account
from starlight.findings.even_levels import even_levels
from starlight.findings.finding import Finding
from starlight.findings.level_noise import level_noise
from starlight.findings.palette_order import palette_order
from starlight.findings.pixels import by_tools, search
from starlight.findings.random_planes import random_planes
from starlight.findings.reading.coefficients import in_coefficients
from starlight.findings.tool_marks import tool_marks
from starlight.images.image import Image
from starlight.streams.readable.decode import decode_payload
from starlight.techniques import LABELS

__all__ = ["Reading", "in_low_bits", "read"]

_PLACES = {"alpha": "in alpha LSBs", "palette": "in palette index LSBs", "lsb.rgb": "in colour LSBs"}


@dataclass(frozen=True)
class Reading:
    """What was read in a file.

    Attributes
    ----------
    hidden : tuple of Finding
        Payloads, the surest first.
    notes : tuple of Finding
        What people and devices left openly.
    spans : tuple of Span
        The account of bytes: they tile the file.
    """

    hidden: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    spans: tuple[Span, ...]

    @property
    def techniques(self) -> np.ndarray:
        """(t,) bool, which of `LABELS` the hidden payloads were written with."""
        names = {found.technique for found in self.hidden}
        return np.array([name in names for name in LABELS])


def read(image: Image) -> Reading:
    """Read all that can be read in an image file.

    Parameters
    ----------
    image : Image

    Returns
    -------
    Reading
    """
    kept, searched = account(image), search(image)
    searched += [found for found in by_tools(image) if not any(found.payload in one.payload for one in searched)]
    known = {found.technique for found in searched}
    low = [found for found in [in_low_bits(image)] if found and found.technique not in known]
    known |= {found.technique for found in low}
    marked = [found for found in tool_marks(image) if found.technique not in known]
    random = [found for found in random_planes(image) if found.technique not in known]
    known |= {found.technique for found in random}
    random += [found for found in even_levels(image) if found.technique not in known]
    random += palette_order(image) + level_noise(image)
    marked += in_coefficients(image)
    hidden = [*searched, *low, *marked, *random, *(found for found in kept.findings if found.hidden)]
    notes = tuple(found for found in kept.findings if not found.hidden)
    return Reading(tuple(hidden), notes, kept.spans)


def in_low_bits(image: Image) -> Finding | None:
    """The payload in the least significant bits, in scan order, that is most certainly text."""
    found = decode_payload(image)
    if found is None or found.technique not in _PLACES:
        return None
    what, place = f"text of {len(found.payload)} bytes", f"{_PLACES[found.technique]} ({found.variant})"
    return Finding(found.technique, place, what, found.payload)
