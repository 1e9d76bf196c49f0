"""What a generator of negatives hands out, and what the generators share."""

from dataclasses import dataclass, field

import numpy as np

from starlight.images.writing.encode import Encoding, encode
from starlight.sample import covers
from starlight.sample.covers import Cover
from starlight.sample.covers.sizes import size

__all__ = ["Lookalike", "colour", "lossless", "pack", "scene", "sides"]


@dataclass(frozen=True)
class Lookalike:
    """A clean file that looks as if it hid something.

    Attributes
    ----------
    data : bytes
        The file.
    format : str
        A key of `encoders.SUFFIXES`.
    cover_id : str
    processing : str
        How it was made.
    metadata : dict
        Facts for the manifest, plain JSON values.
    """

    data: bytes
    format: str
    cover_id: str
    processing: str
    metadata: dict = field(default_factory=dict)


def sides(rng: np.random.Generator, largest: int = 512) -> tuple[int, int]:
    """Draw height and width in pixels."""
    return size(rng, smallest=48, largest=largest)


def scene(rng: np.random.Generator, number: str, *, drawn: float = 0.15, largest: int = 512) -> Cover:
    """Make a photograph, a camera scene or, with probability `drawn`, a drawing.

    Parameters
    ----------
    rng : Generator
    number : str
        Makes the cover_id unique.
    drawn : float
        Probability.
    largest : int
        Side in pixels.

    Returns
    -------
    Cover
    """
    source = str(rng.choice(["photo", "camera", "drawing"], p=[0.55 * (1 - drawn), 0.45 * (1 - drawn), drawn]))
    return covers.make(source, rng, *sides(rng, largest), f"negative-{number}")


def colour(pixels: np.ndarray) -> np.ndarray:
    """Repeat a grey channel to three."""
    return pixels if pixels.ndim == 3 else np.stack([pixels] * 3, axis=2)


def lossless(rng: np.random.Generator, samples: np.ndarray) -> Encoding:
    """Draw a lossless container that holds these samples."""
    formats = {2: ["png", "tiff", "bmp"], 3: ["png", "png", "png", "webp", "bmp", "tiff"]}
    kinds = formats[samples.ndim] if samples.ndim == 2 or samples.shape[2] == 3 else ["png", "png", "png", "webp"]
    name = str(rng.choice(kinds)) if samples.ndim == 2 or samples.shape[2] != 2 else "png"
    return Encoding(name, level=int(rng.choice([1, 3, 6])), quality=int(rng.integers(10, 80)))


def pack(samples: np.ndarray, encoding: Encoding, cover: Cover, note: str, **metadata: object) -> Lookalike:
    """Write samples and gather what the manifest says of them.

    Parameters
    ----------
    samples : ndarray
        Pixels or indices of a palette.
    encoding : Encoding
    cover : Cover
        That they were made from.
    note : str
        What was done to it.
    **metadata
        Further facts for the manifest.

    Returns
    -------
    Lookalike
    """
    facts = {"width": samples.shape[1], "height": samples.shape[0]} | metadata
    return Lookalike(encode(samples, encoding), encoding.format, cover.cover_id, f"{cover.processing}; {note}", facts)
