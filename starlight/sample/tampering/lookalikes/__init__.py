"""Authentic pictures that look tampered with: one function a category under one registry.

What detectors of tampering stumble over: things that repeat for a good reason, and edges, noise and marks that differ
from their surroundings without having been put there. To add a category, write its function and add one line here.
"""

from collections.abc import Callable

import numpy as np

from starlight.sample.tampering.lookalikes import marks, repeats, series, strong
from starlight.sample.tampering.pictures.circulated import circulated
from starlight.sample.tampering.pictures.picture import Picture

__all__ = ["CATEGORIES", "make", "spread"]

_MAKERS: dict[str, Callable[[np.random.Generator, str], Picture]] = {
    "annotated": marks.annotated,
    "dust": marks.dust,
    "gel_lanes": repeats.gel_lanes,
    "high_contrast": strong.high_contrast,
    "insets": series.insets,
    "loading_controls": repeats.loading_controls,
    "low_quality_scan": marks.low_quality_scan,
    "periodic_texture": repeats.periodic_texture,
    "plots": repeats.plots,
    "scale_bars": marks.scale_bars,
    "screenshots": marks.screenshots,
    "sections": series.sections,
    "text_pages": repeats.text_pages,
    "tiles": repeats.tiles,
    "time_series": series.time_series,
    "tissue_boundaries": strong.tissue_boundaries,
}
CATEGORIES = tuple(_MAKERS)


def make(category: str, rng: np.random.Generator, number: str) -> Picture:
    """A picture of one of `CATEGORIES`.

    Parameters
    ----------
    category : str
    rng : Generator
    number : str
        Makes the cover_id unique.

    Returns
    -------
    Picture
    """
    return circulated(_MAKERS[category](rng, number), rng)


def spread(count: int) -> list[str]:
    """Share `count` look-alikes out over the categories, as evenly as they go."""
    return [CATEGORIES[i % len(CATEGORIES)] for i in range(count)]
