"""Covers written as files, before anything is hidden in them.

A carrier's file is the payload-free twin of every stego file made from it: same samples or coefficients, encoder,
settings, metadata and trailer.
"""

import functools
import io
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageCms

from starlight.images.jpeg.coefficients import Coefficients
from starlight.images.jpeg.io import read_coefficients, write_coefficients
from starlight.images.writing import exif_block as tiff
from starlight.images.writing.encode import Encoding, encode, with_metadata
from starlight.images.writing.segments import without_jfif
from starlight.sample.covers import Cover, metadata
from starlight.sample.kinds import KINDS

__all__ = ["Carrier", "make", "of_jpeg", "rewrite_jpeg"]

_JFIF_BYTES = 18


@dataclass(frozen=True)
class Carrier:
    """A file without payload, and what it was written from.

    Attributes
    ----------
    kind : str
        A key of `carrier_kinds.KINDS`.
    samples : ndarray of uint8
        What the encoder was given.
    encoding : Encoding
    image : bytes
        The file up to its true end.
    trailer : bytes
        Benign bytes behind it.
    cover_id, processing : str
    """

    kind: str
    samples: np.ndarray
    encoding: Encoding
    image: bytes
    trailer: bytes
    cover_id: str
    processing: str

    @property
    def data(self) -> bytes:
        """The whole file."""
        return self.image + self.trailer


def make(kind: str, cover: Cover, rng: np.random.Generator) -> Carrier:
    """Write a cover as a file of this kind, with metadata and now and then a benign trailer.

    Parameters
    ----------
    kind : str
        A key of `carrier_kinds.KINDS`.
    cover : Cover
    rng : numpy.random.Generator

    Returns
    -------
    Carrier
    """
    samples, encoding, note = KINDS[kind].build(cover, rng)
    thumbnail = _thumbnail(cover.pixels)
    encoding = _with_metadata(encoding, thumbnail, rng)
    image = encode(samples, encoding)
    if kind == "jpeg":
        image = rewrite_jpeg(image)
    made = Carrier(kind, samples, encoding, image, b"", cover.cover_id, f"{cover.processing}; {note}")
    return _finished(made, rng)


def of_jpeg(kind: str, data: bytes, cover_id: str, note: str, rng: np.random.Generator) -> Carrier:
    """Make a carrier of a JPEG file without metadata, whose coefficients stay as they are.

    Parameters
    ----------
    kind : str
        `jpeg` or `jpeg_plain`.
    data : bytes
        Sequential, as `rewrite_jpeg` writes it.
    cover_id, note : str
    rng : numpy.random.Generator
    """
    with Image.open(io.BytesIO(data)) as image:
        samples = np.asarray(image)
    encoding = Encoding("jpeg", jfif=bool(rng.random() < 0.3))
    thumbnail = _thumbnail(samples)
    encoding = _with_metadata(encoding, thumbnail, rng)
    data = with_metadata(data if encoding.jfif else without_jfif(data), encoding)
    return _finished(Carrier(kind, samples, encoding, data, b"", cover_id, note), rng)


def _finished(carrier: Carrier, rng: np.random.Generator) -> Carrier:
    """Append what devices do, now and then, where a payload could be appended."""
    if "raw" not in KINDS[carrier.kind].techniques or rng.random() >= 0.12:
        return carrier
    trailer, what = metadata.benign_trailer(rng, jpeg=carrier.kind == "jpeg")
    return replace(carrier, trailer=trailer, processing=f"{carrier.processing}; trailer {what}")


def rewrite_jpeg(image: bytes, coefficients: Coefficients | None = None) -> bytes:
    """Write a JPEG file anew from coefficients, by the one writer of clean and stego files alike.

    Parameters
    ----------
    image : bytes
        Template; its tables, sampling and metadata stay.
    coefficients : Coefficients, optional
        The template's own unless given.

    Returns
    -------
    bytes
    """
    made = write_coefficients(image, coefficients or read_coefficients(image))
    first, second = made[2 : 2 + _JFIF_BYTES], made[2 + _JFIF_BYTES : 2 + 2 * _JFIF_BYTES]
    # The writer adds a JFIF header of its own before the one it copies.
    return made[:2] + made[2 + _JFIF_BYTES :] if first == second and first[:2] == b"\xff\xe0" else made


def _with_metadata(encoding: Encoding, thumbnail: bytes, rng: np.random.Generator) -> Encoding:
    """Give EXIF to many files, with a benign comment in half of them, so that its presence says nothing."""
    if encoding.format not in ("jpeg", "png", "webp"):
        return encoding
    share = 0.65 if encoding.format == "jpeg" else 0.4
    if rng.random() < share:
        comment = metadata.benign_comment(rng) if rng.random() < 0.55 else b""
        block = metadata.camera_block(
            rng, comment=comment, thumbnail=thumbnail if rng.random() < 0.2 else b"", rich=rng.random() < 0.3
        )
        encoding = replace(encoding, exif=tiff.build(block))
    if rng.random() < 0.08:
        encoding = replace(encoding, icc=_srgb())
    if encoding.format != "webp" and rng.random() < 0.08:
        encoding = replace(encoding, comment=str(rng.choice(["Created with GIMP", "ImageMagick", "Lavc58.54.100"])))
    return encoding


@functools.cache
def _srgb() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile[:24] + bytes(12) + profile[36:]  # without its date of creation


def _thumbnail(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((80, 60), Image.Resampling.BOX).save(buffer, "JPEG", quality=60)
    return buffer.getvalue()
