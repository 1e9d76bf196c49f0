"""Negatives: clean files that look suspicious, one module a category under one registry.

Every module has `CONSTRAINT`, which says why nothing is hidden, `SHARE`, its weight, and `make(rng, number)`. To add a
category, write its module and add one line to `_MODULES`.
"""

import numpy as np

from starlight.errors import StarlightError
from starlight.sample.lookalikes import (
    annotated,
    benign_trailer,
    camera_exif,
    dithered,
    flat,
    natural_alpha,
    natural_noise,
    recompressed,
    repetitive_patterns,
    rgb_no_alpha,
    scan,
    tiny,
    uniform_alpha,
)
from starlight.sample.lookalikes.lookalike import Lookalike

__all__ = ["CATEGORIES", "Lookalike", "make", "manifest_line", "spread"]

_MODULES = {
    "rgb_no_alpha": rgb_no_alpha,
    "uniform_alpha": uniform_alpha,
    "natural_noise": natural_noise,
    "repetitive_patterns": repetitive_patterns,
    "natural_alpha": natural_alpha,
    "dithered": dithered,
    "camera_exif": camera_exif,
    "benign_trailer": benign_trailer,
    "recompressed": recompressed,
    "annotated": annotated,
    "scan": scan,
    "tiny": tiny,
    "flat": flat,
}
CATEGORIES = tuple(_MODULES)


def make(category: str, rng: np.random.Generator, number: str) -> Lookalike:
    """Make a negative.

    Parameters
    ----------
    category : str
        One of `CATEGORIES`.
    rng : numpy.random.Generator
    number : str
        Makes the cover_id of what is not a photograph unique.

    Returns
    -------
    Lookalike

    Raises
    ------
    StarlightError
        For an unknown category.
    """
    if category not in _MODULES:
        raise StarlightError(f"category: {category!r} is unknown, use one of {', '.join(CATEGORIES)}")
    return _MODULES[category].make(rng, number)


def spread(count: int) -> list[str]:
    """Share `count` negatives out over the categories by their weights."""
    shares = np.array([module.SHARE for module in _MODULES.values()], float)
    exact = shares / shares.sum() * count
    counts = np.floor(exact).astype(int)
    for index in np.argsort(counts - exact, kind="stable")[: count - counts.sum()]:
        counts[index] += 1
    return np.repeat(CATEGORIES, counts).tolist()


def manifest_line(filename: str, category: str, made: Lookalike) -> dict:
    """Describe a negative for `manifest.jsonl`.

    Parameters
    ----------
    filename : str
        From the folder of negatives.
    category : str
    made : Lookalike

    Returns
    -------
    dict
    """
    return {
        "filename": filename,
        "category": category,
        "method_constraint": _MODULES[category].CONSTRAINT,
        "expected_behavior": "clean",
        "format_type": made.format,
        "generation_method": made.processing,
        "validation_status": "generated without payload",
        "metadata": made.metadata | {"bytes": len(made.data), "cover_id": made.cover_id},
    }
