"""Files with all the metadata a camera or an editor writes: EXIF, maker note, position, thumbnail, XMP, profile."""

import io
import struct
from dataclasses import replace

import numpy as np
from PIL import Image

from starlight.images.writing import exif_block as tiff
from starlight.images.writing.encode import Encoding
from starlight.images.writing.mpf import with_second_picture
from starlight.sample.covers import encoders, metadata
from starlight.sample.lookalikes.lookalike import Lookalike, colour, pack, scene

__all__ = ["CONSTRAINT", "SHARE", "make"]

CONSTRAINT = "the metadata are those of a camera; its comment is empty, padding or a fixed word"
SHARE = 1.4

_XMP = (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="{rating}" xmp:CreatorTool="{tool}"/></rdf:RDF></x:xmpmeta>'
    '{padding}<?xpacket end="w"?>'
)


def make(rng: np.random.Generator, number: str) -> Lookalike:
    """Write a photograph as a camera does, mostly JPEG; some without JFIF header, some with XMP."""
    cover = scene(rng, number, drawn=0)
    thumbnail = _thumbnail(cover.pixels) if rng.random() < 0.6 else b""
    comment = metadata.benign_comment(rng) if rng.random() < 0.7 else b""
    block = metadata.camera_block(rng, comment=comment, thumbnail=thumbnail, rich=bool(rng.random() < 0.75))
    name = str(rng.choice(["jpeg", "png", "webp"], p=[0.8, 0.1, 0.1]))
    if name == "jpeg":
        encoding = encoders.draw(rng, family="device" if rng.random() < 0.7 else "")[0]
    else:
        encoding = Encoding(name, quality=int(rng.integers(70, 99)), lossless=False, level=3)
    encoding = replace(encoding, exif=tiff.build(block))
    samples = colour(cover.pixels) if name == "webp" else cover.pixels
    made = pack(samples, encoding, cover, f"{name} with exif", user_comment_bytes=len(comment), exif=len(encoding.exif))
    if name != "jpeg":
        return made
    data = made.data
    if rng.random() < 0.4:
        data = _with_xmp(data, rng)
    if rng.random() < 0.2:  # a preview beside the picture
        data = with_second_picture(data, _thumbnail(cover.pixels))
    return replace(made, data=data)


def _thumbnail(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((160, 120), Image.Resampling.BOX).save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


def _with_xmp(data: bytes, rng: np.random.Generator) -> bytes:
    tool = str(rng.choice(["Adobe Lightroom 6.1", "Capture One 22", "Picasa"]))
    packet = _XMP.format(rating=rng.integers(0, 6), tool=tool, padding=(" " * 99 + "\n") * int(rng.integers(0, 20)))
    body = b"http://ns.adobe.com/xap/1.0/\0" + packet.encode()
    at = 2
    while data[at + 1] in (0xE0, 0xE1):  # behind JFIF and EXIF
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    return data[:at] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[at:]
