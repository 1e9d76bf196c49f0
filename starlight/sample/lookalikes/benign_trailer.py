"""Files followed by what devices, memory cards and servers leave: padding, announced pictures and films, blocks."""

import io
import struct
from dataclasses import replace

import numpy as np
from PIL import Image

from starlight.images.writing.encode import Encoding
from starlight.images.writing.mpf import with_second_picture
from starlight.sample.covers import metadata, palettes
from starlight.sample.lookalikes.lookalike import Lookalike, colour, pack, scene

__all__ = ["CONSTRAINT", "SHARE", "make"]

CONSTRAINT = "what follows the image is padding or a known structure, not a message"
SHARE = 1.2

_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MicroVideo="1" '
    'GCamera:MicroVideoVersion="1" GCamera:MicroVideoOffset="{length}"/></rdf:RDF></x:xmpmeta>'
)


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
    kind = str(rng.choice(["trailer", "picture", "film"], p=[0.6, 0.2, 0.2])) if name == "jpeg" else "trailer"
    if kind == "picture":
        data = with_second_picture(made.data, _small_jpeg(cover.pixels))
    elif kind == "film":
        data = _with_film(made.data, metadata.film(rng))
    else:
        trailer, kind = metadata.benign_trailer(rng, jpeg=name == "jpeg")
        data = made.data + trailer
    facts = made.metadata | {"trailer": kind, "trailer_bytes": len(data) - len(made.data)}
    return replace(made, data=data, metadata=facts, processing=f"{made.processing}; trailer {kind}")


def _with_film(data: bytes, film: bytes) -> bytes:
    """Append a film and announce it in XMP, as Google's phones do."""
    body = b"http://ns.adobe.com/xap/1.0/\0" + _XMP.format(length=len(film)).encode()
    at = 4 + struct.unpack_from(">H", data, 4)[0]  # behind the first segment
    return data[:at] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[at:] + film


def _small_jpeg(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((96, 72), Image.Resampling.BOX).save(buffer, "JPEG", quality=70)
    return buffer.getvalue()
