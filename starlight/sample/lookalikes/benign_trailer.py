"""Files followed by bytes that devices, memory cards and servers leave: padding, thumbnails, films, vendor blocks."""

import io
from dataclasses import replace

import numpy as np
from PIL import Image

from starlight.images.writing.encode import Encoding
from starlight.sample.covers import metadata, palettes
from starlight.sample.lookalikes.lookalike import Lookalike, colour, pack, scene

__all__ = ["CONSTRAINT", "SHARE", "make"]

CONSTRAINT = "what follows the image is padding or a known structure, not a message"
SHARE = 1.2


def make(rng: np.random.Generator, number: str) -> Lookalike:
    """Append a benign trailer to a JPEG, PNG, GIF or WEBP file."""
    cover = scene(rng, number, drawn=0.1)
    name = str(rng.choice(["jpeg", "png", "gif", "webp"], p=[0.55, 0.2, 0.1, 0.15]))
    encoding = Encoding(name, level=3, quality=int(rng.integers(60, 97)), lossless=bool(rng.random() < 0.5))
    samples = colour(cover.pixels)
    if name == "gif":
        samples, palette, _ = palettes.index(cover.pixels, rng)
        encoding = replace(encoding, palette=palette)
    made = pack(samples, encoding, cover, name)
    second = _small_jpeg(cover.pixels)
    trailer, kind = metadata.benign_trailer(rng, thumbnail=second)
    facts = made.metadata | {"trailer": kind, "trailer_bytes": len(trailer)}
    return replace(made, data=made.data + trailer, metadata=facts, processing=f"{made.processing}; trailer {kind}")


def _small_jpeg(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((96, 72), Image.Resampling.BOX).save(buffer, "JPEG", quality=70)
    return buffer.getvalue()
