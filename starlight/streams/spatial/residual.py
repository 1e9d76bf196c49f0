"""Block `residual` of the `content` stream: what high-pass residuals look like, within and across colours.

Co-occurrences of quantised residuals, of the green plane (or the grey one) and of the differences red - green and
blue - green; and the noise floor (see `noise`). The noise of a photograph, and what JPEG makes of it, is shared between
colours; what an embedder adds to each plane is not, and stands out in their difference. Images of more than a million
pixels are judged by evenly spread bands.
"""

from __future__ import annotations

import numpy as np

from starlight.images.image import Image
from starlight.streams.readable.scan_orders import stores_samples
from starlight.streams.spatial import noise
from starlight.streams.spatial.bands import bands, planes
from starlight.streams.spatial.cooccurrence import Spec, count, merged, quantise, second, size

__all__ = ["FEATURES", "MAX_PIXELS", "compute"]

MAX_PIXELS = 1 << 20
_MIN_SIDE = 16
_OWN_FIRST, _OWN_CROSS = Spec("own_first", 1, 2, 3), Spec("own_cross", 2, 2, 3)
_OWN_SQUARE = (Spec("own_square1", 1, 2, 3), Spec("own_square2", 2, 2, 3))
_COLOUR_FIRST = Spec("colour_first", 1, 2, 3)
_COLOUR_SQUARE = (Spec("colour_square_pair", 2, 5, 2), Spec("colour_square_long", 4, 1, 5))
_COLOUR_COARSE = (Spec("colour_square8", 8, 2, 3),)
_SPECS = (_OWN_FIRST, _OWN_CROSS, *_OWN_SQUARE, _COLOUR_FIRST, *_COLOUR_SQUARE, *_COLOUR_COARSE)
FEATURES = (*(f"{spec.name}_{i}" for spec in _SPECS for i in range(size(spec))), *noise.FEATURES)


def compute(image: Image) -> np.ndarray:
    """Values of FEATURES; NaN where samples are not stored or under 16 pixels, and across colours for grey images."""
    height, width, channels = image.pixels.shape
    if not stores_samples(image) or min(height, width) < _MIN_SIDE:
        return np.full(len(FEATURES), np.nan)
    counts = {spec.name: np.zeros(spec.side**spec.order, np.int64) for spec in _SPECS}
    parts = []
    for i, (start, stop) in enumerate(bands(height, width, max_samples=MAX_PIXELS)):
        band = planes(image.pixels, start, stop)
        squares = second(second(band, -1), -2)
        difference = None
        if channels == 1:
            _own(counts, band, squares)
        else:
            difference = squares[::2] - squares[1]
            _first(counts, band[::2] - band[1], _COLOUR_FIRST)
            _squared(counts, difference, _COLOUR_SQUARE)
            if i % 2 == 0:  # what says less is taken of every other band
                _own(counts, band[1:2], squares[1:2])
                _squared(counts, difference, _COLOUR_COARSE)
        parts.append(noise.measure(band, squares, difference, start))
    return np.concatenate([*(merged(counts[spec.name], spec) for spec in _SPECS), noise.summarise(parts)])


def _own(counts: dict[str, np.ndarray], plane: np.ndarray, squares: np.ndarray) -> None:
    _first(counts, plane, _OWN_FIRST)
    _crossed(counts, plane)
    _squared(counts, squares, _OWN_SQUARE)


def _first(counts: dict[str, np.ndarray], band: np.ndarray, spec: Spec) -> None:
    """First differences, along the direction that they are taken in."""
    across, down = band[..., 1:] - band[..., :-1], band[..., 1:, :] - band[..., :-1, :]
    counts[spec.name] += count(quantise(across, spec), quantise(down, spec), spec)


def _crossed(counts: dict[str, np.ndarray], band: np.ndarray) -> None:
    """Second differences, across the direction that they are taken in."""
    across, down = second(band, -2), second(band, -1)
    counts[_OWN_CROSS.name] += count(quantise(across, _OWN_CROSS), quantise(down, _OWN_CROSS), _OWN_CROSS)


def _squared(counts: dict[str, np.ndarray], squares: np.ndarray, specs: tuple[Spec, ...]) -> None:
    """Residuals of the square kernel, along both directions."""
    for spec in specs:
        values = quantise(squares, spec)
        counts[spec.name] += count(values, values, spec)
