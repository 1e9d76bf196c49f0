"""Pictures as they circulate before somebody tampers with them: compressed, and often cut off the grid of their blocks.

What is pasted or painted into such a picture afterwards lacks the traces of its compression, or has others; most
pictures that are tampered with have such a history, whatever file they end in.
"""

import dataclasses

import numpy as np

from starlight.sample.tampering.pictures.picture import Box, Picture, compressed

__all__ = ["circulated"]

_SHARE = 0.6  # of the pictures; the others are as they were made
_AGAIN = 0.25  # share of those that were compressed more than once
_CUT = 0.4  # share of those that were cut afterwards, so that their blocks no longer begin in the corner
_QUALITIES = (55, 97)
_BLOCK = 8  # pixels of a side of JPEG's blocks


def circulated(picture: Picture, rng: np.random.Generator) -> Picture:
    """Give most pictures a history: compressed once or twice as JPEG, each time cut by less than a block, or not.

    Parameters
    ----------
    picture : Picture
    rng : numpy.random.Generator

    Returns
    -------
    Picture
        Up to 14 pixels a side smaller; its boxes are where they were in it.
    """
    if rng.random() >= _SHARE:
        return picture
    pixels, top, left = picture.pixels, 0, 0
    for _ in range(1 + int(rng.random() < _AGAIN)):
        pixels = compressed(pixels, int(rng.integers(*_QUALITIES)), int(rng.choice([0, 2])))
        if rng.random() < _CUT:
            down, right = (int(n) for n in rng.integers(0, _BLOCK, 2))
            pixels, top, left = pixels[down:, right:], top + down, left + right
    boxes = tuple(_moved(box, top, left) for box in picture.boxes)
    return dataclasses.replace(picture, pixels=np.ascontiguousarray(pixels), boxes=boxes)


def _moved(box: Box, top: int, left: int) -> Box:
    """A box after rows and columns before it were cut off; what lay in them is no longer part of it."""
    y, x, high, wide = box
    cut = max(top - y, 0), max(left - x, 0)
    return max(y - top, 0), max(x - left, 0), max(high - cut[0], 1), max(wide - cut[1], 1)
